"""The payments of a rendered file as they are read back, and what the file claims of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bank_adapters.flat.lines import at
from bank_adapters.flat.match import Amounts, Matcher, differs
from bank_adapters.flat.totals import Totals
from bank_adapters.flat.verify import holds, iban_of
from bank_adapters.profile import Profile
from bank_adapters.profile.fields import (
    AnyField,
    CollectionDate,
    Created,
    ExecutionDate,
    FileAmount,
    FileCheck,
    FileField,
    FileNumber,
    Own,
    PayeeId,
    PaymentAmount,
    PaymentCheck,
    PaymentNumber,
)
from bank_adapters.profile.layout import Following, HashTotal, Layout
from gateway.domain.digest import PaymentsDigest
from gateway.domain.errors import SealMismatch
from gateway.domain.iban_registry import FORMATS

_SAME = frozenset(
    {
        *("msg_id", "debtor_iban", "debtor_bban", "currency", "category_purpose", "execution_date"),
        *("file_name", "created_at", "file_sequence", "instrument"),
    }
)
"""Fields that say the same wherever they stand in a section, and some of them in the whole file."""
_OF_SECTION = frozenset({"debtor_iban", "debtor_bban", "category_purpose", "execution_date", "instrument"})
_CODE_AND_NUMBER = ("creditor_country", "creditor_bank_code", "creditor_number")


@dataclass(slots=True)
class Tally:
    """What was read so far; `hashed` is the hash total before it is cut to its digits."""

    count: int = 0
    sum: int = 0
    hashed: int = 0
    records: int = 0

    def add(self, other: "Tally") -> None:
        """Add what was read of a section."""
        self.count += other.count
        self.sum += other.sum
        self.hashed += other.hashed


@dataclass(frozen=True, slots=True, kw_only=True)
class Follower:
    """A line that follows the line of a payment (counted from 1 in the file)."""

    number: int
    kind: int
    line: str
    payment: int


class Run:
    """Lines about payments that are read together, put in order by kind."""

    def __init__(self) -> None:
        self.numbers: list[int] = []
        self.lines: list[str] = []
        self.followers: list[Follower] = []
        self._payments = 0
        self._stage: list[int] = []

    def sort(self, number: int, kind: int, line: str, following: Sequence[Following]) -> None:
        """Put the next line to its kind. Raises SealMismatch for one that may not stand here."""
        if kind < 0:
            self.end(number, following)
            self.numbers.append(number)
            self.lines.append(line)
            self._payments += 1
            return
        stage = self._stage
        if not self._payments or (stage and kind < stage[-1]) or stage.count(kind) >= following[kind].at_most:
            raise SealMismatch(f"{at(number)}: follows what it does not belong to")
        stage.append(kind)
        self.followers.append(Follower(number=number, kind=kind, line=line, payment=self._payments))

    def end(self, number: int, following: Sequence[Following]) -> None:
        """End the payment before: it must have what always follows."""
        always = {place for place, one in enumerate(following) if one.when == "always"}
        if self._payments and not always <= set(self._stage):
            raise SealMismatch(f"{at(number)}: a record that always follows is missing before it")
        self._stage = []

    def clear(self) -> None:
        """Forget the lines, not where the file is."""
        self.numbers, self.lines, self.followers = [], [], []


class Payments:
    """Reads the payments' own lines, and keeps what all lines of a file have to agree about."""

    def __init__(self, profile: Profile, layout: Layout) -> None:
        self.matcher = Matcher(layout.payment, layout, profile)
        self._profile, self._layout = profile, layout
        self._digest = PaymentsDigest()
        self._ids: set[str] = set()
        self._same: dict[str, str] = {}
        self._sequences: set[tuple[int, int | None]] = set()
        self._moments: set[tuple[str, str]] = set()
        self._account = _AccountReader(profile, layout, self.matcher)
        names = [field.value for field in self.matcher.named]
        self._id, self._amount = names.index("end_to_end_id"), names.index("amount")
        self._loose = [(place, field) for place, field in enumerate(self.matcher.named) if _is_loose(field)]
        self._amounts: Amounts | None = None

    @property
    def currency(self) -> str:
        """What the file has said of its currency, or the only one that the bank pays in."""
        currency = self._same.get("currency", self._profile.currencies[0])
        if currency not in self._profile.currencies:
            raise SealMismatch("the file is in a currency that the bank does not pay in")
        return currency

    def hexdigest(self) -> str:
        """Return the digest over all payments."""
        return self._digest.hexdigest()

    def begin_section(self) -> None:
        """Forget what is the same for the payments of one account only."""
        for name in _OF_SECTION:
            self._same.pop(name, None)

    def take(self, numbers: Sequence[int], lines: Sequence[str], tally: Tally) -> Sequence[str]:
        """Read payments' own lines, which stand on lines of these numbers; return their ids."""
        if not lines:
            return ()
        rows = list(map(self.matcher.row, numbers, lines))
        columns = list(zip(*rows, strict=True))
        for place, field in self._loose:
            self._check_column(numbers, field, columns[place])
        ids = columns[self._id]
        if len(set(ids)) < len(ids) or not self._ids.isdisjoint(ids):
            raise SealMismatch(f"{at(numbers[0])} or a later one: an end_to_end_id stands more than once")
        self._ids.update(ids)
        minors = self._minors(numbers, columns[self._amount])
        keys, hashed = self._account.read(numbers, columns, minors)
        self._digest.extend(ids, keys, minors, self.currency)
        tally.count += len(ids)
        tally.records += len(ids)
        tally.sum += sum(minors)
        tally.hashed += sum(hashed)
        return ids

    @property
    def count(self) -> int:
        """How many payments have been read."""
        return self._digest.count

    def _minors(self, numbers: Sequence[int], texts: Sequence[str]) -> Sequence[int]:
        currency = self.currency
        if self._amounts is None:
            (field,) = (one for one in self.matcher.named if isinstance(one, PaymentAmount))
            self._amounts = Amounts(field, currency)
        minors = self._amounts.minors(texts)
        if minors is not None:
            return minors
        wrong = (number for number, text in zip(numbers, texts, strict=True) if self._amounts.minor(text) is None)
        raise differs(self._where(next(wrong), self._amount))

    def _where(self, number: int, place: int) -> str:
        return self.matcher.where(number, self.matcher.place(self.matcher.named[place]))

    def _check_column(self, numbers: Sequence[int], field: AnyField, texts: Sequence[str]) -> None:
        """Hold a field of payments' lines against the rest of the file; value by value only where they differ."""
        if field.value in _SAME and len(set(texts)) == 1:
            self.check(numbers[0], self.matcher, field, texts[0])
        elif field.value == "line_number":
            first = self._layout.first_line_number + self.count
            if list(map(int, texts)) != list(range(first, first + len(texts))):
                raise differs(f"{at(numbers[0])} or a later one (line_number)")
        else:
            for number, text in zip(numbers, texts, strict=True):
                self.check(number, self.matcher, field, text)

    def check(self, number: int, matcher: Matcher, field: AnyField, value: str) -> None:
        """Hold a field against what the file has said before."""
        fits = True
        if isinstance(field, Created | ExecutionDate | CollectionDate):
            fits = self._is_moment(value, field.format)
        elif field.value == "record_number":
            fits = int(value) == number
        if field.value in _SAME:
            fits = fits and self._same.setdefault(field.value, value) == value
        if isinstance(field, PaymentNumber | FileNumber) and field.value == "file_sequence":
            self._sequences.add((int(value), field.digits or field.width))
        if not fits:
            raise differs(matcher.where(number, matcher.place(field)))

    def check_sequence(self) -> None:
        """Compare the file's number with its MsgId, of which it is the end, where the file tells both."""
        end = self._same.get("msg_id", "").rpartition("S")[2]
        for found, digits in self._sequences if end.isdecimal() else ():
            if found != int(end[-digits:] if digits else end):
                raise SealMismatch("the file's number (file_sequence) is not that of its msg_id")

    def _is_moment(self, value: str, form: str) -> bool:
        """Whether a text is a time in exactly this form; the few that a file has are looked at once."""
        if (value, form) in self._moments or not value:
            return True
        try:
            sound = datetime.strptime(value, form).strftime(form) == value  # noqa: DTZ007 - compared as text only
        except ValueError:
            return False
        self._moments.add((value, form))
        return sound


