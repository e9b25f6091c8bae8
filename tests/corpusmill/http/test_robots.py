import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from corpusmill.errors import (
    DeadlineError,
    DeferredError,
    ForbiddenError,
    NetworkError,
    RedirectError,
    TruncatedError,
)
from corpusmill.http.clock import Clock
from corpusmill.http.robots import LARGEST, Decision, Robots

HOST = "https://host"
LONG = "/" + "x" * 20_000
E_ACUTE = "/caf\N{LATIN SMALL LETTER E WITH ACUTE}"
KANA = "/foo/bar/\N{KATAKANA LETTER TU}"
LINE_SEPARATOR = "\N{LINE SEPARATOR}"

RULES = [  # name, robots.txt, address after the host, allowed. "; " stands for a line end.
    ("an empty file", "", "/a", True),
    ("only comments and blank lines", "# nothing; ;   ;#", "/a", True),
    ("disallow all", "User-agent: *; Disallow: /", "/a", False),
    ("disallow all, the root", "User-agent: *; Disallow: /", "", False),
    ("empty disallow", "User-agent: *; Disallow:", "/a", True),
    ("empty allow undoes nothing", "User-agent: *; Allow:; Disallow: /", "/a", False),
    ("a rule is a prefix", "User-agent: *; Disallow: /fish", "/fishheads/x.html?id=1", False),
    ("a rule begins at the first octet", "User-agent: *; Disallow: /fish", "/catfish", True),
    ("a rule begins at the path, not at the query", "User-agent: *; Disallow: /fish", "/?id=/fish", True),
    ("paths know case", "User-agent: *; Disallow: /fish", "/Fish", True),
    ("a folder is not the page of its name", "User-agent: *; Disallow: /fish/", "/fish", True),
    ("a folder holds its pages", "User-agent: *; Disallow: /fish/", "/fish/?salmon", False),
    ("no leading slash matches nothing", "User-agent: *; Disallow: fish", "/fish", True),
    ("robots.txt itself", "User-agent: *; Disallow: /", "/robots.txt", True),
    ("robots.txt elsewhere is a page", "User-agent: *; Disallow: /", "/a/robots.txt", False),
    # The longest match counts, and where two are as long the one that allows (2.2.2).
    ("longer allow", "User-agent: *; Disallow: /; Allow: /p", "/page", True),
    ("longer disallow", "User-agent: *; Allow: /x/; Disallow: /x/page.html", "/x/page.html", False),
    ("order means nothing", "User-agent: *; Allow: /x/page.html; Disallow: /x/", "/x/page.html", True),
    ("a tie allows", "User-agent: *; Disallow: /folder; Allow: /folder", "/folder/page", True),
    ("a tie of roots allows", "User-agent: *; Disallow: /; Allow: /", "/a", True),
    ("wildcards count as octets", "User-agent: *; Allow: /page; Disallow: /*.html", "/page.html", False),
    ("the same, too short", "User-agent: *; Allow: /page; Disallow: /*.htm", "/page", True),
    ("a tie with a wildcard", "User-agent: *; Allow: /page; Disallow: /*.ph", "/page.php5", True),
    ("a slash more", "User-agent: *; Disallow: /x; Allow: /x/", "/x", False),
    ("encoded octets count as sent", f"User-agent: *; Disallow: {E_ACUTE}; Allow: /*abcd", "/caf%C3%A9abcd", False),
    # Special characters (2.2.3).
    ("star inside", "User-agent: *; Disallow: /fish*.php", "/fishheads/catfish.php?x", False),
    ("star for nothing", "User-agent: *; Disallow: /fish*.php", "/fish.php", False),
    ("star at the end is idle", "User-agent: *; Disallow: /fish*", "/fish", False),
    ("star at the beginning", "User-agent: *; Disallow: *.php", "/a/b.php", False),
    ("star alone", "User-agent: *; Disallow: *", "/a", False),
    ("stars in a row", "User-agent: *; Disallow: /***a***b", "/xxaxxb", False),
    ("star over slashes and queries", "User-agent: *; Disallow: /*.php", "/index?f=a.php/", False),
    ("star needs its rest", "User-agent: *; Disallow: /*.php", "/windows.PHP", True),
    ("dollar ends the address", "User-agent: *; Disallow: /bar$", "/bar", False),
    ("dollar, and more follows", "User-agent: *; Disallow: /bar$", "/bar/", True),
    ("dollar, and a query follows", "User-agent: *; Disallow: /*.php$", "/a.php?x", True),
    ("star and dollar", "User-agent: *; Disallow: /*.php$", "/b/a.php", False),
    ("star takes the last match before dollar", "User-agent: *; Disallow: /*a$", "/aba", False),
    ("dollar at the root", "User-agent: *; Disallow: /; Allow: /$", "/", True),
    ("dollar at the root, another page", "User-agent: *; Disallow: /; Allow: /$", "/page", False),
    ("dollar inside is a character", "User-agent: *; Disallow: /a$b", "/a$b", False),
    ("encoded star is a character", "User-agent: *; Disallow: /a-%2A.html", "/a-*.html", False),
    ("encoded star is no wildcard", "User-agent: *; Disallow: /a-%2A.html", "/a-b.html", True),
    ("encoded dollar is a character", "User-agent: *; Disallow: /a-%24", "/a-$b", False),
    ("question mark is no wildcard", "User-agent: *; Disallow: /a?c", "/abc", True),
    ("dot is no wildcard", "User-agent: *; Disallow: /a.c", "/abc", True),
    # Percent-encoding (2.2.2).
    ("unreserved octets are decoded in rules", "User-agent: *; Disallow: /foo/%62%61%7A", "/foo/baz", False),
    ("unreserved octets are decoded in addresses", "User-agent: *; Disallow: /foo/baz", "/foo/%62%61%7a", False),
    ("hexadecimal digits know no case", "User-agent: *; Disallow: /a%3cd", "/a%3Cd", False),
    ("UTF-8 in a rule", f"User-agent: *; Disallow: {KANA}", "/foo/bar/%E3%83%84", False),
    ("UTF-8 in an address", "User-agent: *; Disallow: /foo/bar/%e3%83%84", KANA, False),
    ("UTF-8 in both", f"User-agent: *; Disallow: {KANA}", KANA + "/x", False),
    ("half a character is a prefix", "User-agent: *; Disallow: /foo/bar/%E3%83", KANA, False),
    ("octets that are no UTF-8", "User-agent: *; Disallow: /caf%E9", "/caf%e9", False),
    ("other octets that are no UTF-8", "User-agent: *; Disallow: /caf%E9", "/caf%E8", True),
    ("an encoded slash is no slash", "User-agent: *; Disallow: /a%2Fb", "/a/b", True),
    ("an encoded slash is itself", "User-agent: *; Disallow: /a%2fb", "/a%2Fb", False),
    ("a space", "User-agent: *; Disallow: /a b", "/a%20b", False),
    ("a percent sign alone", "User-agent: *; Disallow: /100%", "/100%", False),
    # Queries.
    ("a query", "User-agent: *; Disallow: /foo/bar?baz=quz", "/foo/bar?baz=quz", False),
    ("another query", "User-agent: *; Disallow: /foo/bar?baz=quz", "/foo/bar?baz=qux", True),
    ("any query", "User-agent: *; Disallow: /*?", "/a?", False),
    ("no query", "User-agent: *; Disallow: /*?", "/a", True),
    ("an address in a query", "User-agent: *; Disallow: /a?u=https://b", "/a?u=https://b/c", False),
    ("the same, encoded", "User-agent: *; Disallow: /a?u=https://b", "/a?u=https%3A%2F%2Fb", False),
    ("the same, encoded in the rule", "User-agent: *; Disallow: /a?u=https%3A%2F%2Fb", "/a?u=https://b", False),
    ("a query without a path", "User-agent: *; Disallow: /?x", "?x", False),
    ("a fragment is never sent", "User-agent: *; Disallow: /*b", "/a#b", True),
    # What is judged is what is sent.
    ("dots are resolved", "User-agent: *; Disallow: /private", "/a/../private", False),
    ("encoded dots are resolved", "User-agent: *; Disallow: /private", "/a/%2e%2E/private", False),
    ("two slashes are no host", "User-agent: *; Disallow: /private", "//private", True),
    ("two slashes in both", "User-agent: *; Disallow: //private", "//private", False),
    # Who is meant (2.2.1).
    ("our group", "User-agent: corpusmill; Disallow: /", "/a", False),
    ("agents know no case", "User-agent: CorpusMill; Disallow: /", "/a", False),
    ("the version is no part of the token", "User-agent: CorpusMill/1.0; Disallow: /", "/a", False),
    ("nor is what follows a space", "User-agent: corpusmill (all of them); Disallow: /", "/a", False),
    ("a beginning of our name is another", "User-agent: corpus; Disallow: /", "/a", True),
    ("an end of our name is another", "User-agent: mill; Disallow: /", "/a", True),
    ("a longer name is another", "User-agent: corpusmillbot; Disallow: /", "/a", True),
    ("a name with a dash is another", "User-agent: corpusmill-news; Disallow: /", "/a", True),
    ("others are not us", "User-agent: GoogleBot; Disallow: /", "/a", True),
    ("our group alone counts", "User-agent: *; Disallow: /; ; User-agent: corpusmill; Disallow: /x", "/a", True),
    ("our group alone counts, if first", "User-agent: corpusmill; Allow: /; ; User-agent: *; Disallow: /", "/a", True),
    ("our empty group counts", "User-agent: *; Disallow: /; User-agent: corpusmill; Disallow:", "/a", True),
    ("all others are us", "User-agent: Bot; Allow: /; ; User-agent: *; Disallow: /", "/a", False),
    ("a star with a name is not all", "User-agent: *bot; Disallow: /", "/a", True),
    ("a group for several", "User-agent: a; User-agent: corpusmill; User-agent: b; Disallow: /", "/a", False),
    ("blank lines end no group", "User-agent: corpusmill; ; ; Disallow: /a; ; Disallow: /b", "/b", False),
    ("groups for us are one", "User-agent: corpusmill; Disallow: /a; User-agent: CorpusMill/2; Allow: /", "/a", False),
    (
        "groups for all are one",
        "User-agent: *; Disallow: /a; User-agent: b; Allow: /; User-agent: *; Allow: /c",
        "/a",
        False,
    ),
    ("rules before any group", "Disallow: /; User-agent: *; Disallow: /b", "/a", True),
    ("an agent without a name", "User-agent:; Disallow: /", "/a", True),
    # Lines (2.2 and 2.2.4).
    ("field names know no case", "USER-AGENT: *; dIsAlLoW: /", "/a", False),
    ("spaces anywhere", "  User-agent  :  *  ; \tDisallow\t:\t/a\t", "/a", False),
    ("comments behind rules", "User-agent: * # all; Disallow: /a#b", "/a", False),
    ("a rule in a comment", "User-agent: *; # Disallow: /", "/a", True),
    ("unknown lines", "User-agent: *; Foo: bar; what is this; Disallow: /a", "/a", False),
    ("unknown lines among agents", "User-agent: corpusmill; Foo: bar; User-agent: b; Disallow: /", "/a", False),
    ("sitemaps among agents", "User-agent: corpusmill; Sitemap: https://h/s; User-agent: b; Disallow: /", "/a", False),
    ("sitemaps among rules", "User-agent: *; Allow: /a; Sitemap: https://h/s; Disallow: /b", "/b", False),
    ("a crawl delay among rules", "User-agent: *; Allow: /a; Crawl-delay: 5; Disallow: /b", "/b", False),
    ("a crawl delay is a group's rule", "User-agent: *; Crawl-delay: 9; User-agent: b; Disallow: /", "/a", True),
    ("no colon", "user-agent *; disallow /a", "/a", False),
    ("a common misspelling", "useragent: *; Dissallow: /a", "/a", False),
    ("a name that begins alike", "User-agent: *; Disallowed: /", "/a", True),
    ("CRLF", "User-agent: *\r\nDisallow: /a\r\n", "/a", False),
    ("CR only", "User-agent: *\rDisallow: /a\rAllow: /b\r", "/a", False),
    ("a mixture of line ends", "User-agent: *\r\r\nDisallow: /a\n\rAllow: /a/b", "/a/b", True),
    ("no line end", "User-agent: *\nDisallow: /a", "/a", False),
    ("a byte order mark", "\ufeffUser-agent: *; Disallow: /", "/a", False),
    ("a separator that ends no line", f"User-agent: *; Allow: /b{LINE_SEPARATOR}Disallow: /", "/a", True),
    ("a form feed ends no line", "User-agent: *; Allow: /b\fDisallow: /", "/a", True),
    ("a very long rule", f"User-agent: *; Disallow: {LONG}; Disallow: /a", "/a", False),
    ("a very long rule matches what is as long", f"User-agent: *; Disallow: {LONG[:9000]}", LONG[:9001], False),
    ("a very long comment", f"# {LONG}; User-agent: *; Disallow: /a", "/a", False),
]


