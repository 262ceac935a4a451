"""What an entry (Ntry) of a camt.052, .053 or .054 says of itself, and what its transactions inherit.

Sign is CdtDbtInd: RvslInd flips it only where the bank's profile says so (five real reversals balance only unflipped).
Booked is the entry status BOOK alone; a statement's entry without any status is booked where the profile says so.
Reference: iso20022-and-banks 0.5 and 3.1.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from bank_adapters.iso20022.shapes import Fields, Shapes, Tree, key_of, leaf, places, tree
from bank_adapters.iso20022.xml import (
    Element,
    child,
    children,
    day_in,
    descend,
    known_reference,
    minor_units,
    money,
    text,
    values,
)
from bank_adapters.profile import StatementRules
from gateway.domain.errors import Unreadable
from gateway.domain.identity import end_to_end_id_in
from gateway.domain.observation import ToldBy

DETAILS = "NtryDtls"
SIGNS = {"CRDT": True, "DBIT": False}
"""CdtDbtInd -> whether it is a credit."""
_TRUE = frozenset({"true", "1"})
_RETURN_FAMILIES = frozenset({"RRTN", "ARET"})
_CHARGE_FAMILIES = frozenset({"CHRG", "FEES", "COMM", "COME", "COMI", "COMT"})
_RETURN_CODES = frozenset({"ach credit reject/payment return"})
"""A proprietary code that says return in its own words, seen where the bank gives no other."""
_SEVERAL = frozenset({"Chrgs", "AddtlNtryInf", DETAILS})
_WANTED = _SEVERAL | frozenset({"Amt", "CdtDbtInd", "RvslInd", "Sts", "BookgDt", "AcctSvcrRef", "BkTxCd"})
_CODE_OR_OWN = frozenset({"Cd", "Prtry"})
_DATES = frozenset({"Dt", "DtTm"})
_TERMS_MAX = 1_000


class Terms(NamedTuple):
    """What the codes of an entry come to. `flipped`: RvslInd turned the sign around."""

    credit: bool
    flipped: bool
    status: str | None
    booked: bool | None
    returned: bool
    fee: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How entries are to be read: which report tells them, and what the bank's profile says of it."""

    told_by: ToldBy
    flips: bool
    booked_without_status: bool
    return_codes: frozenset[str]
    known: dict[tuple[str, ...], Terms] = field(default_factory=dict, compare=False)
    """Codes of entries -> what they come to; banks use a handful."""


def manner(told_by: ToldBy, rules: StatementRules) -> Manner:
    """Return how one report of one bank is read."""
    return Manner(
        told_by=told_by,
        flips=rules.reversal_flips_sign,
        booked_without_status=told_by is ToldBy.STATEMENT and rules.missing_status_is_booked,
        return_codes=_RETURN_CODES | {code.casefold() for code in rules.return_codes},
    )


class Charges(NamedTuple):
    """Charges that accompany an amount: whether there are any, and how much where that is told in its currency."""

    some: bool = False
    minor: int | None = None


NO_CHARGES = Charges()


class Place(NamedTuple):
    """Where an entry stands: the places of its account and of itself, from 1, and whose account it is."""

    statement: int
    number: int
    account: str | None
    path: str


class Head(NamedTuple):
    """What an entry says of all its transactions. `signed` is its amount with its sign."""

    place: Place
    amount: tuple[int, str]
    signed: int
    terms: Terms
    booking_date: date | None
    entry_ref: str | None
    charges: Charges


class Shape(NamedTuple):
    """Where the head of an entry has its values.

    `within` says for each place between its tags in which of its details a transaction would stand there, from 0; -1
    where none may. `described`: some of the details tell of a batch.
    """

    fields: Fields
    currency: str | None
    within: Sequence[int]
    details: int
    charged: bool
    described: bool
    remarks: Sequence[int]


def _shape(made: Tree, path: str) -> Shape:
    """Find the values of an entry. Raises Unreadable where what may stand once stands twice, or is split."""
    entry = made.root
    found = values(entry, _WANTED, path, _SEVERAL)
    if "Amt" not in found:
        raise Unreadable("element.missing", f"{path}/Amt", "an entry has no amount")
    details = children(entry, DETAILS)
    number = {one: n for n, one in enumerate(details)}
    wanted = {name: leaf(found.get(name), f"{path}/{name}") for name in ("Amt", "CdtDbtInd", "RvslInd", "AcctSvcrRef")}
    status = _status(found.get("Sts"), f"{path}/Sts")
    day = _day_in(found.get("BookgDt"), f"{path}/BookgDt")
    family, own = codes_in(found.get("BkTxCd"), f"{path}/BkTxCd")
    return Shape(
        fields=Fields.at(wanted | {"Sts": status, "BookgDt": day, "BkTxCd": family, "BkTxCd/Prtry": own}),
        currency=found["Amt"].get("Ccy"),
        within=[-1 if above is None else number.get(above, -1) for above in made.above],
        details=len(details),
        charged="Chrgs" in found,
        described=any(children(one, "Btch") for one in details),
        remarks=[int(one.text) for one in children(entry, "AddtlNtryInf") if one.text and not len(one)],
    )


_SHAPES = Shapes[Shape]()