def _is_loose(field: AnyField) -> bool:
    """Whether a field of a payment's line is to be compared with the rest of the file."""
    return field.value in _SAME or isinstance(field, Created | ExecutionDate | CollectionDate | PaymentNumber)


class _AccountReader:
    """Reads the creditor's account of a row: its key, and what it counts for in the hash total."""

    def __init__(self, profile: Profile, layout: Layout, matcher: Matcher) -> None:
        self._profile, self._rule = profile, layout.hash_total
        self._fields = {
            field.value: place for place, field in enumerate(matcher.named) if field.value.startswith("creditor_")
        }
        self._checks = [(p, f) for p, f in enumerate(matcher.named) if isinstance(f, PaymentCheck)]
        self._scheme = next((one.scheme for one in layout.payment if isinstance(one, PayeeId)), "")
        alone = set(self._fields) == {"creditor_iban"} and all(
            f.required for f in layout.payment if f.value == "creditor_iban"
        )
        self._iban_alone = self._fields["creditor_iban"] if alone else None

    def read(
        self, numbers: Sequence[int], columns: Sequence[Sequence[str]], minors: Sequence[int]
    ) -> tuple[Sequence[str], Sequence[int]]:
        """Return the accounts as the payments digest has them, and what each adds to the hash total."""
        if self._iban_alone is not None:
            keys = counted = columns[self._iban_alone]
            codes = self._bank_codes(numbers, keys)
        else:
            rows = zip(*(columns[place] for place in self._fields.values()), strict=True)
            found = [
                self._any(n, dict(zip(self._fields, row, strict=True))) for n, row in zip(numbers, rows, strict=True)
            ]
            keys, counted, codes = ([one[part] for one in found] for part in range(3))
        for place, field in self._checks:
            texts = [str(minor) for minor in minors] if field.of == "amount" else counted
            for number, text, check in zip(numbers, texts, columns[place], strict=True):
                if not holds(field.method, "".join(filter(str.isdecimal, text)), check):
                    raise SealMismatch(f"{at(number)} (check): is not that of the rest of the line")
        return keys, _hashed(self._rule, counted, codes, minors) if self._rule else ()

    def _bank_codes(self, numbers: Sequence[int], ibans: Sequence[str]) -> Sequence[str]:
        """Return the national bank codes, where they are added up; their countries are known in any case."""
        added = self._rule is not None and self._rule.of == "creditor bank code"
        if not added and {iban[:2] for iban in ibans} <= FORMATS.keys():
            return ()
        return [_bank_code(number, iban) for number, iban in zip(numbers, ibans, strict=True)]

    def _any(self, number: int, found: Mapping[str, str]) -> tuple[str, str, str]:
        """Return key, what is added up, and bank code of any account."""
        country = found.get("creditor_country") or self._profile.country
        iban, bban = found.get("creditor_iban", ""), found.get("creditor_bban", "")
        _, code, account = (found.get(name, "") for name in _CODE_AND_NUMBER)
        payee = found.get("creditor_id", "")
        if bban and not iban:
            iban = iban_of(country, bban)
        if [bool(iban), bool(account), bool(payee)].count(True) != 1:
            raise SealMismatch(f"{at(number)}: holds no account of the creditor, or several")
        if payee:
            return f"{self._scheme}:{payee}", payee, code
        if account:
            if not (country and code):
                raise SealMismatch(f"{at(number)}: holds no account of the creditor")
            return f"{country}/{code}/{account}", account, code
        told = (found.get("creditor_country") or iban[:2], code or _bank_code(number, iban), bban or iban[4:])
        if told != (iban[:2], _bank_code(number, iban), iban[4:]):
            raise SealMismatch(f"{at(number)}: the fields of the creditor's account disagree")
        return iban, iban, told[1]