def judged(text: str | bytes, target: str) -> Decision:
    body = text if isinstance(text, bytes) else text.encode()
    return Robots(lambda _url: (200, body)).decide(HOST + target)


@pytest.mark.parametrize(("text", "target", "allowed"), [row[1:] for row in RULES], ids=[row[0] for row in RULES])
def test_rules_mean_what_the_rfc_says(text, target, allowed):
    assert judged(text.replace("; ", "\n"), target).allowed is allowed


BYTES = [  # robots.txt as bytes, path, allowed
    (b"User-agent: *\nDisallow: /caf\xe9\n", "/caf%E9", False),
    (b"User-agent: *\nDisallow: /caf\xe9\n", "/caf%E8", True),
    (b"\xff\xff\n\x00User-agent: x\nUser-agent: *\nDisallow: /a\n", "/a", False),
    ("User-agent: *\nDisallow: /a".encode("utf-16"), "/a", False),
    (b"<!DOCTYPE html>\nUser-agent: *\nDisallow: /\n", "/a", True),
    (b"\xef\xbb\xbf \n<html><body>\nUser-agent: *\nDisallow: /\n", "/a", True),
]


@pytest.mark.parametrize(("body", "target", "allowed"), BYTES)
def test_bytes_that_are_no_utf_8_are_read_as_far_as_they_go(body, target, allowed):
    assert judged(body, target).allowed is allowed


