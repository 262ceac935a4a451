"""What stands around the entries of an account report: envelope, group header, and the heads of accounts."""

from collections.abc import Iterator, Sequence

from bank_adapters.iso20022.markup import DEPTH_MAX
from bank_adapters.iso20022.messages import MESSAGES
from bank_adapters.iso20022.shapes import TAGS, Tag, tree
from bank_adapters.iso20022.xml import Element
from gateway.domain.errors import Unreadable

HEADER = "GrpHdr"
LETTERS_MAX = 1_000_000
"""Most letters of what has to be looked at as a whole: an account without its entries, an entry without its details."""


def size_of(tags: Sequence[str], texts: Sequence[str]) -> int:
    """Return how many letters tags and texts have."""
    return sum(map(len, tags)) + sum(map(len, texts))


class Gathered:
    """Tags and texts of one element that is not closed yet."""

    def __init__(self) -> None:
        self.tags: list[str] = []
        self.texts: list[str] = []

    def add(self, tags: Sequence[str], texts: Sequence[str]) -> None:
        """Add what follows."""
        self.tags += tags
        self.texts += texts

    def bound(self, path: str) -> None:
        """Raise Unreadable when it goes on without end."""
        if size_of(self.tags, self.texts) > LETTERS_MAX:
            raise Unreadable("element.size", path, f"an element of more than {LETTERS_MAX:,} letters")


class Surroundings:
    """Follows the elements outside entries, and gathers the group header and the accounts of the message."""

    def __init__(self, message: str, account: str) -> None:
        self._message, self._account = message, account
        self._stack: list[str] = []
        self._depth = 0
        self._record: Gathered | None = None
        self.messages = 0

    @property
    def in_account(self) -> bool:
        """Whether an entry may stand here."""
        return self._record is not None and self._stack[-2:] == [self._message, self._account]

    def so_far(self) -> Element:
        """Return what is known of the account that is open."""
        record = self._record or Gathered()
        return tree(record.tags, record.texts).root

    def take(self, tags: Sequence[str], texts: Sequence[str]) -> Iterator[Element]:
        """Follow tags; yield the group header and each account as they end."""
        for raw, text in zip(tags, texts, strict=True):
            tag = TAGS[raw]
            if tag.opens:
                self._open(tag)
            record = self._record
            if record is not None:
                record.tags.append(raw)
                record.texts.append(text)
            if tag.closes:
                self._close(tag)
                if record is not None and len(self._stack) == self._depth:
                    self._record = None
                    yield tree(record.tags, record.texts).root
        if self._record is not None:
            self._record.bound(f"/{self._account}")

    def _open(self, tag: Tag) -> None:
        name, above = tag.name, self._stack[-1] if self._stack else None
        self.messages += name in MESSAGES
        if self._record is None and above == self._message and name in {HEADER, self._account}:
            self._record, self._depth = Gathered(), len(self._stack)
        self._stack.append(name)
        if len(self._stack) > DEPTH_MAX:
            raise Unreadable("xml.depth", "/", f"elements are nested deeper than {DEPTH_MAX}")

    def _close(self, tag: Tag) -> None:
        if not self._stack or self._stack.pop() != tag.name:
            raise Unreadable("xml.malformed", "/", "a tag closes what it did not open")
