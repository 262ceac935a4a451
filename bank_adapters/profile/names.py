"""The names of our files: made of a MsgId and recognised again, where a bank answers about them."""

import re
from collections.abc import Iterator
from datetime import date
from string import Formatter
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from bank_adapters.profile import Profile

NAME_PARTS: Final = frozenset({"msg_id", "bank", "date", "epoch", "sequence"})
"""What a template is made of."""
_MSG_ID: Final = re.compile(r"G([0-9]{1,2})([A-Z][A-Z0-9]{0,7})([0-9]{6})S([0-9]{5,9})")
_PATTERNS: Final = {
    "msg_id": "(?P<msg_id>[A-Z0-9]{1,35})",
    "date": "(?P<date>[0-9]{6})",
    "epoch": "(?P<epoch>[0-9]{1,2})",
    "sequence": "(?P<sequence>[0-9]{5,9})",
}


def name_contradictions(template: str) -> Iterator[str]:
    """Say what is wrong with the template of our files' names: they are unique, and recognised again."""
    parts = {name for _, name, _, _ in Formatter().parse(template) if name is not None}
    if not parts <= NAME_PARTS or ("msg_id" not in parts and not parts >= {"epoch", "date", "sequence"}):
        yield "file_name holds {msg_id}, or {date}, {epoch} and {sequence}; of others {bank} only"
    elif re.search(r"(epoch|sequence)}(\{|[0-9])|[0-9}]\{(epoch|sequence)", template):
        yield "file_name: write a sign that is no digit around {epoch} and {sequence}: names are unique"


def file_named(profile: "Profile", msg_id: str, day: date) -> str:
    """Name the file of a submission as the bank wants it; `day` is that of its MsgId."""
    numbers = _MSG_ID.fullmatch(msg_id)
    epoch, sequence = (numbers[1], numbers[4]) if numbers else ("", "")
    return profile.file_name.format(
        msg_id=msg_id, bank=profile.slug, date=f"{day:%y%m%d}", epoch=epoch, sequence=sequence
    )


def sequence_of(msg_id: str) -> int | None:
    """Return the number of a file in its bank's lane; None for an id that is not of our form."""
    numbers = _MSG_ID.fullmatch(msg_id)
    return int(numbers[4]) if numbers else None


class OurNames:
    """Recognises the names of our files, however the bank folds cases."""

    def __init__(self, profile: "Profile") -> None:
        text = re.escape(profile.file_name)
        for name, pattern in (_PATTERNS | {"bank": re.escape(profile.slug)}).items():
            text = text.replace(re.escape(f"{{{name}}}"), pattern, 1)
        self._pattern = re.compile(text, re.IGNORECASE)
        self._slug = re.sub("[^A-Z0-9]", "", profile.slug.upper())[:8]

    def msg_id(self, name: str) -> str | None:
        """Return the MsgId of the file that is called so; None where no file of ours is."""
        found = self._pattern.fullmatch(name)
        if found is None:
            return None
        parts = found.groupdict()
        if "msg_id" in parts:
            return parts["msg_id"].upper()
        return f"G{parts['epoch']}{self._slug}{parts['date']}S{parts['sequence']}"
