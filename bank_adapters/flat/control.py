"""Writes the control file that goes with a flat file, of what was read back from the file's bytes."""

from collections.abc import Sequence

from bank_adapters.flat import values
from bank_adapters.flat.render import ENDS, layout_of
from bank_adapters.flat.values import Unfit
from bank_adapters.profile import Profile
from bank_adapters.profile.control import ControlField, ControlNumber, ControlText
from bank_adapters.profile.fields import Cell, Constant
from bank_adapters.spi import Companion, Reread, SubmissionContent
from gateway.domain.errors import CannotRender


def companions(submission: SubmissionContent, reread: Reread, profile: Profile) -> Sequence[Companion]:
    """Return the files that go with a submission's; see `bank_adapters.spi.CompanionAdapter`."""
    layout = layout_of(profile)
    rule = layout.control_file
    if rule is None:
        return ()
    name = submission.file_name
    end = ENDS[layout.line_end] or "\n"
    try:
        cells = [
            [_filled(field, _value(field, name, submission.msg_id, reread)) for field in line] for line in rule.lines
        ]
    except Unfit as error:
        raise CannotRender(f"submission {submission.msg_id}: control file: {error}") from None
    text = "".join(f"{rule.delimiter.join(line)}{end}" for line in cells)
    return (Companion(name=rule.called(name), content=text.encode(layout.encoding)),)


def _value(field: ControlField, file_name: str, msg_id: str, reread: Reread) -> str:
    match field:
        case Constant():
            return field.text
        case ControlNumber():
            return str(reread.count if field.value == "count" else reread.size)
        case ControlText():
            told = {"file_name": file_name, "msg_id": msg_id, "currency": reread.currency, "sha256": reread.sha256}
            return told[field.value]
    return values.amounts(field, [reread.sum_minor], reread.currency)[0]


def _filled(field: Cell, text: str) -> str:
    if field.width is None:
        return text
    values.refuse_long([text], field.width)
    return (
        text.rjust(field.width, field.padding) if field.aligned == "right" else text.ljust(field.width, field.padding)
    )
