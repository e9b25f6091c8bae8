"""One error tree. Every message says what happened and where; `hint` says what to do.

* CorpusmillError
  x SpecError            a corpus file or a --set is wrong: names file, key and nearest match
  x UsageError           a command was called in a way that cannot work (exit 2)
  x UnknownNameError     no such corpus, version or run; lists what it could have meant
  x CollectError
    - NetworkError       the host did not answer, or answered with an error
      . UnreachableError no answer, for a reason that may pass
      . DeadlineError    it answered too slowly
      . RedirectError    it sent us round in circles, or nowhere
    - ContentError       it answered, but not with what was asked for
      . TruncatedError   less came than was announced, or there is no telling
      . EncodingError    it is not encoded as it says, or as nobody asked
      . TooLargeError    more came than is allowed
    - RobotsError        the host's robots.txt forbids it, or cannot be had
    - ForbiddenError     the address may not be asked at all: a private host, a file, https left for http
    - DeferredError      to be gone on with later: a host asked for a pause, or a budget is spent
    - HeldError          what came looks wrong; it waits for a review (exit 3)
  x ParseError           bytes that are not what the parser reads: binary, undecodable, wrong JSON
  x BuildError           nothing to publish: no document, no validation text
    - IncompleteError    fewer or more parts than the corpus declares
  x StoreError           the disk refused: full, read-only, missing
    - BusyError          another corpusmill is at the same work
    - CorruptError       stored bytes do not match their digest
  x TrainError           too little text, a loss that is not a number, an unknown option
  x FlowError            Prefect's side failed: no server, not installed
* Interrupted            SIGINT or SIGTERM, raised between steps (a KeyboardInterrupt, so nothing swallows it)
"""

import signal


class CorpusmillError(Exception):
    """Base of all; `message` says what and where, `hint` what to do."""

    exit_status = 1

    def __init__(self, message: str, hint: str = "") -> None:
        """Keep both parts: the command line prints them on one line, ``--json`` apart."""
        super().__init__(message, hint)
        self.message = message
        self.hint = hint

    @property
    def kind(self) -> str:
        """The class name without "Error", for ``--json``."""
        return type(self).__name__.removesuffix("Error")

    def __str__(self) -> str:
        """Message and hint on one line."""
        return f"{self.message}: {self.hint}" if self.hint else self.message


class SpecError(CorpusmillError):
    """A corpus file or an override is wrong."""


class UsageError(CorpusmillError):
    """The command was called in a way that cannot work."""

    exit_status = 2


class UnknownNameError(CorpusmillError):
    """No corpus, version or run has this name."""


class CollectError(CorpusmillError):
    """Raw bytes could not be got."""


class NetworkError(CollectError):
    """The host did not answer, or answered with an error."""


class ContentError(CollectError):
    """The host answered with something else than what was asked for."""


class UnreachableError(NetworkError):
    """No answer, for a reason that may pass: worth another attempt."""


class DeadlineError(NetworkError):
    """The whole answer did not come in time."""


class RedirectError(NetworkError):
    """A chain of redirects that is too long, goes in circles or leads nowhere."""


class TruncatedError(ContentError):
    """Less came than was announced, or nothing tells whether all came."""


class EncodingError(ContentError):
    """The body is not encoded as its headers say, or in a way nobody asked for."""


class TooLargeError(ContentError):
    """More came than is allowed, decoded."""


class RobotsError(CollectError):
    """robots.txt forbids the address, or could not be had, which forbids all (RFC 9309, 2.3.1.4)."""


class ForbiddenError(CollectError):
    """An address that may not be asked: a private host, another scheme, https left for http."""


class DeferredError(CollectError):
    """Collecting stopped in good order, to be gone on with later; what came is kept."""


class HeldError(CollectError):
    """A refresh that looks wrong waits for somebody to look at it."""

    exit_status = 3


class ParseError(CorpusmillError):
    """The bytes are not what the parser reads."""


class BuildError(CorpusmillError):
    """A version cannot be made of these documents."""


class IncompleteError(BuildError):
    """The corpus has not the parts it declares."""


class StoreError(CorpusmillError):
    """The store could not be read or written."""


class BusyError(StoreError):
    """Another process is at the same work."""


class CorruptError(StoreError):
    """Stored bytes do not match their digest."""


class TrainError(CorpusmillError):
    """Training cannot start or go on."""


class FlowError(CorpusmillError):
    """The orchestrator failed; the stages themselves did not."""


class Interrupted(KeyboardInterrupt):
    """A signal asked to stop; what was committed stays, and the same command carries on."""

    def __init__(self, signum: int = signal.SIGINT) -> None:
        """`signum` decides the exit status: 130 for SIGINT, 143 for SIGTERM."""
        super().__init__(signum)
        self.signum = signum
