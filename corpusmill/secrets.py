"""Secrets: in the environment, in the request, and nowhere else.

A corpus file writes ``${NAME}`` where the environment has CORPUSMILL_SECRET_NAME. What is kept or said of a fetch
(records, logs, errors) holds the name again:

    secrets = Secrets.of(os.environ)
    session.get(secrets.fill("https://api.example.org/?key=${KEY}"))
    log(secrets.hide(text))

A value of fewer than SHORTEST characters is not hidden in running text, where it would strike ordinary words; `lift`
takes it out of an address whatever its length.
"""

import base64
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import unquote, unquote_plus

from corpusmill.errors import SpecError

PREFIX = "CORPUSMILL_SECRET_"
SHORTEST = 4  # characters of a value that is hidden in running text
REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")

# Names of query fields whose values are secrets. Not `page_token` and its like: they name a place in a list, and an
# address without them is another address.
_TELLING = r"""
    (?:(?:x[-_.]*)?(?:access|amz[-_.]*security|api|app|auth|aws|bearer|client|id|oauth|private|refresh|secret|security
        |session|subscription|user)[-_.]*)*  (?:token|key|secret|key[-_.]*id)
    | (?:x[-_.]*(?:amz|goog)[-_.]*)?  (?:sig|signature|credentials?)
    | auth(?:orization)? | bearer | code | jwt | pass(?:wd|word|phrase)? | pwd | session(?:[-_.]*id)?
"""
_FIELD = re.compile(rf"(?<=[?&;\#])((?:{_TELLING})=)([^&\#]+)", re.IGNORECASE | re.VERBOSE)
_USERINFO = re.compile(r"^(\s*(?:[A-Za-z][A-Za-z0-9+.-]*:)?//)([^/?#]+)(?=@[^@/?#]*(?:[/?#]|\Z))")
_BASIC = re.compile(r"(?<=\bBasic )([A-Za-z0-9+/]{4,}={0,2})", re.IGNORECASE)


@dataclass(frozen=True)
class Secrets:
    """Values by name. They are not shown in a traceback either."""

    values: Mapping[str, str] = field(repr=False)

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> "Secrets":
        """Every CORPUSMILL_SECRET_<NAME> that is set to something."""
        named = {key.removeprefix(PREFIX): value for key, value in environ.items() if key.startswith(PREFIX)}
        return cls({name: value for name, value in named.items() if name and value})

    def fill(self, text: str) -> str:
        """Put the values where ``${NAME}`` stands, once: a value is not read again. Raises SpecError for an unknown."""
        return REFERENCE.sub(lambda reference: self._value(reference[1]), text)

    def hide(self, text: str) -> str:
        """Put ``${NAME}`` wherever a value stands: as it is, percent-encoded in any way, or in a Basic login.

        The longest value is looked for first.
        """
        if not self._hiding:
            return text
        pattern, names = self._hiding
        shown = pattern.sub(lambda found: f"${{{names[(found.lastindex or 1) - 1]}}}", text)
        return _BASIC.sub(self._hidden_login, shown)

    def _value(self, name: str) -> str:
        if name not in self.values:
            raise SpecError(f"the secret {name} is not known", f"set the environment variable {PREFIX}{name}")
        return self.values[name]

    def _hidden_login(self, found: re.Match[str]) -> str:
        """A login may be made of several secrets, or of one and a name: look inside."""
        try:
            login = base64.b64decode(found[0]).decode("latin-1")
        except ValueError:
            return found[0]
        hidden = self.hide(login)
        return found[0] if hidden == login else hidden

    @cached_property
    def _hiding(self) -> tuple[re.Pattern[str], list[str]] | None:
        """A pattern of one group for each way to write a value, longest first, and the name that each stands for."""
        forms = [(form, name) for name, value in self.values.items() for form in _forms(value)]
        forms = sorted((f for f in forms if len(f[0]) >= SHORTEST), key=lambda f: len(f[0]), reverse=True)
        pattern = "|".join(f"({_pattern(form)})" for form, _ in forms)
        return (re.compile(pattern), [name for _, name in forms]) if forms else None


def lift(url: str) -> tuple[str, dict[str, str]]:
    """Take the secrets out of an address: a login before the host, and query values whose names tell.

    Returns the address with ``${URL_1}``, ``${URL_2}`` … in their place, and the values by name, encoded as they were:
    ``Secrets(values).fill(template)`` is the address again. What is a reference already stays.
    """
    names: dict[str, str] = {}  # value -> name
    taken = set(REFERENCE.findall(url))
    free = (name for number in range(1, len(url) + 2) if (name := f"URL_{number}") not in taken)

    def reference(found: re.Match[str]) -> str:
        before, value = found.groups()
        if REFERENCE.search(value):
            return found[0]
        if value not in names:
            names[value] = next(free)
        return f"{before}${{{names[value]}}}"

    template = _FIELD.sub(reference, _USERINFO.sub(reference, url))
    return template, {name: value for value, name in names.items()}


def _forms(value: str) -> Iterator[str]:
    """How a value may be written, percent-encoding aside; of a login also the password, and what a header has of it."""
    plain = unquote(value)
    yield from {value, plain, unquote_plus(value)}
    if ":" in value:
        yield from {value.partition(":")[2], plain.partition(":")[2]}
        header = base64.b64encode(plain.encode("utf-8", "surrogatepass")).decode()
        yield from {header, header.rstrip("=")}


def _pattern(form: str) -> str:
    """A pattern for a text in which any sign but letters and digits may be percent-encoded, and a space be a plus."""
    return re.sub(r"%[0-9A-Fa-f]{2}|[^A-Za-z0-9]", lambda found: _sign(found[0]), form, flags=re.DOTALL)


def _sign(sign: str) -> str:
    """One sign, or an escape that a value holds already, percent-encoded any number of times or not at all."""
    octets = [sign[1:]] if len(sign) > 1 else [f"{byte:02X}" for byte in sign.encode("utf-8", "surrogatepass")]
    encoded = "".join(f"%(?:25)*{octet}" for octet in octets)
    plain = "" if len(sign) > 1 else f"{re.escape(sign)}|"
    plus = r"|\+|(?i:%(?:25)*2B)" if sign == " " else ""
    return f"(?:{plain}(?i:{encoded}){plus})"
