"""Fuzzing of the readers of bank messages: `python -m tests.fuzz`."""