def _bank_code(number: int, iban: str) -> str:
    form = FORMATS.get(iban[:2])
    if form is None:
        raise SealMismatch(f"{at(number)}: the country of the IBAN is in no registry")
    return iban[form.bank]


_LETTERS = {code: None for code in range(128) if not 48 <= code <= 57 and code != ord(" ")}  # noqa: PLR2004 - but 0 to 9


def _hashed(rule: HashTotal, accounts: Sequence[str], codes: Sequence[str], minors: Sequence[int]) -> Sequence[int]:
    """Return what payments count for in the hash total."""
    of = accounts if rule.of == "creditor account" else codes
    start = -rule.last if rule.last else 0
    together = " ".join(of).translate(_LETTERS).split(" ")  # a call to translate takes longer than what it does
    digits = together if len(together) == len(of) else [text.translate(_LETTERS).replace(" ", "") for text in of]
    counted = [int(text[start:] or "0") for text in digits]
    return [one + minor for one, minor in zip(counted, minors, strict=True)] if rule.plus_amount else counted


class Claims:
    """What a record that is not about one payment says, until it can be compared."""

    def __init__(self, profile: Profile, layout: Layout, payments: Payments, name: str) -> None:
        fields: Sequence[FileField] = getattr(layout, name)
        self._matcher = Matcher(fields, layout, profile)
        self._rule = layout.hash_total
        self._payments = payments
        self._number = 0
        self._row: Sequence[str] = ()

    @property
    def taken(self) -> bool:
        """Whether such a record has been read and not yet compared."""
        return self._number > 0

    def take(self, number: int, line: str) -> None:
        """Read the record. Raises SealMismatch where one stands that was not compared yet."""
        if self.taken:
            raise SealMismatch(f"{at(number)}: a second record of this kind")
        self._number, self._row = number, self._matcher.row(number, line)
        for field, value in zip(self._matcher.named, self._row, strict=True):
            self._payments.check(number, self._matcher, field, value)

    def compare(self, tally: Tally, own: Callable[[str, Totals], str]) -> None:
        """Compare what was claimed with what was read."""
        rule, currency = self._rule, self._payments.currency
        total = None
        if rule is not None:
            total = (tally.hashed % rule.modulo if rule.modulo else tally.hashed) % int("1" + "0" * rule.digits)
        totals = Totals(count=tally.count, sum_minor=tally.sum, currency=currency, hash_total=total)
        for field, value in zip(self._matcher.named, self._row, strict=True):
            if not _fits(field, value, totals, tally.records, own):
                raise differs(self._matcher.where(self._number, self._matcher.place(field)))
        self._number = 0


def _fits(field: AnyField, value: str, totals: Totals, records: int, own: Callable[[str, Totals], str]) -> bool:
    match field:
        case Own():
            return value == own(field.name, totals)
        case FileAmount():
            return Amounts(field, totals.currency).minor(value) == totals.sum_minor
        case FileNumber(value="count"):
            return int(value) == totals.count
        case FileNumber(value="records"):
            return int(value) == records
        case FileNumber(value="hash_total"):
            return int(value) == totals.hash_total
        case FileCheck():
            number = {"count": totals.count, "sum": totals.sum_minor, "hash_total": totals.hash_total}[field.of]
            return holds(field.method, str(number), value)
    return True