def shape_of(tags: Sequence[str], path: str) -> Shape:
    """Return the shape of an entry without its transactions. Raises Unreadable for one that no entry may have."""
    key = key_of(tags)
    return _SHAPES.get(key) or _SHAPES.keep(key, _shape(places(tags), path))


def head_of(shape: Shape, values: Sequence[str], listed: Sequence[Sequence[str]], place: Place, how: Manner) -> Head:
    """Read the head of an entry from the values of its shape; `listed`: its tags and texts. Raises Unreadable."""
    amount, sign, reversal, reference, status, day, family, own = values
    minor = minor_units(amount, shape.currency, f"{place.path}/Amt")
    key = (sign, reversal, status, family, own)
    terms = how.known.get(key) or _terms(key, place.path, how)
    return Head(
        place,
        (minor, shape.currency or ""),
        minor if terms.credit else -minor,
        terms,
        day_of(day, f"{place.path}/BookgDt") if day else None,
        known_reference(reference),
        charges_of(tree(*listed).root, shape.currency or "", place.path) if shape.charged else NO_CHARGES,
    )


def _terms(codes: tuple[str, str, str, str, str], path: str, how: Manner) -> Terms:
    sign, reversal, status, family, own = codes
    flipped = how.flips and reversal in _TRUE
    returned, fee = says(family, own, how)
    terms = Terms(
        credit=sign_of(sign, f"{path}/CdtDbtInd") is not flipped,
        flipped=flipped,
        status=status or None,
        booked=status == "BOOK" if status else how.booked_without_status or None,
        returned=returned,
        fee=fee,
    )
    if len(how.known) < _TERMS_MAX:
        how.known[codes] = terms
    return terms


def account_of(above: Element, path: str) -> str | None:
    """Return the IBAN (or other number) of the account that the entries belong to."""
    where = f"{path}/Acct"
    identification = descend(above, "Acct/Id", where)
    iban = child(identification, "IBAN", where)
    number = text(iban if iban is not None else descend(identification, "Othr/Id", where), where)
    return None if number is None else number.replace(" ", "").upper()


def sign_of(word: str | None, path: str) -> bool:
    """Return whether CdtDbtInd says credit. Raises Unreadable for anything that is neither credit nor debit."""
    sign = SIGNS.get(word or "")
    if sign is None:
        raise Unreadable("money.sign", path, "neither CRDT nor DBIT")
    return sign


def day_of(value: str, path: str) -> date:
    """Read the day of a date or a time; the time and zone a bank adds do not move its booking day."""
    try:
        return day_in(value)
    except ValueError:
        raise Unreadable("date.format", path, "not a calendar date") from None


def _day_in(element: Element | None, path: str) -> Element | None:
    found = values(element, _DATES, path) if element is not None else {}
    return leaf(found.get("Dt", found.get("DtTm")), path)


def _status(element: Element | None, path: str) -> Element | None:
    """Return where the entry status stands: in Sts itself in .02 and .04, in a choice of Cd and Prtry from .08 on."""
    found = values(element, _CODE_OR_OWN, path) if element is not None else {}
    return leaf(found.get("Cd", found.get("Prtry")) if found else element, path)


def codes_in(code: Element | None, path: str) -> tuple[Element | None, Element | None]:
    """Return where a BkTxCd has ISO's sub-family, and where the bank's own code."""
    own = child(child(code, "Prtry", path), "Cd", path)
    return leaf(descend(code, "Domn/Fmly/SubFmlyCd", path), path), leaf(own, path)


def says(family: str, own: str, how: Manner) -> tuple[bool, bool]:
    """Whether a BkTxCd says return, and whether it says charges: by ISO's sub-family, or in the bank's own words."""
    return family in _RETURN_FAMILIES or own.casefold() in how.return_codes, family in _CHARGE_FAMILIES


def charges_of(element: Element, currency: str, path: str) -> Charges:
    """Sum what stands in Chrgs: each record's amount (.02), or TtlChrgsAndTaxAmt, else its Rcrd (from .04 on).

    A record with CdtDbtInd CRDT gives charges back. In another currency than the amount they are known to be there, but
    not how much.
    """
    total, known, path = 0, True, f"{path}/Chrgs"
    for one in children(element, "Chrgs"):
        for record in _records(one):
            amount = money(record, f"{path}/Amt")
            if amount is None or amount[0] == 0:
                continue
            known = known and amount[1] == currency
            total += -amount[0] if _given_back(record.getparent(), path) else amount[0]
    return Charges(some=bool(total) or not known, minor=total if known and total else None)


def _records(charges: Element) -> list[Element]:
    """Return the amounts to add up: of one charge, or the total of the block, or all its records."""
    direct, total = children(charges, "Amt"), children(charges, "TtlChrgsAndTaxAmt")
    return direct or total or [one for record in children(charges, "Rcrd") for one in children(record, "Amt")]


def _given_back(record: Element | None, path: str) -> bool:
    where = f"{path}/CdtDbtInd"
    sign = text(child(record, "CdtDbtInd", path), where)
    return sign is not None and sign_of(sign, where)


def own_id(*places: Iterable[Element]) -> str | None:
    """Return the one EndToEndId of our form in free texts. They may hold anything, so nothing else is asked of them."""
    return end_to_end_id_in(one.text for place in places for one in place if one.text and not len(one))
