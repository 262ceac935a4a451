"""The names of a file on its way and the words of an answer: what all transports of files share (adr/0002)."""

import re
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256

from gateway.domain.errors import ConfigError
from gateway.ports.transport import Answer, Arrival, Finding, Sent, Wire
from gateway.transport.files import Content

_PLAIN_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,199}", re.ASCII)
WITHDRAWN = "withdrawn"
"""Evidence of an intent whose temporary name was taken away by us: it never reaches the bank."""
GONE = "gone"
"""Evidence of an intent whose temporary name is not there, nor our proof that it was withdrawn."""


class GaveUpError(Exception):
    """A try that ends before its rename; the text is evidence."""


class NameTakenError(GaveUpError):
    """Another control file stands under our name: nobody overwrites it, and nothing goes out beside it."""


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


def control_of(wire: Wire) -> Wire | None:
    """Return the control file of a file as one of its own, under the same intent; None where the bank wants none."""
    if wire.control is None:
        return None
    content = wire.control.content
    digest = sha256(content).hexdigest()
    return replace(wire, name=wire.control.name, size=len(content), sha256=digest, control=None)


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


CONTROL = "control file"
"""Evidence of what became of it."""


def with_control(sent: Answer, control: Wire) -> Answer:
    """Answer that the control file is there behind its file."""
    return replace(sent, evidence={**sent.evidence, CONTROL: control.name})


def without_control(sent: Answer, cause: str, found: Content | str | None) -> Answer:
    """Answer that the file is at the bank and its control file perhaps not; `found` is what stands under its name."""
    cause = f"the file is there; its control file: {cause}"
    alarm = isinstance(found, Content)
    return Answer(sent=Sent.UNKNOWN, evidence={**sent.evidence, "cause": cause, CONTROL: _seen(found)}, alarm=alarm)


def putting(wire: Wire, proved: Mapping[int, str], found: Content | str | None) -> list[int]:
    """Return the intents whose control file an inquiry may put; `found` is what stands under the file's name.

    Any, where our file is there. Where none is, those whose temporary name is gone: only a rename or we could end it,
    and we did not, so the bank has taken the file. None beside another's file: it would say that that one is whole.
    """
    if found is None:
        return [intent for intent, said in proved.items() if said == GONE]
    return list(proved) if isinstance(found, Content) and is_ours(found, wire) else []


def judged(finding: Finding, found: Content | str | None, control: Wire, *, put: bool) -> Finding:
    """Say what an inquiry found once it has seen the control file too; `put`: it was not there until this moment."""
    stands = put or (isinstance(found, Content) and is_ours(found, control))
    evidence = {**finding.evidence, CONTROL: "put by this inquiry" if put else _seen(found)}
    arrival = Arrival.CANNOT_TELL if finding.arrival is Arrival.ARRIVED and not stands else finding.arrival
    return replace(finding, arrival=arrival, evidence=evidence, alarm=isinstance(found, Content) and not stands)


def _seen(found: Content | str | None) -> str:
    return told(found)["final name"]
