"""The suite's own reading of a flat file: by the profile's layout, without the adapter's reader.

It takes exactly the records and fields that the layout names, checks the totals by its own arithmetic, and takes lines
apart sign by sign (the adapter's reader uses patterns and the csv module).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bank_adapters.contract.seen import Seen, WitnessError, Written, minor
from bank_adapters.profile import Profile
from bank_adapters.profile.fields import (
    AnyField,
    CollectionDate,
    Constant,
    Created,
    ExecutionDate,
    FileAmount,
    PayeeId,
    PaymentAmount,
)
from bank_adapters.profile.layout import Layout
from gateway.domain.iban_registry import FORMATS

Record = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """One line: which record it is, and what its fields hold without what fills them up."""

    kind: str
    fields: Sequence[AnyField]
    record: Record


def flat(document: bytes, profile: Profile) -> Written:
    """Read a file. Raises WitnessError where it is not what the layout says."""
    layout = profile.layout
    if layout is None:
        raise WitnessError("a profile without a layout")
    read = list(_all_records(_lines(document, layout), layout))
    payments = [one.record for one in read if one.kind == "payment"]
    _check_order([one.kind for one in read], layout)
    about = {key: value for one in read if one.kind != "payment" for key, value in one.record.items()}
    currency = about.get("currency", profile.currencies[0])
    seen = tuple(_payment(one, layout, profile, one.get("currency", currency)) for one in payments)
    _check_numbers(read, layout)
    _check_hash(read, seen, layout)
    names = {one.record["msg_id"] for one in read if "msg_id" in one.record}
    return Written(
        payments=seen,
        claims=tuple(_claims(read, currency)),
        ids=tuple(sorted(names)),
        texts=tuple(value.strip() for one in read for value in one.record.values() if value.strip()),
    )


# Lines and records ------------------------------------------------------------------------------------------------


def _lines(document: bytes, layout: Layout) -> list[str]:
    try:
        text = document.decode(layout.encoding)
    except UnicodeDecodeError:
        raise WitnessError(f"the bytes are not in {layout.encoding}") from None
    if layout.line_end == "none":
        size = sum(field.width or 0 for field in layout.payment)
        if len(text) % size:
            raise WitnessError("the file does not consist of whole records")
        lines = [text[start : start + size] for start in range(0, len(text), size)]
    else:
        end = "\r\n" if layout.line_end == "CRLF" else "\n"
        if text.endswith(end) != layout.last_line_ended:
            raise WitnessError("the last line does not end as the layout says")
        lines = text.removesuffix(end).split(end)
    if any(sign in line for line in lines for sign in "\r\n\0\v\f\x1c\x1d\x1e\x85"):
        raise WitnessError("a line holds a control character")
    return lines


def _all_records(lines: Sequence[str], layout: Layout) -> Iterator[_Read]:
    """Give every line to its record: header and trailer by their place, others by the constant at their beginning."""
    kinds: dict[str, Sequence[AnyField]] = {"payment": layout.payment}
    kinds |= {name: getattr(layout, name) for name in ("debtor", "debtor_trailer") if getattr(layout, name)}
    kinds |= {f"following {place}": one.fields for place, one in enumerate(layout.following)}
    last = len(lines) - 1
    for place, line in enumerate(lines):
        if place == 0 and layout.header:
            kind, fields = "header", layout.header
        elif place == last and layout.trailer:
            kind, fields = "trailer", layout.trailer
        else:
            kind = _kind(line, kinds, layout)
            fields = kinds[kind]  # type: ignore[assignment]
        where = f"line {place + 1}"
        yield _Read(kind=kind, fields=fields, record=_record(_split(line, fields, layout), fields, where))


def _kind(line: str, kinds: Mapping[str, Sequence[AnyField]], layout: Layout) -> str:
    if len(kinds) == 1:
        return "payment"
    for kind, fields in kinds.items():
        first = fields[0]
        begins = line[: first.width] if layout.fixed else _split(line, fields, layout)[0]
        if isinstance(first, Constant) and begins.rstrip() == first.text.rstrip():
            return kind
    raise WitnessError("a line begins like none of the layout's records")


def _check_order(kinds: Sequence[str], layout: Layout) -> None:
    """Check that records stand where the layout has them."""
    before = ""
    inside = not layout.debtor
    for kind in kinds:
        if kind == "debtor":
            inside = True
        elif kind == "payment" and not inside:
            raise WitnessError("a payment before the record of its paying account")
        elif kind == "debtor_trailer":
            inside = False
        elif kind.startswith("following") and not (before == "payment" or before <= kind):
            raise WitnessError("a record that follows no payment, or stands in another order")
        before = kind
    if "payment" not in kinds:
        raise WitnessError("fewer lines than the layout has records")


def _split(line: str, fields: Sequence[AnyField], layout: Layout) -> list[str]:
    if not layout.fixed:
        return _cells(line, layout)
    found, rest = [], line
    for field in fields:
        width = field.width or 0
        if len(rest) < width:
            raise WitnessError("a line is shorter than its record")
        found.append(rest[:width])
        rest = rest[width:]
    if rest:
        raise WitnessError("a line is longer than its record")
    return found


def _cells(line: str, layout: Layout) -> list[str]:
    """Take a delimited line apart, sign by sign."""
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


# Fields -----------------------------------------------------------------------------------------------------------


def _record(row: Sequence[str], fields: Sequence[AnyField], where: str) -> dict[str, str]:
    if len(row) != len(fields):
        raise WitnessError(f"{where}: {len(row)} fields, the layout has {len(fields)}")
    found: dict[str, str] = {}
    for field, raw in zip(fields, row, strict=True):
        value = _unfilled(field, raw, where)
        _check(field, value, where)
        found[field.value] = value
    return found


def _unfilled(field: AnyField, raw: str, where: str) -> str:
    """Take off what fills a field up. Zeros before a number stay: they are part of its form."""
    if field.width is None:
        return raw
    if len(raw) != field.width:
        raise WitnessError(f"{where}: {field.value} has not its width")
    value = raw
    while (
        value
        and value[-1 if field.aligned == "left" else 0] == field.padding
        and not (field.numeric and field.padding == "0")
    ):
        value = value[:-1] if field.aligned == "left" else value[1:]
    return value


def _check(field: AnyField, value: str, where: str) -> None:
    """Check what the layout says of one field, whatever it means."""
    if isinstance(field, Constant) and value.rstrip() != field.text.rstrip():
        raise WitnessError(f"{where}: a constant is not that of the layout")
    if isinstance(field, Created | ExecutionDate | CollectionDate) and (value or not isinstance(field, CollectionDate)):
        try:
            datetime.strptime(value, field.format)  # noqa: DTZ007 - only its form is of interest
        except ValueError:
            raise WitnessError(f"{where}: {field.value} is not of the form {field.format}") from None
    longest, digits = getattr(field, "longest", None), getattr(field, "digits", None)
    if longest is not None and len(value) > longest:
        raise WitnessError(f"{where}: {field.value} is longer than {longest}")
    if (
        digits is not None
        and not isinstance(field, FileAmount | PaymentAmount)
        and len(value) not in {digits, field.width}
    ):
        raise WitnessError(f"{where}: {field.value} has not {digits} digits")
    if getattr(field, "required", False) and not value.strip() and field.value != "remittance_rest":
        raise WitnessError(f"{where}: {field.value} is empty")


def _payment(record: Record, layout: Layout, profile: Profile, currency: str) -> Seen:
    amount = next(field for field in layout.payment if isinstance(field, PaymentAmount))
    return Seen(
        end_to_end_id=record["end_to_end_id"],
        account=_account(record, layout, profile),
        amount_minor=_amount(record["amount"], amount, currency),
        currency=currency,
        name=record.get("creditor_name", ""),
    )


def _account(record: Record, layout: Layout, profile: Profile) -> str:
    country = record.get("creditor_country") or profile.country
    if record.get("creditor_iban"):
        return record["creditor_iban"]
    if bban := record.get("creditor_bban"):
        number = int("".join(str(int(sign, 36)) for sign in bban + country) + "00")
        return f"{country}{98 - number % 97:02d}{bban}"
    if payee := record.get("creditor_id"):
        scheme = next(field.scheme for field in layout.payment if isinstance(field, PayeeId))
        return f"{scheme}:{payee}"
    return f"{country}/{record.get('creditor_bank_code', '')}/{record.get('creditor_number', '')}"


def _amount(text: str, field: FileAmount | PaymentAmount, currency: str) -> int:
    if field.plus != "none":
        bare = text[1:] if field.plus == "leading" else text[:-1]
        if text != (f"+{bare}" if field.plus == "leading" else f"{bare}+"):
            raise WitnessError("an amount without its sign")
        text = bare
    if field.digits is not None and len(text.replace(",", "").replace(".", "")) != field.digits:
        raise WitnessError("an amount has not the digits that the layout says")
    if field.decimal_sign == "none":
        decimals = field.decimals if field.decimals is not None else _exponent(currency)
        text = text.rjust(decimals + 1, "0")
        text = f"{text[: len(text) - decimals]}.{text[len(text) - decimals :]}" if decimals else text
    else:
        text = text.replace(field.decimal_sign, ".")
    if not text.replace(".", "", 1).isdecimal():
        raise WitnessError("an amount that is no plain number")
    return minor(text, currency)


def _exponent(currency: str) -> int:
    return len(str(minor("1", currency))) - 1


# What the file says of itself ---------------------------------------------------------------------------------------


def _claims(read: Sequence[_Read], currency: str) -> Iterator[tuple[str, int | None, int | None]]:
    """Yield what header and trailer claim of the whole file."""
    for one in read:
        if one.kind not in {"header", "trailer"}:
            continue
        count = one.record.get("count")
        total = next((field for field in one.fields if isinstance(field, FileAmount)), None)
        if count is not None and not count.isdecimal():
            raise WitnessError(f"{one.kind}: count is no number")
        if count is not None or total is not None:
            claimed = None if total is None else _amount(one.record["sum"], total, currency)
            yield one.kind, None if count is None else int(count), claimed


def _check_numbers(read: Sequence[_Read], layout: Layout) -> None:
    """Count the payments and the records, wherever they are numbered."""
    paid = layout.first_line_number - 1
    for place, one in enumerate(read, start=1):
        paid += one.kind == "payment"
        if "line_number" in one.record and int(one.record["line_number"]) != paid:
            raise WitnessError("line numbers do not count the payments: answers by line number would hit others")
        if "record_number" in one.record and int(one.record["record_number"]) != place:
            raise WitnessError("record numbers do not count the records")
        if one.kind in {"header", "trailer"} and int(one.record.get("records", len(read))) != len(read):
            raise WitnessError(f"{one.kind}: the number of records is another one")


def _check_hash(read: Sequence[_Read], seen: Sequence[Seen], layout: Layout) -> None:
    """Add the hash total up again."""
    rule = layout.hash_total
    if rule is None:
        return
    total = 0
    payments = [line.record for line in read if line.kind == "payment"]
    for record, one in zip(payments, seen, strict=True):
        number = one.account.rpartition("/")[2].rpartition(":")[2]
        if rule.of == "creditor bank code":
            number = record.get("creditor_bank_code") or one.account[FORMATS[one.account[:2]].bank]
        digits = "".join(sign for sign in number if sign in "0123456789")
        total += int(digits[-rule.last :] if rule.last else digits or "0") + one.amount_minor * rule.plus_amount
    total = (total % rule.modulo if rule.modulo else total) % 10**rule.digits
    for line in read:
        if line.kind in {"header", "trailer"} and int(line.record.get("hash_total", total)) != total:
            raise WitnessError("the hash total is not that of the payments in the bytes")
