"""Every performance figure that the project quotes, as a command that prints it again: ``python -m benchmarks``."""
