"""Reads a rendered delimited file back from its bytes: the four digests of a seal. Shares no code with the writer.

In the same pass the file is held against its record table: every field has the form that the layout gives it, lines
are numbered without gaps, and what the file says of itself (count, sum, hash total) equals what it holds.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime

from bank_adapters.flat.lines import at, cells, numbered
from bank_adapters.flat.totals import Totals
from bank_adapters.profile import Profile
from bank_adapters.profile.layout import (
    Constant,
    Created,
    ExecutionDate,
    FileAmount,
    FileField,
    FileReference,
    FileText,
    HashTotal,
    Layout,
    Own,
    PaymentAmount,
    PaymentField,
    PaymentReference,
    PaymentText,
    Remittance,
)
from bank_adapters.spi import Reread
from gateway.domain.digest import Hashed, PaymentsDigest
from gateway.domain.errors import ConfigError, SealMismatch, Unreadable
from gateway.domain.iban_registry import FORMATS
from gateway.domain.money import EXPONENT

_ENDS = {"CRLF": b"\r\n", "LF": b"\n"}
_SEPA = re.compile(r"[a-zA-Z0-9/\-?:().,'+ ]*")
_FORMS = {
    "msg_id": re.compile(r"[A-Za-z0-9]{1,35}"),
    "end_to_end_id": re.compile(r"[A-Za-z0-9]{1,35}"),
    "debtor_iban": re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}"),
    "creditor_iban": re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}"),
    "creditor_bank_code": re.compile(r"[A-Z0-9]{1,35}"),
    "creditor_number": re.compile(r"[A-Za-z0-9 ./-]{1,34}"),
    "creditor_country": re.compile(r"[A-Z]{2}"),
    "currency": re.compile(r"[A-Z]{3}"),
}
_SAME_ON_EVERY_LINE = frozenset({"msg_id", "debtor_iban", "currency", "category_purpose", "execution_date"})


def reread(pieces: Iterable[bytes], profile: Profile, own: Callable[[str, Totals], str]) -> Reread:
    """Read the digests of a file back; see `bank_adapters.spi.Adapter.reread`."""
    if profile.layout is None:
        raise ConfigError(f"bank {profile.slug}: has no layout")
    hashed = Hashed(pieces)
    file = _File(profile, profile.layout)
    try:
        _walk(numbered(hashed, profile.layout.encoding, end=_ENDS[profile.layout.line_end]), file)
    except Unreadable as error:
        raise SealMismatch(f"the rendered file cannot be read back: {error}") from error
    return file.digests(hashed, own)


def _walk(lines: Iterator[tuple[int, str]], file: "_File") -> None:
    """Give every line to its record: the first to the header, the last to the trailer, where the layout has them."""
    layout = file.layout
    if layout.header and (first := next(lines, None)) is not None:
        file.take_head(*first, layout.header)
    held: tuple[int, str] | None = None
    for line in lines:
        if held is not None:
            file.take_payment(*held)
        held = line
    if held is None:
        raise SealMismatch("the file is shorter than its layout")
    if layout.trailer:
        file.take_head(*held, layout.trailer)
    else:
        file.take_payment(*held)


class _File:
    """What is known so far of a file that streams by."""

    def __init__(self, profile: Profile, layout: Layout) -> None:
        self.layout = layout
        self._profile = profile
        self._payments = PaymentsDigest()
        self._ids: set[str] = set()
        self._same: dict[str, str] = {}
        self._hash_total = 0
        self._claims: list[tuple[str, FileField, str]] = []

    def take_head(self, number: int, text: str, fields: Sequence[FileField]) -> None:
        """Check header or trailer; what they claim of the whole file is compared at its end."""
        for where, field, value in self._fields(number, text, fields):
            if isinstance(field, Own) or field.value in {"count", "sum", "hash_total"}:
                self._claims.append((where, field, value))
            else:
                self._check(where, field, value)

    def take_payment(self, number: int, text: str) -> None:
        """Check a payment's line and add it."""
        found: dict[str, str] = {}
        for where, field, value in self._fields(number, text, self.layout.payment):
            if field.value == "line_number":
                self._check_number(where, value, field.digits, self.layout.first_line_number + self._payments.count)
            elif not isinstance(field, PaymentAmount):
                self._check(where, field, value)
            found[field.value] = value
        name, currency = found["end_to_end_id"], self._currency()
        if name in self._ids:
            raise SealMismatch(f"{at(number)}: an end_to_end_id stands more than once")
        self._ids.add(name)
        (field,) = (one for one in self.layout.payment if isinstance(one, PaymentAmount))
        minor = _minor(at(number), field, found["amount"], currency)
        key, digits = self._account(number, found)
        self._payments.add(name, key, minor, currency)
        if self.layout.hash_total is not None:
            self._hash_total += digits + (minor if self.layout.hash_total.plus_amount else 0)

    def _fields(
        self, number: int, text: str, fields: Sequence[FileField] | Sequence[PaymentField]
    ) -> Iterator[tuple[str, FileField | PaymentField, str]]:
        row = cells(number, text, delimiter=self.layout.delimiter, quoting=self.layout.quoting)
        if len(row) != len(fields):
            raise SealMismatch(f"{at(number)}: has {len(row)} fields, not {len(fields)}")
        for place, (field, value) in enumerate(zip(fields, row, strict=True), start=1):
            yield f"{at(number, place)} ({field.value})", field, value

    def _check(self, where: str, field: FileField | PaymentField, value: str) -> None:
        """Hold a field against the record table."""
        if isinstance(field, Constant):
            _demand(where, fits=value == field.text)
        elif isinstance(field, Created | ExecutionDate):
            _demand(where, fits=_is_moment(value, field.format))
        elif isinstance(field, FileText | PaymentText | Remittance):
            legal = self._profile.alphabet != "SEPA" or _SEPA.fullmatch(value) is not None
            _demand(where, fits=legal and len(value) <= field.max_length and bool(value.strip() or not field.required))
        elif isinstance(field, FileReference | PaymentReference):
            _demand(where, fits=_is_reference(field, value))
        if field.value in _SAME_ON_EVERY_LINE:
            _demand(where, fits=self._same.setdefault(field.value, value) == value)

    def _check_number(self, where: str, value: str, digits: int | None, expected: int) -> None:
        _demand(where, fits=value == (f"{expected:0{digits}d}" if digits else str(expected)))

    def _currency(self) -> str:
        """Return what the file has said of its currency, or the only one that the bank pays in."""
        currency = self._same.get("currency", self._profile.currencies[0])
        if currency not in self._profile.currencies:
            raise SealMismatch("the file is in a currency that the bank does not pay in")
        return currency

    def _account(self, number: int, found: dict[str, str]) -> tuple[str, int]:
        """Return the creditor's account as the payments digest has it, and what counts for the hash total."""
        rule, iban = self.layout.hash_total, found.get("creditor_iban", "")
        code, account = found.get("creditor_bank_code", ""), found.get("creditor_number", "")
        if iban:
            key, code = iban, _bank_code(number, iban)
            told = (found.get("creditor_country") or iban[:2], found.get("creditor_bank_code") or code, account)
            if told != (iban[:2], code, ""):
                raise SealMismatch(f"{at(number)}: the fields of the creditor's account disagree")
        else:
            country = found.get("creditor_country", self._profile.country)
            key = f"{country}/{code}/{account}"
            if not (country and code and account):
                raise SealMismatch(f"{at(number)}: holds no account of the creditor")
        return key, _digits(rule, iban or account, code) if rule else 0

    def digests(self, hashed: Hashed, own: Callable[[str, Totals], str]) -> Reread:
        """Return what the whole file said, if it agrees with what it holds."""
        if not self._payments.count:
            raise SealMismatch("the file holds no payment")
        rule, currency = self.layout.hash_total, self._currency()
        total = int(str(self._hash_total)[-rule.digits :]) if rule else None
        totals = Totals(count=self._payments.count, sum_minor=self._payments.sum, currency=currency, hash_total=total)
        for where, field, value in self._claims:
            self._compare(where, field, value, totals, own)
        return Reread(
            count=totals.count,
            sum_minor=totals.sum_minor,
            currency=currency,
            payments_digest=self._payments.hexdigest(),
            sha256=hashed.hash.hexdigest(),
            size=hashed.size,
        )

    def _compare(
        self, where: str, field: FileField, value: str, totals: Totals, own: Callable[[str, Totals], str]
    ) -> None:
        if isinstance(field, Own):
            _demand(where, fits=value == own(field.name, totals))
        elif isinstance(field, FileAmount):
            _demand(where, fits=_minor(where, field, value, totals.currency) == totals.sum_minor)
        elif field.value == "count":
            self._check_number(where, value, field.digits, totals.count)
        elif self.layout.hash_total is not None and totals.hash_total is not None:
            self._check_number(where, value, self.layout.hash_total.digits, totals.hash_total)


