"""What the control file beside a file must be: there where the bank waits for one, about these bytes, repeatable."""

from collections.abc import Iterator
from hashlib import sha256

from bank_adapters.contract.candidate import Candidate
from bank_adapters.contract.check import Check
from bank_adapters.profile.layout import control_rule
from bank_adapters.spi import Companion, CompanionAdapter


def _written(candidate: Candidate, document: bytes) -> tuple[Companion, ...]:
    adapter, profile = candidate.adapter, candidate.profile
    if not isinstance(adapter, CompanionAdapter):
        return ()
    return tuple(adapter.companions(candidate.some, adapter.reread([document], profile), profile))


def _told(candidate: Candidate, document: bytes) -> dict[str, str]:
    """Compute what a control file may tell, from the file and its orders alone."""
    some = candidate.some
    return {
        "file_name": some.file_name,
        "msg_id": some.msg_id,
        "currency": some.payments[0].amount.currency,
        "sha256": sha256(document).hexdigest(),
        "count": str(len(some.payments)),
        "bytes": str(len(document)),
    }


def _announces(candidate: Candidate) -> Iterator[str]:
    layout, document = candidate.profile.layout, candidate.bytes_of_some()
    written = _written(candidate, document)
    if len(written) != (1 if control_rule(layout) else 0):
        yield "companions gives another number of control files than the profile asks for: one, or none"
    if layout is None or layout.control_file is None or not written:
        return
    if written != _written(candidate, document):
        yield "the control file is another one at each call: make it of the submission and its digests alone"
    if written[0].name != layout.control_file.called(candidate.some.file_name):
        yield "the control file is not named as layout.control_file.name says"
    told, text = _told(candidate, document), written[0].content.decode(layout.encoding)
    for part in {field.value for line in layout.control_file.lines for field in line} & told.keys():
        if told[part] not in text:
            yield f"the control file does not tell the file's own {part}: take it from what was read back"


CHECKS = (
    Check(
        name="rereading.control-file",
        asks="a control file is there exactly where the bank waits for one, and speaks of these bytes",
        ask=_announces,
    ),
)
