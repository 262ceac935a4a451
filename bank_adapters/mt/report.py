"""Reads MT940 (statements) and MT942 (interim reports) into the same observations and statements as camt.

A statement is opening balance, entries, closing balance; that they add up is for others to prove. Field 28C tells its
number and page: 60F begins the first page and 62F ends the last, 60M and 62M stand between pages. A statement without
a closing balance says so by None. An MT942 tells entries alone, early and, unless the bank's profile says otherwise,
not booked. Reference: iso20022-and-banks 3 and 4.3.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from bank_adapters.mt import narrative, values
from bank_adapters.mt.fields import End, Field, Message, Part, at, parts
from bank_adapters.mt.reference import Named, named
from bank_adapters.profile import Profile
from gateway.domain.errors import Unreadable
from gateway.domain.identity import is_end_to_end_id, msg_id_in
from gateway.domain.observation import Observation, ObservationKind, ToldBy
from gateway.domain.statement import Statement

if TYPE_CHECKING:
    from hashlib import _Hash

Said = Iterator[Observation | Statement]

STATEMENT, INTERIM = "940", "942"
_RANK: Final = {
    "20": 0, "21": 1, "25": 2, "25P": 2, "28": 3, "28C": 3, "60F": 4, "60M": 4, "34F": 4, "13": 4, "13D": 4,
    "61": 5, "90D": 6, "90C": 6, "62F": 6, "62M": 6, "64": 7, "65": 8,
}  # fmt: skip
"""In which order fields stand; 86 and NS may follow any."""
_SEVERAL: Final = frozenset({"61", "65", "34F"})
_ONLY: Final = {
    STATEMENT: frozenset({"60F", "60M", "62F", "62M", "64", "65"}),
    INTERIM: frozenset({"34F", "13", "13D", "90D", "90C"}),
}
"""Fields by which the type of a message shows where no envelope tells it."""
_OPENING, _CLOSING = ("60F", "60M"), ("62F", "62M")
_RETURNED_ITEM: Final = "RTI"
_FEES: Final = frozenset({"CHG", "COM"})
_CONSTANT_IDS: Final = ("STARTUMS", "STARTDISP", "MT940", "MT942")
"""What banks put into field 20 of every statement, so that it tells none apart."""


def read(pieces: Iterable[bytes], profile: Profile) -> Said:
    """Yield what each entry says and, behind them, the statement; see `bank_adapters.spi.Adapter.read`."""
    known: set[bytes] = set()
    account: _Account | None = None
    place = 0
    for part in parts(pieces):
        if isinstance(part, Message):
            place += 1
            account = _Account(profile=profile, place=place, kind=part.kind, number=part.number)
        elif account is not None:
            yield from account.take(part, known)


@dataclass(slots=True)
class _Entry:
    """A field 61 under way, and the lines of field 86 behind it."""

    field: Field
    line: values.Line
    text: list[str]


@dataclass(slots=True)
class _Tally:
    """What the entries of an account come to."""

    minor: int = 0
    count: int = 0
    digest: "_Hash" = field(default_factory=sha256)


@dataclass(slots=True)
class _Account:
    """One message: the account it is about, as it streams by."""

    profile: Profile
    place: int
    kind: str | None
    number: int
    last: str = ""
    found: dict[str, Field] = field(default_factory=dict)
    currency: str = ""
    account: str = ""
    entry: _Entry | None = None
    entries: int = 0
    tally: _Tally = field(default_factory=_Tally)

    def take(self, part: Part, known: set[bytes]) -> Said:
        """Handle a field, or the end of the message."""
        if isinstance(part, End):
            yield from self._end_of_entry()
            yield from self._end(known)
        elif isinstance(part, Field) and part.tag == "86":
            if self.entry is not None and self.last == "61":
                self.entry.text += part.lines
        elif isinstance(part, Field) and part.tag != "NS":
            yield from self._end_of_entry()
            self._in_order(part)
            self._keep(part)

    def _in_order(self, part: Field) -> None:
        rank, before = _RANK[part.tag], _RANK.get(self.last, 0)
        if rank < before:
            raise Unreadable("field.order", part.at, f"field {part.tag} stands behind field {self.last}")
        if part.tag in self.found and part.tag not in _SEVERAL:
            raise Unreadable("field.repeated", part.at, f"field {part.tag} may stand once and stands twice")
        for kind, fields in _ONLY.items():
            if part.tag in fields:
                self._is_of(kind, part)

    def _is_of(self, kind: str, part: Field) -> None:
        """Take a field as a sign of the message's type, which must not change."""
        if self.kind not in {None, kind}:
            raise Unreadable("message.unknown", part.at, f"field {part.tag} does not belong to this type of message")
        self.kind = kind

    def _keep(self, part: Field) -> None:
        self.found[part.tag], self.last = part, part.tag
        if part.tag in _OPENING + _CLOSING:
            if sum(tag in self.found for tag in (_OPENING if part.tag in _OPENING else _CLOSING)) > 1:
                raise Unreadable("field.repeated", part.at, "a page has one opening and one closing balance")
            self._one_currency(values.balance(part.lines[0], part.at).currency, part)
        elif part.tag == "34F":
            self._one_currency(part.lines[0][:3], part)
        elif part.tag == "61":
            self._begin(part)

    def _one_currency(self, currency: str, part: Field) -> None:
        if self.currency not in {"", currency}:
            raise Unreadable("money.currency", part.at, "balances are not in one currency")
        self.currency = currency

    def _begin(self, part: Field) -> None:
        if not {"25", "25P"} & self.found.keys():
            raise Unreadable("field.missing", part.at, "an entry before the account is named (field 25)")
        if not self.currency:
            raise Unreadable("field.missing", part.at, "an entry before its currency is told (field 60a or 34F)")
        self.entries += 1
        self.entry = _Entry(field=part, line=values.line(part.lines, self.currency, part.at), text=[])

    def _end_of_entry(self) -> Iterator[Observation]:
        entry, self.entry = self.entry, None
        if entry is None:
            return
        one = self._observation(entry)
        self.tally.digest.update(repr(_said(one)).encode())
        if one.booked:
            self.tally.minor += entry.line.signed
            self.tally.count += 1
        yield one

    def _account(self) -> str:
        if not self.account:
            told = self.found.get("25") or self.found.get("25P")
            if told is None or not told.lines[0].strip():
                raise Unreadable("field.missing", at(self.number), "a message names no account (field 25)")
            self.account = values.account(told.lines[0], self.profile.statement.accounts, self.profile.country)
        return self.account

    def _observation(self, entry: _Entry) -> Observation:
        """Make the observation of one entry."""
        line, place, slug = entry.line, entry.field.at, self.profile.slug
        details = entry.field.lines[1:]
        says = narrative.read(entry.text, details, slug=slug, currency=self.currency, place=place)
        is_statement = self.kind == STATEMENT
        charges = says.charges
        if line.kind[1:] in _FEES and not line.credit and not charges.some:
            charges = narrative.Charges(some=True, minor=line.minor)
        plain = Observation(
            kind=ObservationKind.RETURN_ENTRY if self._returns(line, says) else ObservationKind.ENTRY,
            path=place,
            reason=says.reason,
            account=self._account(),
            amount_minor=line.minor,
            currency=self.currency,
            credit=line.credit,
            booked=is_statement or (self.profile.statement.interim_is_booked and not line.expected),
            entry_ref=line.entry_ref,
            booking_date=line.booked_on,
            charged=charges.some,
            charges_minor=charges.minor,
            told_by=ToldBy.STATEMENT if is_statement else ToldBy.REPORT,
            statement=self.place,
            entry=self.entries,
            entry_minor=line.signed if is_statement else None,
        )
        return _naming(plain, line.reference, says, slug)

    def _returns(self, line: values.Line, says: narrative.Narrative) -> bool:
        """Whether an entry says that it gives something back: by its type, its business code, or a reason."""
        own = {code.casefold() for code in self.profile.statement.return_codes}
        codes = {line.kind.casefold(), line.kind[1:].casefold(), (says.code or "").casefold()}
        return line.credit and (line.kind[1:] == _RETURNED_ITEM or says.returned or bool(codes & own))

    def _end(self, known: set[bytes]) -> Iterator[Statement]:
        """Handle the end of the message. The same one twice in one file would count every entry of it twice."""
        if self.kind not in {STATEMENT, INTERIM}:
            raise Unreadable("message.unknown", at(self.number), "the message is neither MT940 nor MT942")
        if not self.currency:
            raise Unreadable("field.missing", at(self.number), "a message tells no currency (field 60a or 34F)")
        told = [str(self._account()), self.currency, self.tally.digest.hexdigest()]
        told += [f"{tag}{one.lines}" for tag, one in sorted(self.found.items()) if tag not in {"20", "61"}]
        digest = sha256("\0".join(told).encode()).digest()
        if digest in known:
            raise Unreadable("statement.repeated", at(self.number), "a statement stands twice in one file")
        known.add(digest)
        if self.kind == STATEMENT:
            yield self._statement()

    def _statement(self) -> Statement:
        opening, closing = self._balance(_OPENING), self._balance(_CLOSING)
        if opening is None:
            raise Unreadable("field.missing", at(self.number), "a statement has no opening balance (field 60a)")
        sequence, page = self._number()
        if "60F" in self.found:
            page = 1
        if page is None:
            raise Unreadable("field.missing", at(self.number), "a further page without its number (field 28C)")
        return Statement(
            place=self.place,
            account=self._account(),
            currency=self.currency,
            statement_id=self._id(sequence, closing or opening),
            sequence=sequence,
            page=page,
            last_page="62M" not in self.found,
            opening_minor=opening.minor,
            closing_minor=None if closing is None else closing.minor,
            opening_on=opening.on,
            closing_on=None if closing is None else closing.on,
            entries_minor=self.tally.minor,
            entry_count=self.tally.count,
            digest=self.tally.digest.digest(),
        )

    def _balance(self, tags: Iterable[str]) -> values.Balance | None:
        found = next((self.found[tag] for tag in tags if tag in self.found), None)
        return None if found is None else values.balance(found.lines[0], found.at)

    def _number(self) -> tuple[int | None, int | None]:
        found = self.found.get("28C") or self.found.get("28")
        return (None, None) if found is None else values.number(found.lines[0], found.at)

    def _id(self, sequence: int | None, last: values.Balance) -> str | None:
        """Name a statement, with its day: many banks write the same into field 20, or the same number, every day."""
        if sequence is not None:
            return f"{sequence}/{last.on}"
        name = values.told(self.found["20"].lines[0]) if "20" in self.found else None
        return None if name is None or name.upper().startswith(_CONSTANT_IDS) else f"{name}/{last.on}"