def test_only_the_first_500_kib_are_read_and_no_half_line():
    head = b"User-agent: *\nDisallow: /a\n#"
    for end, allowed in ((b"\nDisallow: /b", True), (b"\nDisallow: /bcd\nDisallow: /c", True)):
        cut = LARGEST - len(end.partition(b"\nDisallow: /c")[0]) + 2
        body = head + b"x" * (cut - len(head)) + end
        assert judged(body, "/b").allowed is allowed
        assert not judged(body, "/a").allowed
    whole = head + b"x" * (LARGEST - len(head) - 15) + b"\nDisallow: /b\n"
    assert len(whole) < LARGEST
    assert not judged(whole, "/b").allowed


NO = "forbidden: robots.txt of https://host {}, which forbids all"
STATES = [  # what asking gives, allowed, why
    ((200, b""), True, "allowed: robots.txt"),
    ((204, b""), True, "allowed: robots.txt"),
    ((200, b"User-agent: *\nDisallow: /\n"), False, "forbidden: robots.txt of https://host"),
    ((200, b"<html>User-agent: *"), True, "allowed: robots.txt is a web page, which holds no rules"),
    ((404, b"User-agent: *\nDisallow: /\n"), True, "allowed: no robots.txt (404)"),
    ((410, b""), True, "allowed: no robots.txt (410)"),
    ((451, b""), True, "allowed: no robots.txt (451)"),
    ((401, b""), True, "allowed: robots.txt is not shown to us (401)"),
    ((403, b""), True, "allowed: robots.txt is not shown to us (403)"),
    ((429, b""), False, NO.format("answered 429")),
    ((500, b""), False, NO.format("answered 500")),
    ((503, b""), False, NO.format("answered 503")),
    ((304, b""), False, NO.format("answered 304")),
    ((999, b""), False, NO.format("answered 999")),
    (RedirectError("six"), True, "allowed: robots.txt is redirected without end, which counts as none"),
    (NetworkError("TLS"), False, NO.format("could not be had (NetworkError)")),
    (DeadlineError("drip"), False, NO.format("could not be had (DeadlineError)")),
    (TruncatedError("cut"), False, NO.format("could not be had (TruncatedError)")),
    (ForbiddenError("10.0.0.1"), False, NO.format("could not be had (ForbiddenError)")),
]


