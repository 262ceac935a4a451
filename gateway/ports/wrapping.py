"""Envelopes: a file is signed by who sends it and encrypted to who may read it, whatever carries it."""

from datetime import datetime
from typing import Protocol

PLAIN_BYTES_MAX = 256 << 20
"""Bytes of the largest content that an envelope may hold; what would unpack to more is refused."""


class Wrapping(Protocol):
    """One bank's envelope, both ways, with the keys of both sides.

    Pure but for chance; pickles, so that it can work in another process.
    """

    @property
    def recipient(self) -> str:
        """Name the kind of envelope and the bank's key: what was wrapped under another name is not sent any more."""
        ...

    def wrap(self, content: bytes, at: datetime) -> bytes:
        """Sign with our key, then encrypt to the bank's and to our own, so that our archive stays readable.

        Encryption draws a new key each time: the same content never gives the same bytes twice. Raises WrappingFailed
        when a key may not be used `at` that moment.
        """
        ...

    def unwrap(self, content: bytes, at: datetime) -> bytes:
        """Return what the bank signed and encrypted to us.

        Raises WrappingFailed for anything else, with the first of these rules: `envelope.size`, `envelope.key` (a key
        that may not be used `at` that moment), `envelope.encrypted` (not encrypted, or not to us), `envelope.form`,
        `envelope.signature` (none, not the bank's, or not of this content). Its text holds nothing of the content.
        """
        ...
