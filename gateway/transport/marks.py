"""The names of a file on its way and the words of an answer: what all transports of files share (adr/0002)."""

import re

from gateway.domain.errors import ConfigError
from gateway.ports.transport import Answer, Sent, Wire
from gateway.transport.files import Content

_PLAIN_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,199}", re.ASCII)
WITHDRAWN = "withdrawn"
"""Evidence of an intent whose temporary name was taken away by us: it never reaches the bank."""
GONE = "gone"
"""Evidence of an intent whose temporary name is not there, nor our proof that it was withdrawn."""


class GaveUpError(Exception):
    """A try that ends before its rename; the text is evidence."""


def temporary_name(wire: Wire, intent: int) -> str:
    """Return the hidden name that exists while `intent` is neither renamed nor withdrawn. Raises ConfigError."""
    return f".{plain(wire.name)}.{intent}.tmp"


def void_name(wire: Wire, intent: int) -> str:
    """Return the hidden name that proves that `intent` was withdrawn. Raises ConfigError."""
    return f".{plain(wire.name)}.{intent}.void"


def intent_of(wire: Wire, name: str) -> int | None:
    """Return the intent that a mark (either name) of this very file belongs to; None for any other name."""
    found = re.fullmatch(rf"\.{re.escape(wire.name)}\.([0-9]+)\.(?:tmp|void)", name, re.ASCII)
    return int(found[1]) if found else None


def plain(name: str) -> str:
    """Return a name that cannot leave its folder. Raises ConfigError for any other."""
    if not _PLAIN_NAME.fullmatch(name):
        raise ConfigError(f"{name!r} is no plain file name")
    return name


def is_ours(found: Content, wire: Wire) -> bool:
    """Whether a file is the one that was sealed. Where a bank lets nobody read, its size must do."""
    return found.size == wire.size and found.sha256 in {wire.sha256, UNREADABLE}


UNREADABLE = "not readable"
"""In place of a digest: the bank lets us see the size of a file, not its bytes."""


def told(found: Content | str | None) -> dict[str, str]:
    """Say what is under the final name, as evidence."""
    if isinstance(found, Content):
        return {"final name": f"{found.size} bytes, sha256 {found.sha256}"}
    return {"final name": found or "not there"}


def not_sent(cause: str, *, unreachable: bool = False) -> Answer:
    """Answer that this intent has not reached the bank and never will."""
    return Answer(sent=Sent.NOT_SENT, evidence={"cause": cause}, unreachable=unreachable)