def _demand(where: str, *, fits: bool) -> None:
    if not fits:
        raise SealMismatch(f"{where}: is not what the layout or the rest of the file says")


def _is_reference(field: FileReference | PaymentReference, value: str) -> bool:
    """Whether a text is what machines may read in this field."""
    if not value:
        return not field.required
    form = _FORMS.get(field.value)
    within = field.max_length is None or len(value) <= field.max_length
    return within and value.isascii() and (form is None or form.fullmatch(value) is not None)


def _is_moment(value: str, form: str) -> bool:
    """Whether a text is a time in exactly this form."""
    try:
        return datetime.strptime(value, form).strftime(form) == value  # noqa: DTZ007 - compared as text only
    except ValueError:
        return False


def _minor(where: str, field: FileAmount | PaymentAmount, value: str, currency: str) -> int:
    """Read an amount that stands in exactly the layout's form."""
    exponent = EXPONENT[currency]
    decimals = exponent if field.decimals is None else field.decimals
    sign = field.decimal_sign if field.decimal_sign != "none" and decimals else ""
    form = rf"[0-9]{{1,20}}{re.escape(sign)}[0-9]{{{decimals}}}" if sign else "[0-9]{1,25}"
    _demand(where, fits=re.fullmatch(form, value, re.ASCII) is not None)
    digits = value.replace(sign, "") if sign else value
    least = decimals + 1 if sign else 1
    if field.digits is None:
        _demand(where, fits=len(digits) == least or digits[0] != "0")
    else:
        _demand(where, fits=len(digits) == field.digits)
    minor, rest = divmod(int(digits), int("1" + "0" * (decimals - exponent)))
    _demand(where, fits=rest == 0 and minor > 0)
    return minor


def _bank_code(number: int, iban: str) -> str:
    form = FORMATS.get(iban[:2])
    if form is None:
        raise SealMismatch(f"{at(number)}: the country of the IBAN is in no registry")
    return iban[form.bank]


def _digits(rule: HashTotal, account: str, code: str) -> int:
    """Return what one payment counts for in the hash total."""
    digits = "".join(sign for sign in (account if rule.of == "creditor account" else code) if "0" <= sign <= "9")
    return int(digits[-rule.last :] if rule.last else digits) if digits else 0
