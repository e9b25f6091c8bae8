"""A Prefect server for as long as one command runs: ``python -m flows.server FD``, started by `flows.api`.

It serves on the listening socket it inherits as FD and ends when its standard input closes, so it cannot outlive its
parent, however that ends. Prefect's own temporary server hears the terminal's Ctrl-C before the flow has reported that
it stopped (the flow then waits a minute for a server that is gone), and stays for ever when its parent is killed.
"""

import os
import socket
import sys
import threading

import uvicorn
from prefect.server.api.server import create_app

from flows.service import garbage


def serve(listener: socket.socket) -> None:
    """Answer on `listener` until standard input closes."""
    config = uvicorn.Config(create_app(ephemeral=True, final=True), log_level="error", lifespan="on")
    server = uvicorn.Server(config)
    threading.Thread(target=_stop_with_parent, args=[server], daemon=True).start()
    server.run(sockets=[listener])


def _stop_with_parent(server: uvicorn.Server) -> None:
    os.read(sys.stdin.fileno(), 1)  # unbuffered: a reader that holds a lock would make the interpreter's end fatal
    server.should_exit = True


if __name__ == "__main__":
    garbage.collect_aside()
    serve(socket.socket(fileno=int(sys.argv[1])))
