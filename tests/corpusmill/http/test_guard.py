import contextlib
import itertools
import random
import selectors
import socket
import ssl
from datetime import UTC, datetime, timedelta

import pytest
import requests
import trustme
from hypothesis import given
from hypothesis import strategies as st

from corpusmill.errors import ForbiddenError
from corpusmill.http.guard import GuardedAdapter, check_url
from corpusmill.http.private import forbidden
from tests.corpusmill.http.server import Server, refuses, sized

PUBLIC, PRIVATE = "93.184.215.14", "10.1.2.3"

PRIVATE_ADDRESSES = {
    "loopback": ["127.0.0.1", "127.255.255.254", "::1", "::ffff:127.0.0.1", "::ffff:7f00:1", "0:0:0:0:0:0:0:1"],
    "private": ["10.0.0.0", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1", "fc00::1", "fd12:3456::1"],
    "link-local": ["169.254.169.254", "169.254.0.1", "fe80::1", "fe80::1%eth0", "febf::1", "::ffff:169.254.169.254"],
    "shared": ["100.64.0.1", "100.127.255.255"],
    "unspecified": ["0.0.0.0", "0.1.2.3", "::", "::ffff:0.0.0.0"],  # noqa: S104 - judged, not bound to
    "multicast": ["224.0.0.1", "239.255.255.255", "ff02::1", "ff0e::1"],
    "reserved": [
        "240.0.0.1",
        "255.255.255.255",
        "192.0.0.8",
        "192.88.99.1",
        "100::1",
        "4000::1",
        "::127.0.0.1",
        "::8.8.8.8",
    ],
    "benchmarking": ["198.18.0.1", "198.19.255.255", "2001:2::1"],
    "documentation": ["192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1", "3fff::1"],
    "site-local": ["fec0::1", "feff::1"],
    "no IP address": ["", "localhost", "127.1", "0x7f000001", "127.0.0.01", "1.2.3", "a.example", "1.2.3.4/8", "::1::"],
}
EMBEDDED = [
    ("NAT64", "64:ff9b::{}", ["7f00:1", "a00:1", "a9fe:a9fe", "6440:1"]),
    ("NAT64 of a network, 96 bits", "64:ff9b:1:abcd::{}", ["7f00:1", "c0a8:1"]),
    ("NAT64 of a network, 48 bits", "64:ff9b:1:{}", ["7f00:0:100::", "a01:2:300::", "a9fe:a9:fe00::"]),
    ("NAT64 of a network, 56 bits", "64:ff9b:1:{}", ["ab7f:0:1::", "ab0a:1:203::"]),
    ("NAT64 of a network, 64 bits", "64:ff9b:1:abcd:{}", ["7f:0:100::", "a:102:300::"]),
    ("6to4", "2002:{}", ["7f00:1::", "a00:1::1", "c0a8:101:1::1", "a9fe:a9fe::"]),
    ("Teredo, client", "2001:0:808:808:0:0:{}", ["80ff:fffe", "f5ff:fffe"]),
    ("Teredo, server", "2001:0:{}:0:0:f7f7:f7f7", ["7f00:1", "a00:1"]),
    ("mapped", "::ffff:{}", ["127.0.0.1", "10.0.0.1", "a9fe:a9fe", "100.64.0.1"]),
    ("translated", "::ffff:0:{}", ["127.0.0.1", "8.8.8.8"]),
]
PUBLIC_ADDRESSES = [
    *(PUBLIC, "8.8.8.8", "1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255"),
    *("128.0.0.1", "172.15.255.255", "172.32.0.0", "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0"),
    *("223.255.255.255", "2606:4700:4700::1111", "2a00:1450:4001:80b::200e", "2606:4700::1%eth0"),
    *("::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "64:ff9b:1::8.8.8.8", "64:ff9b:1:808:8:800::", "2002:808:808::1"),
    "2001:0:808:808:0:0:f7f7:f7f7",
]

SPELLINGS = [
    # hosts that mean a private address to one resolver or another
    *("0x7f.1", "0X7F.1", "2130706433", "127.1", "127.0.1", "017700000001", "0x7f000001", "0177.0.0.1", "127.0.0.01"),
    *(
        "0x7f.0x0.0x0.0x1",
        "00000177.1",
        "127.65535",
        "①②⑦.⓪.⓪.①",
        "①②⑦.1",
        "１２７.0.0.1",
        "127。0。0。1",
        "127｡1",
        "127．1",
    ),
    *(
        "1\u00ad27.0.0.1",
        "1\u200b27.1",
        "127.0.0.1.",
        "127.1.",
        "%31%32%37.0.0.1",
        "127%2e0%2e0%2e1",
        "0",
        "0.0",
        "0x0",
    ),
    *("10.1", "0xa.1", "012.1", "167772161", "169.254.43518", "0xa9fea9fe", "2852039166", "0251.0376.0251.0376"),
    *("192.168.257", "3232235777", "0xc0.168.1", "100.64.1", "224.1", "255.255.65535", "4294967295", "0xffffffff"),
    *("localhost", "LOCALHOST", "localhost.", "a.localhost", "ⓛocalhost", "ｌocalhost", "%6cocalhost"),
    *(
        "[::1]",
        "[::]",
        "[0:0:0:0:0:0:0:1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[fe80::1%25eth0]",
    ),
    *("[fe80::1%eth0]", "[64:ff9b::7f00:1]", "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]", "[fd00::1]", "[fec0::1]"),
    *("[ff02::1]", "[2001:db8::1]", "[v1.x]", "[2001:0:808:808::80ff:fffe]"),
]
UNASKABLE = [
    *(
        "file:///etc/passwd",
        "ftp://a.example/",
        "data:text/plain,x",
        "s3://bucket/key",
        "gopher://a.example/",
        "mailto:a@b",
    ),
    *(
        "",
        "a.example/x",
        "//a.example/x",
        "/x",
        "http:",
        "http://",
        "http:///x",
        "http:a.example",
        "https://:443/",
        "http://?x",
    ),
    *("http://me@a.example/", "http://me:word@a.example/", "http://:@a.example/", "http://@a.example/"),
    *("http://a.example\\@b.example/", "http://a.example\\x/", "http://a b.example/", "http://a.example\u3000/"),
    *(
        "http://a.exa\tmple/",
        "http://a.example/\n",
        "http://a.example/\x00",
        "http://a.example/\x7f",
        "http://a.example/\x85",
    ),
    *("\thttp://a.example/", "http://a.example/x\ry", "http://a%00.example/", "http://a%0d%0a.example/"),
    *("http://a.example:port/", "http://a.example:99999/", "http://a.example:-1/", "http://[::1/", "http://::1/"),
]
ASKABLE = [
    *(
        "http://a.example",
        "https://a.example/",
        "HTTPS://A.Example:8443/x?y#z",
        "http://a.example./",
        "http://bücher.example/",
    ),
    *("http://a.example/a b?ü=@:\\", "http://8.8.8.8/", "http://0x08080808/", "http://[2606:4700:4700::1111]:80/"),
    *("http://127.0.0.1.example/", "http://notlocalhost/", "http://localhost.example/", "http://a_b.example/"),
    *("http://1.2.3.4.5/", "http://256.1.1.1/", "http://a.example/http://127.0.0.1/?u=http://127.0.0.1/"),
]


@pytest.mark.parametrize(("why", "address"), [(why, a) for why, those in PRIVATE_ADDRESSES.items() for a in those])
def test_an_address_of_a_private_network_is_forbidden_and_the_reason_said(why, address):
    assert why in forbidden(address)


@pytest.mark.parametrize("address", [form.format(inner) for _, form, those in EMBEDDED for inner in those])
def test_an_address_that_stands_for_a_private_one_is_forbidden(address):
    socket.inet_pton(socket.AF_INET6, address)
    assert forbidden(address)


@pytest.mark.parametrize("address", PUBLIC_ADDRESSES)
def test_a_public_address_is_allowed(address):
    assert forbidden(address) == ""


@given(st.ip_addresses(v=6))
def test_nothing_is_allowed_that_python_takes_for_private(ip):
    assert forbidden(str(ip)) or ip.is_global


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_forbidden_in_all_its_disguises(ip):
    disguises = (f"::ffff:{ip}", f"64:ff9b::{ip}", f"2002:{int(ip) >> 16:x}:{int(ip) & 0xFFFF:x}::1")
    assert {bool(forbidden(disguise)) for disguise in disguises} == {bool(forbidden(str(ip)))}
    assert forbidden(str(ip)) or ip.is_global


@pytest.mark.parametrize("host", SPELLINGS)
def test_a_host_that_spells_a_private_address_is_forbidden_in_any_spelling(host):
    for url in (f"http://{host}/", f"https://{host}:8443/x"):
        with pytest.raises(ForbiddenError, match="only public hosts"):
            check_url(url, allow_private=False)
        check_url(url, allow_private=True)


@pytest.mark.parametrize("url", UNASKABLE)
@pytest.mark.parametrize("allow_private", [False, True])
def test_what_is_no_plain_web_address_may_never_be_asked(url, allow_private):
    with pytest.raises(ForbiddenError):
        check_url(url, allow_private=allow_private)


@pytest.mark.parametrize("url", ASKABLE)
def test_a_public_address_may_be_asked(url):
    check_url(url, allow_private=False)


EXEMPT = [
    ("127.0.0.1:8000", "http://127.0.0.1:8000/x", True),
    ("127.0.0.1:8000", "http://127.0.0.1:8001/x", False),
    ("127.0.0.1:8000", "http://127.0.0.1/x", False),
    ("127.0.0.1:8000", "http://127.1:8000/x", False),
    ("127.0.0.1:80", "http://127.0.0.1/x", True),
    ("127.0.0.1:443", "https://127.0.0.1/x", True),
    ("LocalHost:80", "http://LOCALhost/x", True),
    ("[::1]:8000", "http://[::1]:8000/x", True),
    ("::1:8000", "http://[::1]:8000/x", True),
    ("", "http://127.0.0.1/x", False),
]


@pytest.mark.parametrize(("exempt", "url", "allowed"), EXEMPT)
def test_only_the_mirror_itself_is_exempt(exempt, url, allowed):
    with contextlib.nullcontext() if allowed else pytest.raises(ForbiddenError):
        check_url(url, allow_private=False, exempt=exempt)


@pytest.mark.parametrize(
    "url", [*UNASKABLE, "http://me:s3cret@127.0.0.1/s3cret?key=s3cret", "http://me:s3cret/x@a.example/"]
)
def test_no_secret_of_an_address_is_in_the_message(url):
    with pytest.raises(ForbiddenError) as error:
        check_url(url.replace("word", "s3cret"), allow_private=False)
    assert "s3cret" not in str(error.value)
    assert str(error.value).isprintable()


def test_a_message_names_the_host_and_the_address_it_spells():
    with pytest.raises(
        ForbiddenError, match=r"^0x7f\.1, which spells 127\.0\.0\.1, is a loopback address: only public"
    ):
        check_url("http://0x7f.1/", allow_private=False)


def resolving(*answers: list[str]):
    """A resolver that gives one list of addresses after another, round and round; `.asked` is what it was asked."""
    rounds = itertools.cycle(answers)

    def resolve(host, port, family=0, kind=0, *_):
        resolve.asked.append((host, port))
        found = [(socket.AF_INET6 if ":" in address else socket.AF_INET, address) for address in next(rounds)]
        return [
            (family, kind, 6, "", (a, port, 0, 0) if family == socket.AF_INET6 else (a, port)) for family, a in found
        ]

    resolve.asked = []
    return resolve


def session(**settings) -> requests.Session:
    made = requests.Session()
    made.trust_env = False
    for scheme in ("http://", "https://"):
        made.mount(scheme, GuardedAdapter(**settings))
    return made


@pytest.fixture
def internet(monkeypatch):
    """Connections to public addresses reach one server on loopback; ``.connected`` is where they meant to go."""
    really = socket.socket.connect

    def connect(opened, place):
        server.connected.append(place[0])
        if place[0] in server.down:
            raise server.down[place[0]]
        really(opened, place if forbidden(place[0]) else ("127.0.0.1", server.port))

    with Server({"/kept": lambda talk: talk.whole(b"hello")}, otherwise=sized(b"hello", "Connection: close")) as server:
        server.connected, server.down = [], {}
        monkeypatch.setattr(socket.socket, "connect", connect, raising=False)
        yield server


def test_a_name_that_flips_between_a_public_and_a_private_address_never_wins(internet):
    dice = random.Random(12)
    resolve = resolving(*([dice.choice([PUBLIC, PRIVATE, "127.0.0.1", "169.254.169.254"])] for _ in range(1000)))
    outcomes = []
    with session(resolve=resolve) as client:
        for _ in range(1000):
            try:
                outcomes.append(client.get("http://flip.example/").content)
            except ForbiddenError:
                outcomes.append(b"")
    assert len(resolve.asked) == 1000  # one look-up for each connection: what was judged is what is used
    assert set(internet.connected) == {PUBLIC}
    assert outcomes.count(b"hello") == len(internet.connected) > 100
    assert outcomes.count(b"") > 100


@pytest.mark.parametrize("host", ["0x7f.1", "2130706433", "127.1", "017700000001", "127.0.0.1", "localhost", "[::1]"])
def test_the_real_resolver_is_not_believed_either(host, internet):
    with session() as client, pytest.raises(ForbiddenError, match=r"loopback|unspecified"):
        client.get(f"http://{host}:{internet.port}/")
    assert internet.connected == []


@pytest.mark.parametrize(
    "addresses", [[PRIVATE, PUBLIC], [PUBLIC, PRIVATE], [PUBLIC, "::ffff:10.1.2.3"], [PUBLIC, "fe80::1"]]
)
def test_a_name_is_refused_for_any_of_its_addresses(addresses, internet):
    with session(resolve=resolving(addresses)) as client, pytest.raises(ForbiddenError, match=r"mixed\.example is at "):
        client.get("http://mixed.example/")
    assert internet.connected == []


def test_each_address_of_a_host_is_tried_in_order(internet):
    internet.down = {"8.8.8.8": ConnectionRefusedError(111, "refused"), "2606:4700::1": TimeoutError("timed out")}
    with session(resolve=resolving(["2606:4700::1", "8.8.8.8", PUBLIC, "1.1.1.1"])) as client:
        assert client.get("http://many.example/").content == b"hello"
    assert internet.connected == ["2606:4700::1", "8.8.8.8", PUBLIC]


def test_a_connection_that_is_kept_was_judged_once(internet):
    resolve = resolving([PUBLIC], [PRIVATE])
    with session(resolve=resolve) as client:
        for _ in range(100):
            assert client.get("http://kept.example/kept").content == b"hello"
    assert (len(resolve.asked), internet.connections) == (1, 1)


@pytest.mark.parametrize("settings", [{"allow_private": True}, {"exempt": "mirror.example:{}"}])
def test_private_hosts_are_reached_when_that_is_allowed(settings, internet):
    settings = {key: value.format(internet.port) if key == "exempt" else value for key, value in settings.items()}
    with session(resolve=resolving(["127.0.0.1"]), **settings) as client:
        assert client.get(f"http://mirror.example:{internet.port}/").content == b"hello"
        if "exempt" in settings:
            for other in ("http://mirror.example:1/", f"http://other.example:{internet.port}/"):
                with pytest.raises(ForbiddenError):
                    client.get(other)


def test_a_redirect_that_requests_would_follow_is_judged_too(internet):
    internet.answers["/away"] = lambda talk: talk.whole(b"", "Location: http://169.254.169.254/", status="302 Found")
    resolve = resolving([PUBLIC], ["169.254.169.254"])
    with session(resolve=resolve) as client, pytest.raises(ForbiddenError, match="link-local"):
        client.get("http://a.example/away")


FAILURES = [
    (socket.gaierror(-2, "Name or service not known"), None, requests.ConnectionError),
    (UnicodeError("label empty or too long"), None, requests.ConnectionError),
    (None, ConnectionRefusedError(111, "refused"), requests.ConnectionError),
    (None, OSError(101, "unreachable"), requests.ConnectionError),
    (None, TimeoutError("timed out"), requests.ConnectTimeout),
]


@pytest.mark.parametrize(("resolving_fails", "connecting_fails", "error"), FAILURES)
def test_failures_are_those_that_requests_tells_of(resolving_fails, connecting_fails, error, internet):
    def resolve(*_):
        raise resolving_fails

    internet.down = {PUBLIC: connecting_fails}
    with session(resolve=resolve if resolving_fails else resolving([PUBLIC])) as client, pytest.raises(error):
        client.get("http://a.example/", timeout=1)


def test_a_host_without_any_address_is_an_error_of_requests():
    with session(resolve=resolving([])) as client, pytest.raises(requests.ConnectionError, match="has no address"):
        client.get("http://a.example/")


def test_a_proxy_may_be_anywhere_but_what_is_asked_of_it_may_not_spell_a_private_address(internet):
    internet.otherwise = lambda talk: talk.whole(talk.asked.path.encode())
    proxies = {"http": f"http://127.0.0.1:{internet.port}", "https": f"http://127.0.0.1:{internet.port}"}
    with session() as client:
        assert client.get("http://a.example/x", proxies=proxies).content == b"http://a.example/x"
        for host in ("127.1", "localhost", "[::ffff:10.0.0.1]", "2852039166"):
            for scheme in ("http", "https"):
                with pytest.raises(ForbiddenError):
                    client.get(f"{scheme}://{host}/", proxies=proxies)
        internet.otherwise = refuses("403 Forbidden")
        with pytest.raises(requests.exceptions.ProxyError):
            client.get("https://a.example/", proxies=proxies)
    assert internet.paths() == ["http://a.example/x", "a.example:443"]


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    made = trustme.CA()
    made.file = str(tmp_path_factory.mktemp("names") / "ca.pem")
    made.cert_pem.write_to_path(made.file)
    return made


PAST = datetime.now(UTC) - timedelta(days=1)
CERTIFICATES = [
    # the name in it, further settings, whether it is trusted for good.museum.example
    ("good.museum.example", {}, True),
    ("*.museum.example", {}, True),
    ("other.example", {}, False),
    ("127.0.0.1", {}, False),  # where it is connected to, which is not what was asked for
    ("good.museum.example", {"not_before": PAST - timedelta(days=9), "not_after": PAST}, False),
]


@pytest.mark.parametrize(("name", "settings", "trusted"), CERTIFICATES)
@pytest.mark.parametrize("through_proxy", [False, True])
def test_tls_is_for_the_name_that_was_asked_for_and_not_for_the_address(
    name, settings, trusted, through_proxy, authority
):
    context, named = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), []
    authority.issue_cert(name, **settings).configure_cert(context)
    context.sni_callback = lambda _socket, server_name, _context: named.append(server_name)

    def tunnel(talk):
        talk.send(b"HTTP/1.1 200 Connected\r\n\r\n")
        with socket.create_connection(("127.0.0.1", server.port)) as onward:
            talk.connection.settimeout(1)
            relay(talk.connection, onward)

    with Server({"/x": sized(b"hello")}, context=context) as server, Server({}, otherwise=tunnel) as proxy:
        settings = {"proxies": {"https": proxy.address}} if through_proxy else {}
        with session(allow_private=True, resolve=resolving(["127.0.0.1"])) as client:
            expected = contextlib.nullcontext() if trusted else pytest.raises(requests.exceptions.SSLError)
            with expected:
                url = f"https://good.museum.example:{server.port}/x"
                assert client.get(url, verify=authority.file, timeout=5, **settings).content == b"hello"
    assert named == ["good.museum.example"]


def relay(one: socket.socket, other: socket.socket) -> None:
    """Carry bytes both ways until one side has done."""
    with selectors.DefaultSelector() as ready:
        ready.register(one, selectors.EVENT_READ, other)
        ready.register(other, selectors.EVENT_READ, one)
        while True:
            for key, _ in ready.select(5):
                if not (piece := key.fileobj.recv(1 << 16)):
                    return
                key.data.sendall(piece)
