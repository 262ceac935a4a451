"""What both kinds of envelope owe to whoever may write into a bank's folder: bounds, and no death by a file."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from gateway.domain.errors import WrappingFailed

OVERHEAD: Final = 1 << 20
"""Bytes by which an envelope may exceed what it holds."""
_PANIC: Final = "PanicException"


@contextmanager
def guarded() -> Iterator[None]:
    """Turn a panic of a Rust library into a refusal. It is no Exception and would end the process, at every start."""
    try:
        yield
    except BaseException as error:
        if type(error).__name__ != _PANIC:
            raise
        raise WrappingFailed("envelope.form", "the library gave up on the file") from error
