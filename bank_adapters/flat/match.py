"""A record of the layout, made ready to read: one pattern for a whole line, so that a sound line costs one match.

Only where a line does not match it is looked at field by field, to say which one is wrong.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from types import MappingProxyType

from bank_adapters.alphabet import alphabet
from bank_adapters.flat.lines import at, cells
from bank_adapters.flat.verify import FORMS as CHECK_FORMS
from bank_adapters.profile import Profile
from bank_adapters.profile.fields import (
    AnyField,
    Cell,
    CollectionDate,
    Constant,
    Created,
    ExecutionDate,
    FileAmount,
    FileCheck,
    FileNumber,
    FileReference,
    FileText,
    InstrumentCode,
    MoreReference,
    Own,
    PayeeId,
    PaymentAmount,
    PaymentCheck,
    PaymentNumber,
    PaymentReference,
    PaymentText,
    Remittance,
    RemittanceRest,
)
from bank_adapters.profile.layout import Layout
from gateway.domain.errors import SealMismatch, Unreadable
from gateway.domain.money import EXPONENT

_BETWEEN = "\x1f"
"""Stands between fields in what is matched; lines hold no control character."""
_ANY = f"[^{_BETWEEN}]"
_HERE_ENDS = rf"(?={_BETWEEN}|\Z)"
_IBAN = r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}"
_FORMS: Mapping[str, str] = MappingProxyType(
    {
        "msg_id": "[A-Za-z0-9]{1,35}",
        "end_to_end_id": "[A-Za-z0-9]{1,35}",
        "debtor_iban": _IBAN,
        "creditor_iban": _IBAN,
        "creditor_bban": "[A-Z0-9]{11,30}",
        "creditor_bank_code": "[A-Z0-9]{1,35}",
        "creditor_number": "[A-Za-z0-9 ./-]{1,34}",
        "creditor_id": "[!-~]{1,35}",
        "creditor_country": "[A-Z]{2}",
        "currency": "[A-Z]{3}",
    }
)
_WITHOUT_BLANKS = frozenset(_FORMS) - {"creditor_number"}
_TIMES = MappingProxyType({"Y": "[0-9]{4}", "j": "[0-9]{3}"})


class Matcher:
    """Reads lines of one record; `names` are the fields that a row holds, in this order, by value ("" a constant's)."""

    def __init__(self, fields: Sequence[AnyField], layout: Layout, profile: Profile) -> None:
        self.fields = fields
        self._layout = layout
        patterns = [_pattern(field, layout, profile) for field in fields]
        self._each = [re.compile(pattern) for pattern in patterns]
        self._whole = re.compile(_BETWEEN.join(patterns))
        self.named = tuple(field for field in fields if not isinstance(field, Constant | _UNREAD))
        self._parted = self._columns() if layout.fixed else self._cells

    def _columns(self) -> Callable[[int, str], Sequence[str]]:
        starts, place = [], 0
        for field in self.fields:
            starts.append(slice(place, place + (field.width or 0)))
            place += field.width or 0
        get: Callable[[str], Sequence[str]] = itemgetter(*starts, slice(0, 0))

        def parted(number: int, text: str) -> Sequence[str]:
            if len(text) != place:
                raise SealMismatch(f"{at(number)}: has {len(text)} columns, not {place}")
            return get(text)[:-1]

        return parted

    def _cells(self, number: int, text: str) -> Sequence[str]:
        layout = self._layout
        try:
            found = cells(number, text, delimiter=layout.delimiter or "", quoting=layout.quoting)
        except Unreadable as error:
            raise SealMismatch(f"the rendered file cannot be read back: {error}") from None
        if len(found) != len(self.fields):
            raise SealMismatch(f"{at(number)}: has {len(found)} fields, not {len(self.fields)}")
        return found

    def row(self, number: int, text: str) -> Sequence[str]:
        """Return what the fields of a line hold, in the order of `named`. Raises SealMismatch naming the field."""
        parts = self._parted(number, text)
        found = self._whole.fullmatch(_BETWEEN.join(parts))
        return found.groups() if found is not None else self._field_by_field(number, parts)

    def _field_by_field(self, number: int, parts: Sequence[str]) -> Sequence[str]:
        for place, (pattern, part) in enumerate(zip(self._each, parts, strict=True)):
            if pattern.fullmatch(part) is None:
                raise differs(self.where(number, place))
        raise differs(at(number))

    def begin(self, number: int, text: str) -> str:
        """Return what the first field of a delimited line holds, whatever its record."""
        found = cells(number, text, delimiter=self._layout.delimiter or "", quoting=self._layout.quoting)
        return found[0].ljust(self.fields[0].width or 0) if found else ""

    def where(self, number: int, place: int) -> str:
        """Write where a field of this record stands."""
        return f"{at(number, place + 1)} ({self.fields[place].value})"

    def place(self, field: Cell) -> int:
        """Return the place of a field of this record, from 0."""
        return next(place for place, one in enumerate(self.fields) if one is field)


_UNREAD = FileText | PaymentText | Remittance | RemittanceRest
"""Fields whose form is checked and whose content is compared with nothing."""


def differs(where: str) -> SealMismatch:
    """Return the error about a field that is not what it should be."""
    return SealMismatch(f"{where}: is not what the layout or the rest of the file says")


def _pattern(field: AnyField, layout: Layout, profile: Profile) -> str:
    """Return the pattern of a field with what fills it up; a group holds what is read."""
    if isinstance(field, Constant):
        return _filled(field, re.escape(field.text))
    if isinstance(field, _UNREAD):
        return _filled(field, _text(field, profile))
    if isinstance(field, FileAmount | PaymentAmount):
        return _filled(field, f"({_amount(field)})")
    if isinstance(field, FileNumber | PaymentNumber):
        return _filled(field, f"({_number(field, layout)})")
    return _filled(field, f"({_form(field)})")


def _filled(field: Cell, content: str) -> str:
    if field.width is None or (field.numeric and (field.padding, field.aligned) == ("0", "right")):
        return content  # zeros in front are part of a number's form
    pad = f"{re.escape(field.padding)}*"
    return f"{content}{pad}" if field.aligned == "left" else f"{pad}{content}"


def _form(field: AnyField) -> str:
    match field:
        case Created(format=form) | ExecutionDate(format=form):
            return _moment(form)
        case CollectionDate(format=form):
            return f"(?:{_moment(form)})?"
        case FileCheck(method=method) | PaymentCheck(method=method):
            return CHECK_FORMS[method]
        case InstrumentCode():
            return "|".join(map(re.escape, field.codes.values()))
        case Own():
            return "[ -~]+?"
        case FileReference() | PaymentReference() | MoreReference() | PayeeId():
            return _reference(field)
    raise TypeError(field.value)


def _reference(field: FileReference | PaymentReference | MoreReference | PayeeId) -> str:
    """Machines read it: letters of ASCII, in the form that the thing has; as short as what fills it up leaves it."""
    form = _FORMS.get(field.value, f"[ -~]{{1,{field.longest or 200}}}")
    pad = re.escape(field.padding) if field.width is not None else ""
    behind = f"(?={pad}*{_HERE_ENDS})" if pad and field.aligned == "left" else _HERE_ENDS
    short = f"(?={_ANY}{{0,{field.longest}}}{behind})" if field.longest is not None and not pad else ""
    told_apart = field.padding == " " and field.value in _WITHOUT_BLANKS
    lazy = "?" if pad and field.aligned == "left" and not told_apart else ""
    return f"{short}{form}{lazy}" if field.required else f"(?:{short}{form}{lazy})??{behind}"


def _text(field: _UNREAD, profile: Profile) -> str:
    small = "" if profile.alphabet.endswith("-upper") else "a-z"
    if alphabet(profile.alphabet).encoding == "ascii":
        letter = rf"[A-Z{small}0-9/\-?:().,'+ ]"
    else:
        letter = _ANY if small else f"[^{_BETWEEN}a-z]"
    needed = f"(?! *{_HERE_ENDS})" if field.required else ""
    return f"{needed}{letter}{{0,{field.longest}}}"


def _number(field: FileNumber | PaymentNumber, layout: Layout) -> str:
    rule = layout.hash_total
    digits = rule.digits if field.value == "hash_total" and rule else field.digits
    zeros = field.width is not None and (field.padding, field.aligned) == ("0", "right")
    if zeros:
        return f"[0-9]{{{field.width}}}"
    return f"[0-9]{{{digits}}}" if digits else "0|[1-9][0-9]{0,17}"


def _amount(field: FileAmount | PaymentAmount) -> str:
    """An amount's form, whatever its currency's decimals: `minor` holds it to them."""
    plus = {"none": ("", ""), "leading": (r"\+", ""), "trailing": ("", r"\+")}[field.plus]
    sign = re.escape(field.decimal_sign) if field.decimal_sign != "none" else ""
    return f"{plus[0]}[0-9]{{1,25}}(?:{sign}[0-9]{{0,5}})?{plus[1]}" if sign else f"{plus[0]}[0-9]{{1,25}}{plus[1]}"


def _moment(form: str) -> str:
    parts = re.split("%(.)", form)
    return "".join(_TIMES.get(part, "[0-9]{2}") if place % 2 else re.escape(part) for place, part in enumerate(parts))


class Amounts:
    """Reads amounts that stand in exactly the layout's form, in minor units of a currency."""

    def __init__(self, field: FileAmount | PaymentAmount, currency: str) -> None:
        exponent = EXPONENT[currency]
        decimals = exponent if field.decimals is None else field.decimals
        sign = field.decimal_sign if field.decimal_sign != "none" and decimals else ""
        wide = field.digits
        if wide is None and field.width is not None and (field.padding, field.aligned) == ("0", "right"):
            wide = field.width - len(sign) - (field.plus != "none")
        before = f"[0-9]{{{wide - decimals if sign else wide}}}" if wide else "(?:0|[1-9][0-9]{0,24})"
        behind = f"{re.escape(sign)}[0-9]{{{decimals}}}" if sign else ""
        plus = {"none": ("", ""), "leading": (r"\+", ""), "trailing": ("", r"\+")}[field.plus]
        self._form = re.compile(f"{plus[0]}{before}{behind}{plus[1]}")
        self._sign, self._plus = sign, field.plus != "none"
        self._scale = int("1" + "0" * (decimals - exponent))

    def minors(self, texts: Sequence[str]) -> Sequence[int] | None:
        """Return minor units of many; None where one of the texts is no amount in the layout's form."""
        if self._sign or self._plus or self._scale > 1 or not all(map(self._form.fullmatch, texts)):
            found = [self.minor(text) for text in texts]
            sound = [minor for minor in found if minor is not None]
            return sound if len(sound) == len(found) else None
        minors = list(map(int, texts))
        return minors if min(minors) > 0 else None

    def minor(self, text: str) -> int | None:
        """Return minor units; None where the text is no amount in the layout's form."""
        if self._form.fullmatch(text) is None:
            return None
        digits = text.replace("+", "") if self._plus else text
        minor, rest = divmod(int(digits.replace(self._sign, "") if self._sign else digits), self._scale)
        return minor if minor > 0 and not rest else None
