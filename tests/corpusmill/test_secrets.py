import base64
import string
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from corpusmill.errors import SpecError
from corpusmill.secrets import REFERENCE, SHORTEST, Secrets, lift


def basic(login: str) -> str:
    return "Basic " + base64.b64encode(login.encode()).decode()


LIFTED = [
    # address, the same without secrets, the secrets
    ("https://a.example/x?token=t1", "https://a.example/x?token=${URL_1}", ["t1"]),
    ("https://a.example/?a=1&API-Key=k&b=2", "https://a.example/?a=1&API-Key=${URL_1}&b=2", ["k"]),
    ("https://a.example/?api_key=k&sig=s%2F%3D", "https://a.example/?api_key=${URL_1}&sig=${URL_2}", ["k", "s%2F%3D"]),
    ("https://a.example/?key=k&token=k", "https://a.example/?key=${URL_1}&token=${URL_1}", ["k"]),
    ("https://me:pass@a.example/", "https://${URL_1}@a.example/", ["me:pass"]),
    ("https://ghp_x@a.example:8443/?q", "https://${URL_1}@a.example:8443/?q", ["ghp_x"]),
    ("https://me:p@ss@a.example/@x", "https://${URL_1}@a.example/@x", ["me:p@ss"]),
    ("//me:pass@a.example", "//${URL_1}@a.example", ["me:pass"]),
    ("https://a.example/#access_token=t", "https://a.example/#access_token=${URL_1}", ["t"]),
    ("https://a.example/?a=1;token=t;u", "https://a.example/?a=1;token=${URL_1}", ["t;u"]),
    (
        "https://a.example/?to=https://b.example/?token=t",
        "https://a.example/?to=https://b.example/?token=${URL_1}",
        ["t"],
    ),
    ("https://a.example/?token=${URL_1}&sig=s", "https://a.example/?token=${URL_1}&sig=${URL_2}", ["s"]),
]
TELLING = (
    "token key api_key apikey API-KEY access_token accessToken Auth password passwd secret sig Signature code session"
)
TELLING += (
    " X-Amz-Signature X-Amz-Credential X-Amz-Security-Token client_secret refresh_token sessionid subscription-key"
)
NOT_TELLING = "page_token pageToken next keyword keys monkey tokens author codec sort_key signal q assigned passage"
LEFT = [
    "https://a.example/x?page=2&q=token",
    "https://a.example/token=t/x",
    "https://a.example/?token=",
    "https://a.example/?token",
    "https://a.example/me:pass@x",
    "https://a.example/?q=me:pass@x",
    "https://me:${WORD}@a.example/?key=${KEY}",
    "mailto:me@a.example",
    "",
]


@pytest.mark.parametrize(("url", "template", "values"), LIFTED)
def test_secrets_are_taken_out_of_an_address_and_can_be_put_back(url, template, values):
    lifted, found = lift(url)
    assert (lifted, list(found.values())) == (template, values)
    assert Secrets({"URL_1": "${URL_1}", **found}).fill(lifted) == url


@pytest.mark.parametrize("name", TELLING.split())
def test_the_value_of_a_name_that_tells_is_a_secret(name):
    assert lift(f"https://a.example/?x=1&{name}=value") == (
        f"https://a.example/?x=1&{name}=${{URL_1}}",
        {"URL_1": "value"},
    )


@pytest.mark.parametrize("url", [*LEFT, *(f"https://a.example/?{name}=value" for name in NOT_TELLING.split())])
def test_an_address_without_secrets_stays(url):
    assert lift(url) == (url, {})


URL_SIGNS = string.ascii_letters + string.digits + "-._~%!$'()*+,;=:@/?"
SECRET = st.text(URL_SIGNS.replace("?", "").replace("/", ""), min_size=1, max_size=12).map(lambda text: f"Zz{text}9")
PIECE = st.text(URL_SIGNS.replace("Z", "").replace("@", ""), max_size=12)
NAME = st.sampled_from(["token", "Api-Key", "x_amz_signature", "password", "q", "page"])


@given(SECRET, st.lists(st.tuples(NAME, SECRET | PIECE)), PIECE, PIECE)
def test_every_lifted_address_is_filled_to_itself_and_holds_no_value(login, fields, path, fragment):
    url = f"https://{login}@a.example/{path}?{'&'.join(f'{name}={value}' for name, value in fields)}#{fragment}"
    assume(not any(name in {"q", "page"} and value.startswith("Zz") for name, value in fields))
    template, values = lift(url)
    assert Secrets(values).fill(template) == url
    assert login in values.values()
    assert "Zz" not in template