class Host:
    """Answers each question with the next of the answers, the last one for ever; the clock is set by hand."""

    def __init__(self, *answers):
        self.answers, self.asked, self.now = list(answers), [], 1000.0
        self.robots = Robots(self.ask, Clock(monotonic=lambda: self.now))

    def ask(self, url):
        self.asked.append(url)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.mark.parametrize(("answer", "allowed", "why"), STATES)
def test_each_answer_to_the_question_for_robots_txt_decides(answer, allowed, why):
    assert Host(answer).robots.decide(f"{HOST}/page") == Decision(allowed=allowed, why=why)


def test_a_pause_that_was_asked_for_says_nothing_of_rules():
    host = Host(DeferredError("host asked to be left alone"), (404, b""))
    with pytest.raises(DeferredError):
        host.robots.decide(HOST)
    assert host.robots.decide(HOST).allowed


DELAYS = [  # lines for all, seconds, words
    ("", 0.0, "allowed: robots.txt"),
    ("Crawl-delay: 5", 5.0, "allowed: robots.txt, crawl-delay 5 s"),
    ("crawl-delay:0.5", 0.5, "allowed: robots.txt, crawl-delay 0.5 s"),
    ("Crawl-delay: 60", 60.0, "allowed: robots.txt, crawl-delay 60 s"),
    ("Crawl-delay: 1000000000", 60.0, "allowed: robots.txt, crawl-delay 1000000000 s, capped at 60 s"),
    ("Crawl-delay: 1e300", 60.0, "allowed: robots.txt, crawl-delay 1e+300 s, capped at 60 s"),
    ("Crawl-delay: 0", 0.0, "allowed: robots.txt"),
    ("Crawl-delay: -5", 0.0, "allowed: robots.txt"),
    ("Crawl-delay: inf", 0.0, "allowed: robots.txt"),
    ("Crawl-delay: nan", 0.0, "allowed: robots.txt"),
    ("Crawl-delay: soon", 0.0, "allowed: robots.txt"),
    ("Crawl-delay:", 0.0, "allowed: robots.txt"),
    ("Request-rate: 1/5", 5.0, "allowed: robots.txt, request-rate, one in 5 s"),
    ("Request-rate: 4/1m 0600-0845", 15.0, "allowed: robots.txt, request-rate, one in 15 s"),
    ("Request-rate: 1/1h", 60.0, "allowed: robots.txt, request-rate, one in 3600 s, capped at 60 s"),
    ("Request-rate: 1/10\nCrawl-delay: 2", 10.0, "allowed: robots.txt, request-rate, one in 10 s"),
    ("Request-rate: 1/" + "9" * 4000, 60.0, "allowed: robots.txt, request-rate, one in 1000000000 s, capped at 60 s"),
    ("Request-rate: " + "9" * 4000 + "/1", 0.0, "allowed: robots.txt"),
    ("Request-rate: 0/0", 0.0, "allowed: robots.txt"),
]


