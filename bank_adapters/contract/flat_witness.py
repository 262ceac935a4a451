"""The suite's own reading of a delimited file: by the profile's layout, without the adapter's reader.

It takes exactly the records and fields that the layout names, checks the totals by its own arithmetic, and splits lines
sign by sign (the adapter's reader uses the csv module).
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from bank_adapters.contract.seen import Seen, WitnessError, Written, minor
from bank_adapters.profile import Profile
from bank_adapters.profile.layout import (
    Constant,
    Created,
    ExecutionDate,
    FileAmount,
    FileField,
    Layout,
    PaymentAmount,
    PaymentField,
)
from gateway.domain.iban_registry import FORMATS

Record = Mapping[str, str]


def delimited(document: bytes, profile: Profile) -> Written:
    """Read a file. Raises WitnessError where it is not what the layout says."""
    layout = profile.layout
    if layout is None:
        raise WitnessError("a profile without a layout")
    rows = [_split(line, layout) for line in _lines(document, layout)]
    header, lines, trailer = _records(rows, layout)
    about = _record(header, layout.header, "header") | _record(trailer, layout.trailer, "trailer")
    payments = [_record(row, layout.payment, f"payment {n}") for n, row in enumerate(lines, start=1)]
    currency = about.get("currency", profile.currencies[0])
    seen = tuple(_payment(one, layout, profile, one.get("currency", currency)) for one in payments)
    _check_lines(payments, layout)
    _check_hash(about, payments, seen, layout)
    names = {record[key] for record in (about, *payments) for key in ("msg_id",) if key in record}
    return Written(
        payments=seen,
        claims=tuple(_claims(about, layout, currency)),
        ids=tuple(sorted(names)),
        texts=tuple(value.strip() for row in rows for value in row if value.strip()),
    )


def _lines(document: bytes, layout: Layout) -> list[str]:
    try:
        text = document.decode(layout.encoding)
    except UnicodeDecodeError:
        raise WitnessError(f"the bytes are not in {layout.encoding}") from None
    end = "\r\n" if layout.line_end == "CRLF" else "\n"
    if not text.endswith(end):
        raise WitnessError("the last line does not end as the layout says")
    lines = text.removesuffix(end).split(end)
    if any(sign in line for line in lines for sign in "\r\n\0\v\f\x1c\x1d\x1e\x85"):
        raise WitnessError("a line holds a control character")
    return lines


def _split(line: str, layout: Layout) -> list[str]:
    """Take a line apart, sign by sign."""
    fields, field, quoted, place = [], "", False, 0
    doubled = layout.quoting in {"needed", "always"}
    while place < len(line):
        sign, following = line[place], line[place + 1 : place + 2]
        place += 1
        if doubled and sign == '"':
            if quoted and following == '"':
                field, place = field + sign, place + 1
            else:
                quoted = not quoted
        elif layout.quoting == "backslash" and sign == "\\":
            field, place = field + following, place + 1
        elif sign == layout.delimiter and not quoted:
            fields.append(field)
            field = ""
        else:
            field += sign
    if quoted:
        raise WitnessError("a quote that is never closed")
    return [*fields, field]


def _records(rows: Sequence[list[str]], layout: Layout) -> tuple[list[str], Sequence[list[str]], list[str]]:
    first, last = int(bool(layout.header)), len(rows) - int(bool(layout.trailer))
    if last <= first:
        raise WitnessError("fewer lines than the layout has records")
    return (rows[0] if first else []), rows[first:last], (rows[-1] if layout.trailer else [])


def _record(row: Sequence[str], fields: Sequence[FileField | PaymentField], where: str) -> dict[str, str]:
    if len(row) != len(fields):
        raise WitnessError(f"{where}: {len(row)} fields, the layout has {len(fields)}")
    found: dict[str, str] = {}
    for field, value in zip(fields, row, strict=True):
        _check(field, value, where)
        found[field.value] = value
    return found


def _check(field: FileField | PaymentField, value: str, where: str) -> None:
    """Check what the layout says of one field, whatever it means."""
    if isinstance(field, Constant) and value != field.text:
        raise WitnessError(f"{where}: a constant is not that of the layout")
    if isinstance(field, Created | ExecutionDate):
        try:
            datetime.strptime(value, field.format)  # noqa: DTZ007 - only its form is of interest
        except ValueError:
            raise WitnessError(f"{where}: {field.value} is not of the form {field.format}") from None
    longest, digits = getattr(field, "max_length", None), getattr(field, "digits", None)
    if longest is not None and len(value) > longest:
        raise WitnessError(f"{where}: {field.value} is longer than {longest}")
    if digits is not None and not isinstance(field, FileAmount | PaymentAmount) and len(value) != digits:
        raise WitnessError(f"{where}: {field.value} has not {digits} digits")
    if getattr(field, "required", False) and not value.strip():
        raise WitnessError(f"{where}: {field.value} is empty")


def _payment(record: Record, layout: Layout, profile: Profile, currency: str) -> Seen:
    amount = next(field for field in layout.payment if isinstance(field, PaymentAmount))
    account = record.get("creditor_iban")
    if not account:
        country = record.get("creditor_country") or profile.country
        account = f"{country}/{record.get('creditor_bank_code', '')}/{record.get('creditor_number', '')}"
    return Seen(
        end_to_end_id=record["end_to_end_id"],
        account=account,
        amount_minor=_amount(record["amount"], amount, currency),
        currency=currency,
        name=record.get("creditor_name", ""),
    )


def _amount(text: str, field: FileAmount | PaymentAmount, currency: str) -> int:
    if field.digits is not None and len(text.replace(",", "").replace(".", "")) not in {field.digits, field.digits - 1}:
        raise WitnessError("an amount has not the digits that the layout says")
    if field.decimal_sign == "none":
        decimals = field.decimals if field.decimals is not None else _exponent(currency)
        text = f"{text[: len(text) - decimals] or '0'}.{text[len(text) - decimals :]}" if decimals else text
    else:
        text = text.replace(field.decimal_sign, ".")
    if not text.replace(".", "", 1).isdecimal():
        raise WitnessError("an amount that is no plain number")
    return minor(text, currency)


def _exponent(currency: str) -> int:
    return len(str(minor("1", currency))) - 1


def _claims(about: Record, layout: Layout, currency: str) -> Iterator[tuple[str, int | None, int | None]]:
    for where, record in (("header", layout.header), ("trailer", layout.trailer)):
        count = about.get("count") if any(field.value == "count" for field in record) else None
        total = next((field for field in record if isinstance(field, FileAmount)), None)
        if count is not None and not count.isdecimal():
            raise WitnessError(f"{where}: count is no number")
        if count is not None or total is not None:
            claimed = None if total is None else _amount(about["sum"], total, currency)
            yield where, None if count is None else int(count), claimed


def _check_lines(payments: Sequence[Record], layout: Layout) -> None:
    if "line_number" not in payments[0]:
        return
    if [int(one["line_number"]) for one in payments] != [layout.first_line_number + n for n in range(len(payments))]:
        raise WitnessError("line numbers do not count the payments: answers by line number would hit others")


def _check_hash(about: Record, payments: Sequence[Record], seen: Sequence[Seen], layout: Layout) -> None:
    """Add the hash total up again."""
    rule = layout.hash_total
    if rule is None:
        return
    total = 0
    for record, one in zip(payments, seen, strict=True):
        number = one.account.rpartition("/")[2]
        if rule.of == "creditor bank code":
            number = record.get("creditor_bank_code") or one.account[FORMATS[one.account[:2]].bank]
        digits = "".join(sign for sign in number if sign in "0123456789")
        total += int(digits[-rule.last :] if rule.last else digits or "0") + one.amount_minor * rule.plus_amount
    if int(about["hash_total"]) != total % 10**rule.digits:
        raise WitnessError("the hash total is not that of the payments in the bytes")