@given(st.text())
def test_whatever_an_address_is_lifting_and_filling_give_it_back(url):
    assume(not REFERENCE.search(url))
    template, values = lift(url)
    assert Secrets(values).fill(template) == url


@given(st.text(min_size=SHORTEST).map("Q{}".format), st.text("xyz .\n"), st.text("xyz .\n"))
def test_a_value_is_hidden_however_it_is_encoded(value, before, after):
    secrets = Secrets({"NAME": value})
    for written in (value, quote(value, safe="", errors="surrogatepass"), quote_plus(value, errors="surrogatepass")):
        for text in (written, quote(written, errors="surrogatepass")):
            assert secrets.hide(f"{before}|{text}|{after}") == f"{before}|${{NAME}}|{after}"


HIDDEN = [
    # secrets, text, what is shown
    ({"KEY": "s3cr3t/+="}, "a s3cr3t/+= s3cr3t%2F%2B%3D s3cr3t%2f%2b%3d s3cr3t%2F+=", "a ${KEY} ${KEY} ${KEY} ${KEY}"),
    ({"KEY": "two words"}, "two words two%20words two+words", "${KEY} ${KEY} ${KEY}"),
    ({"KEY": "two%20words"}, "two words two%20words two+words two%2520words", "${KEY} ${KEY} ${KEY} ${KEY}"),
    ({"KEY": "caf%C3%A9"}, "café caf%c3%a9", "${KEY} ${KEY}"),
    ({"A": "secret", "B": "secretary", "C": "a secretary"}, "a secretary, secretary, secret", "${C}, ${B}, ${A}"),
    ({"A": "abcd", "B": "xabcdx"}, "xabcdx abcd", "${B} ${A}"),
    (
        {"LOGIN": "me:word%40"},
        f"me:word@ word%40 word@ {basic('me:word@')}",
        "${LOGIN} ${LOGIN} ${LOGIN} Basic ${LOGIN}",
    ),
    ({"WORD": "word1"}, f"'authorization': '{basic('me:word1')}'", "'authorization': 'Basic me:${WORD}'"),
    ({"ME": "myself", "WORD": "word1"}, basic("myself:word1"), "Basic ${ME}:${WORD}"),
    ({"KEY": "secret"}, "Basic training and Basic rights", "Basic training and Basic rights"),
    ({"KEY": "abc"}, "abc", "abc"),  # too short to look for in running text
    ({"KEY": ""}, "abc", "abc"),
    ({}, "Basic YWJj", "Basic YWJj"),
    ({"KEY": "${KEY}"}, "${KEY}", "${KEY}"),
    ({"KEY": "NAME", "NAME": "value"}, "value NAME", "${NAME} ${KEY}"),  # what was put in is not looked at again
]


@pytest.mark.parametrize(("values", "text", "shown"), HIDDEN)
def test_what_is_shown_holds_the_names_of_secrets(values, text, shown):
    assert Secrets(values).hide(text) == shown


def test_secrets_come_from_the_environment_by_their_prefix():
    environ = {
        "CORPUSMILL_SECRET_KEY": "value",
        "CORPUSMILL_SECRET_": "x",
        "CORPUSMILL_SECRET_UNSET": "",
        "KEY": "other",
    }
    secrets = Secrets.of(environ)
    assert secrets.fill("https://a.example/?key=${KEY}&$KEY&{KEY}&${") == "https://a.example/?key=value&$KEY&{KEY}&${"
    assert set(secrets.values) == {"KEY"}


@pytest.mark.parametrize("values", [{}, {"OTHER": "x"}])
def test_an_unknown_secret_is_an_error_that_names_the_variable_to_set(values):
    with pytest.raises(SpecError, match="CORPUSMILL_SECRET_KEY"):
        Secrets(values).fill("https://a.example/?key=${KEY}")


def test_a_value_is_not_read_for_further_names():
    assert Secrets({"A": "${B}", "B": "b"}).fill("${A} ${B}") == "${B} b"


def test_secrets_show_no_value_when_printed():
    assert "value" not in repr(Secrets({"KEY": "value"}))