def _naming(one: Observation, reference: str | None, says: narrative.Narrative, slug: str) -> Observation:
    """Say what an entry names, by field 61, else by field 86; what contradicts itself names nothing.

    A reference of sixteen letters is ours in full, or the beginning of something longer that field 86 tells: cut off,
    it identifies nothing and is left out.
    """
    told = [found for text in (reference, says.name, says.of_file) if (found := named(text, slug)) is not None]
    places = set(told) or ({says.ours} if says.ours is not None else set())
    if len(places) > 1:
        return one
    place = next(iter(places), None)
    name = says.name if says.name is not None and named(says.name, slug) is None else None
    if name is None and is_end_to_end_id(reference):
        name = reference
    if place is not None and place.position is None and name is None:
        return _of_a_sum(one, place)
    of_file = says.of_file if named(says.of_file, slug) is None else None
    file = msg_id_in([text for text in (of_file, reference) if text])
    if place is None and name is None and says.text_id is None and file is not None:
        return _of_a_sum(one, Named(msg_id=file, position=None))
    return replace(
        one,
        msg_id=place.msg_id if place is not None else None,
        position=place.position if place is not None else None,
        end_to_end_id=name,
        pmt_inf_id=of_file,
        text_id=None if is_end_to_end_id(name) else says.text_id,
    )


def _of_a_sum(one: Observation, file: Named) -> Observation:
    """Say that an entry is the sum of a submission; how many payments it is of, no field tells."""
    return replace(one, kind=ObservationKind.BATCH_ENTRY, msg_id=file.msg_id)


def _said(one: Observation) -> tuple[object, ...]:
    return (
        *(one.kind.value, one.entry, one.amount_minor, one.currency, one.credit, one.booked, one.msg_id, one.position),
        *(one.end_to_end_id, one.pmt_inf_id, one.entry_ref, one.text_id, one.reason, one.charges_minor),
        str(one.booking_date),
    )