@pytest.mark.parametrize(("lines", "seconds", "why"), DELAYS)
def test_a_delay_is_kept_up_to_a_minute_and_the_cap_is_said(lines, seconds, why):
    assert judged(f"User-agent: *\n{lines}\n", "/a") == Decision(allowed=True, why=why, crawl_delay=seconds)


def test_a_delay_for_others_is_not_ours():
    text = "User-agent: b\nCrawl-delay: 9\n\nUser-agent: corpusmill\nCrawl-delay: 2\n\nUser-agent: *\nCrawl-delay: 7\n"
    assert judged(text, "/a").crawl_delay == 2.0
    assert judged(text + "Disallow: /\n\nUser-agent: corpusmill\nDisallow: /a", "/a").crawl_delay == 2.0


@pytest.mark.parametrize(
    ("url", "asked"),
    [
        ("https://host/a/b?c#d", "https://host/robots.txt"),
        ("HTTPS://HOST:443", "https://host/robots.txt"),
        ("http://host/", "http://host/robots.txt"),
        ("https://host:8443/a", "https://host:8443/robots.txt"),
        ("https://sub.host/a", "https://sub.host/robots.txt"),
        ("https://user:word@host/a", "https://host/robots.txt"),
        ("https://[::1]:8080/a", "https://[::1]:8080/robots.txt"),
        ("https://b\N{LATIN SMALL LETTER U WITH DIAERESIS}cher.example/", "https://xn--bcher-kva.example/robots.txt"),
        ("https://host/robots.txt?x", None),
        ("ftp://host/a", None),
        ("host/a", None),
        ("https://", None),
        ("https://[bad/", None),
        ("https://host:99999/", None),
        ("", None),
    ],
)
def test_the_file_asked_for_is_that_of_scheme_host_and_port(url, asked):
    host = Host((404, b""))
    decision = host.robots.decide(url)
    assert host.asked == ([asked] if asked else [])
    assert decision.allowed is bool(asked or "robots.txt" in url)


def test_a_host_is_asked_once_a_day():
    host = Host((200, b"User-agent: *\nDisallow: /a"), (404, b""))
    for hours, allowed, asked in ((0, False, 1), (1, False, 1), (23.9, False, 1), (24, True, 2), (47, True, 2)):
        host.now = 1000.0 + hours * 3600
        assert host.robots.decide(f"{HOST}/a").allowed is allowed
        assert len(host.asked) == asked
    host.robots.decide("http://host/a")
    assert host.asked[2:] == ["http://host/robots.txt"]


