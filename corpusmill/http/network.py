"""What this machine says of the network, in plain values; and what a failure of the network says, in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from corpusmill import __version__

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True)
class Network:
    """What this machine says of the network, in plain values."""

    mirror: str = ""  # an address that stands in for every host
    allow_private: bool = False  # whether hosts of a private network may be asked
    contact: str = ""  # an address where a host's owner can complain, told with every request

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> "Network":
        """From CORPUSMILL_MIRROR, CORPUSMILL_ALLOW_PRIVATE (anything but empty and 0) and CORPUSMILL_CONTACT."""
        return cls(
            mirror=environ.get("CORPUSMILL_MIRROR", ""),
            allow_private=environ.get("CORPUSMILL_ALLOW_PRIVATE", "") not in ("", "0"),
            contact=environ.get("CORPUSMILL_CONTACT", ""),
        )

    @property
    def near(self) -> bool:
        """Whether all requests go to a mirror on this machine: nobody is spared by waiting."""
        return bool(self.mirror) and (urlsplit(self.mirror).hostname or "") in _LOOPBACK

    @property
    def agent(self) -> str:
        """What a host is told of who asks (RFC 9110, 10.1.5)."""
        contact = f"; +{self.contact}" if self.contact else ""
        return f"corpusmill/{__version__} (text corpora for character models{contact})"


def innermost(error: BaseException) -> BaseException:
    """The cause of all causes: the messages around it name pools, ports and retries."""
    inner = error.__cause__ or next((part for part in error.args if isinstance(part, BaseException)), None)
    return innermost(inner) if inner else error


def reason(error: BaseException) -> str:
    """The innermost cause in the system's words."""
    error = innermost(error)
    said = str(getattr(error, "strerror", None) or error)
    return (said if said and said.isprintable() else repr(error))[:300]


def printable(text: str) -> str:
    """A host's words on one line, without control characters."""
    return "".join(c if c.isprintable() else " " for c in text)[:100].strip()
