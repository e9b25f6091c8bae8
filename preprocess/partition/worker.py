"""A worker process: reads units from its standard input, makes their partitions, answers with their keys.

Started by `preprocess.partition.workers`; ends when its input does, so it never outlives who started it. Messages
have their length before them and travel only between these two processes: parts as MessagePack, which is quick, the
rest pickled.
"""

import os
import pickle
import signal
import struct
from pathlib import Path
from typing import IO, Any

import msgspec

from corpusmill.types import RawFile
from preprocess.partition.mill import Mill, Part
from preprocess.partition.units import Unit

_LENGTH = struct.Struct("<Q")
_ABSENT = -1
PIPE_BYTES = 1 << 20  # that are written and read at once

Told = tuple[RawFile, int, int]  # a part without its body: the file, the records before it, its size


def send(stream: IO[bytes], value: Any) -> None:
    """Write a value."""
    _send(stream, pickle.dumps(value, pickle.HIGHEST_PROTOCOL))


def receive(stream: IO[bytes]) -> Any:
    """Read a value. Raises EOFError when the other side is gone."""
    return pickle.loads(_message(stream))  # noqa: S301 - from the process at the other end of our own pipe


def send_unit(stream: IO[bytes], unit: Unit) -> None:
    """Write a unit: what its parts are, then their bytes as they are."""
    told = [(p.file, p.before, _ABSENT if p.body is None else len(p.body)) for p in unit.parts]
    _send(stream, msgspec.msgpack.encode(told))
    for part in unit.parts:
        if part.body is not None:
            stream.write(part.body)
    stream.flush()


def receive_parts(stream: IO[bytes]) -> list[Part]:
    """Read what `send_unit` wrote."""
    told = msgspec.msgpack.decode(_message(stream), type=list[Told])
    return [Part(f, None if size == _ABSENT else _exactly(stream, size), before) for f, before, size in told]


def main() -> None:
    """Serve until the input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; who started this one ends it
    requests, answers = os.fdopen(os.dup(0), "rb", PIPE_BYTES), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints is no answer
    try:
        corpus, root = receive(requests)
        mill = Mill(corpus, Path(root))
        while True:
            parts = receive_parts(requests)
            answer: Any
            try:
                answer = mill.run(parts)
            except Exception as error:  # noqa: BLE001 - handed over whole, and raised by who asked
                answer = error
            send(answers, answer)
            answers.flush()
    except (EOFError, BrokenPipeError):
        return


def _send(stream: IO[bytes], body: bytes) -> None:
    stream.write(_LENGTH.pack(len(body)))
    stream.write(body)


def _message(stream: IO[bytes]) -> bytes:
    (length,) = _LENGTH.unpack(_exactly(stream, _LENGTH.size))
    return _exactly(stream, length)


def _exactly(stream: IO[bytes], size: int) -> bytes:
    body = stream.read(size)
    if len(body) < size:
        raise EOFError
    return body


if __name__ == "__main__":
    main()