@pytest.mark.parametrize("failure", [NetworkError("no route"), (503, b""), (429, b"")])
def test_a_host_that_could_not_be_reached_is_asked_again_after_ten_minutes(failure):
    host = Host((200, b""), failure, (200, b""))
    assert host.robots.decide(HOST).allowed
    for minutes, allowed, asked in ((1440, False, 2), (1449, False, 2), (1450, True, 3)):
        host.now = 1000.0 + minutes * 60
        assert host.robots.decide(HOST).allowed is allowed
        assert len(host.asked) == asked


WORDS = st.sampled_from([
    "User-agent", "Disallow", "Allow", "Crawl-delay", "Request-rate", "Sitemap", ":", " ", "*", "$", "/", "#", "?",
    "corpusmill", "/1.0", "%", "%E9", "%2F", "\r", "\n", "\n", "\ufeff", "\x85", "\u2028", "\0", "[", "//", "1e9", "a",
])  # fmt: skip


@settings(max_examples=2000)
@given(st.text(), st.text())
@example("User-agent: *\nDisallow: //[", "//[?")
@example("User-agent: *\nRequest-rate: 1/1" + "0" * 400, "/")
def test_any_text_gives_a_decision(text, target):
    body = text.encode("utf-8", "surrogatepass")
    assert isinstance(judged(body, f"/{target}"), Decision)
    assert isinstance(Robots(lambda _url: (200, body)).decide(target), Decision)


@settings(max_examples=500)
@given(st.lists(WORDS, max_size=60), st.lists(WORDS, max_size=8))
def test_any_lines_give_the_same_decision_twice(words, target):
    first, second = (judged("".join(words), "/" + "".join(target)) for _ in range(2))
    assert first == second
    assert 0.0 <= first.crawl_delay <= 60.0
    assert "\n" not in first.why


@settings(max_examples=300)
@given(st.binary(max_size=300))
def test_any_bytes_give_a_decision(body):
    assert isinstance(judged(b"User-agent: *\nDisallow: /" + body, "/a"), Decision)


PATTERN = st.text("ab*/", min_size=0, max_size=8)


@settings(max_examples=500)
@given(st.lists(st.tuples(st.booleans(), PATTERN, st.booleans()), max_size=6), st.text("ab/", max_size=10))
def test_the_longest_match_counts_whatever_the_rules(rules, path):
    """An oracle in a few lines: every way to read the star is tried."""

    def matches(pattern: str, rest: str) -> bool:
        if pattern in ("", "$"):
            return pattern == "" or rest == ""
        if pattern[0] == "*":
            return any(matches(pattern[1:], rest[n:]) for n in range(len(rest) + 1))
        return rest[:1] == pattern[0] and matches(pattern[1:], rest[1:])

    lines = [(allow, f"/{pattern}{'$' * end}") for allow, pattern, end in rules]
    found = max(((len(p), allow) for allow, p in lines if matches(p, f"/{path}")), default=(0, True))
    text = "".join(f"{'Allow' if allow else 'Disallow'}: {pattern}\n" for allow, pattern in lines)
    assert judged(f"User-agent: *\n{text}", f"/{path}").allowed is found[1]


SLOW = {  # all that fits; each was thought of as a way to make matching square or worse
    "stars": "Disallow: /" + "*a" * 250_000 + "b\n",
    "short rules": "Disallow: *ab\n",
    "long needles": f"Disallow: *{'a' * 500}b\n",
    "agents": "User-agent: a\nUser-agent: b\n",
    "agents and rules": "\n".join(f"User-agent: a{n}" for n in range(12_000)) + "\nAllow: /\n" * 30_000,
    "slashes in a query": "Disallow: /?" + "/" * 490_000 + "\n",
    "blanks": "Disallow" + " " * 490_000 + "\n",
    "percents": "Disallow: /" + "%E9" * 160_000 + "\n",
    "line ends": "\r",
}


@pytest.mark.parametrize("line", SLOW.values(), ids=SLOW.keys())
def test_the_largest_file_is_judged_in_time_that_grows_with_its_length_alone(line):
    body = b"User-agent: *\n" + (line * (LARGEST // len(line) + 1)).encode()[:LARGEST]
    robots = Robots(lambda _url: (200, body))
    began = time.process_time()
    robots.decide(f"{HOST}/{'a' * 2000}")
    assert time.process_time() - began < 10  # seconds of this process; measured: 1 at most
