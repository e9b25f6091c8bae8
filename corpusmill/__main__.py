"""``python -m corpusmill`` is the command line."""

from corpusmill.cli import main

main()
