"""`corpusmill …`: one module per group of commands. The top layer: it reads the environment and decides exit statuses.

Nothing heavy is imported here or at the top of the command modules: `corpusmill --help` starts in a fraction of a
second, without torch, Prefect or pyarrow.
"""

import os
import shlex
import signal
import sys
from types import FrameType
from typing import Annotated, Any, NoReturn

import typer

from corpusmill import __version__
from corpusmill.cli import (
    baselines,
    catalogue,
    collecting,
    compare,
    diff,
    doctor,
    inspect,
    keep,
    models,
    new,
    pipeline,
    reproduce,
    service,
    share,
    site,
    status,
    sweep,
    trace,
    verify,
)
from corpusmill.errors import CorpusmillError, Interrupted, UsageError
from corpusmill.secrets import lift

_EPILOG = "Begin with: corpusmill run python"
# typer carries click inside, or depends on it, by version; the base of what both raise for wrong usage is the same.
_ClickError: Any = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")
app = typer.Typer(
    name="corpusmill",
    help="From declared text corpora to versioned shards, trained character models and reports.",
    epilog=_EPILOG,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for group in (
    pipeline,
    collecting,
    models,
    sweep,
    compare,
    baselines,
    inspect,
    catalogue,
    diff,
    trace,
    verify,
    keep,
    service,
    doctor,
    reproduce,
    new,
    share,
    site,
    status,
):
    group.register(app)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"corpusmill {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    _asked: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
    _debug: Annotated[bool, typer.Option("--debug", help="Show a traceback with an error.")] = False,
) -> None:
    pass


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run one command; never returns. Exit statuses: 0 done, 1 failed, 2 wrong usage, 130 and 143 after a signal."""
    # Threads that spin while they wait for one another make a busy machine many times slower; a short spin costs a few
    # per cent on a quiet one. numpy multiplies only small things here. Both are read when the libraries load.
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    arguments = sys.argv[1:] if arguments is None else arguments
    debug = "--debug" in arguments
    arguments = [argument for argument in arguments if argument != "--debug"]
    signal.signal(signal.SIGTERM, _terminate)
    command = typer.main.get_command(app)
    try:
        # Not command.main(), which turns a KeyboardInterrupt and a closed pipe into statuses of its own.
        with command.make_context("corpusmill", arguments) as context:
            command.invoke(context)
    except typer.Exit as stop:
        sys.exit(stop.exit_code)
    except (_ClickError, CorpusmillError, KeyboardInterrupt, OSError) as error:
        if debug:
            raise
        sys.exit(_tell(error, arguments))
    sys.exit(0)


def _terminate(signum: int, _frame: FrameType | None) -> NoReturn:
    raise Interrupted(signum)


def _tell(error: BaseException, arguments: list[str]) -> int:
    """Say what went wrong, on stderr or with ``--json`` on stdout; returns the exit status."""
    if isinstance(error, BrokenPipeError):  # the reader of our output has gone: `corpusmill sample | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    if isinstance(error, KeyboardInterrupt):
        return _tell_stopped(error, arguments)
    known = _known(error)
    if not known.message:  # called without a command: the help has been shown
        return known.exit_status
    if "--json" in arguments:
        import msgspec

        body = {"error": {"kind": known.kind, "message": known.message, "hint": known.hint}}
        sys.stdout.write(msgspec.json.encode(body).decode() + "\n")
    else:
        sys.stderr.write(f"corpusmill: {known}\n")
    return known.exit_status


def _tell_stopped(error: KeyboardInterrupt, arguments: list[str]) -> int:
    stopped = error if isinstance(error, Interrupted) else Interrupted()
    again = shlex.join(["corpusmill", *(lift(argument)[0] for argument in arguments)])  # logs keep what is said here
    sys.stderr.write(f"corpusmill: stopped; what was finished is kept. To go on: {again}\n")
    return 128 + stopped.signum


def _known(error: BaseException) -> CorpusmillError:
    if isinstance(error, CorpusmillError):
        return error
    if isinstance(error, _ClickError):
        return UsageError(error.format_message().rstrip("."), "see corpusmill --help")
    assert isinstance(error, OSError)
    return CorpusmillError(f"{error.filename or 'the system'}: {error.strerror or error}", "mend it and repeat")
