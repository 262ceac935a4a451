"""What an entry (Ntry) of a camt.052, .053 or .054 says of itself, and what its transactions inherit.

Sign is CdtDbtInd: RvslInd flips it only where the bank's profile says so (five real reversals balance only unflipped).
Booked is the entry status BOOK alone; a statement's entry without any status is booked where the profile says so.
Reference: iso20022-and-banks 0.5 and 3.1.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from bank_adapters.iso20022.xml import (
    LOCAL,
    Element,
    calendar_date,
    child,
    children,
    descend,
    money,
    reference,
    text,
    values,
)
from bank_adapters.profile import StatementRules
from gateway.domain.errors import Unreadable
from gateway.domain.identity import end_to_end_id_in
from gateway.domain.observation import ToldBy

_SIGNS = {"CRDT": True, "DBIT": False}
_TRUE = frozenset({"true", "1"})
_RETURN_FAMILIES = frozenset({"RRTN", "ARET"})
_CHARGE_FAMILIES = frozenset({"CHRG", "FEES", "COMM", "COME", "COMI", "COMT"})
_RETURN_CODES = frozenset({"ach credit reject/payment return"})
"""A proprietary code that says return in its own words, seen where the bank gives no other."""
_SEVERAL = frozenset({"Chrgs"})
_WANTED = frozenset({"Chrgs", "Amt", "CdtDbtInd", "RvslInd", "Sts", "BookgDt", "AcctSvcrRef", "BkTxCd"})
_CODE_OR_OWN = frozenset({"Cd", "Prtry"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How entries are to be read: which report tells them, and what the bank's profile says of it."""

    told_by: ToldBy
    flips: bool
    booked_without_status: bool
    return_codes: frozenset[str]


def manner(told_by: ToldBy, rules: StatementRules) -> Manner:
    """Return how one report of one bank is read."""
    return Manner(
        told_by=told_by,
        flips=rules.reversal_flips_sign,
        booked_without_status=told_by is ToldBy.STATEMENT and rules.missing_status_is_booked,
        return_codes=_RETURN_CODES | {code.casefold() for code in rules.return_codes},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Charges:
    """Charges that accompany an amount: whether there are any, and how much where that is told in its currency."""

    some: bool = False
    minor: int | None = None


NO_CHARGES = Charges()


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What an entry says of all its transactions. `signed` is its amount with its sign, `flipped` that RvslInd did it.

    `statement` and `number` are the places of account and entry, from 1.
    """

    path: str
    statement: int
    number: int
    account: str | None
    amount: tuple[int, str]
    credit: bool
    flipped: bool
    status: str | None
    booked: bool | None
    booking_date: date | None
    entry_ref: str | None
    returned: bool
    fee: bool
    charges: Charges
    size: int
    parts: int

    @property
    def signed(self) -> int:
        return self.amount[0] if self.credit else -self.amount[0]


def head_of(entry: Element, account: str | None, place: tuple[int, int], path: str, how: Manner) -> Head:
    """Read the head of an entry; `place` is (account, entry). Raises Unreadable without amount or sign."""
    found = values(entry, _WANTED, path, _SEVERAL)
    amount = money(found.get("Amt"), f"{path}/Amt")
    if amount is None:
        raise Unreadable("element.missing", f"{path}/Amt", "an entry has no amount")
    flipped = how.flips and text(found.get("RvslInd"), f"{path}/RvslInd") in _TRUE
    status = _status(found.get("Sts"), f"{path}/Sts")
    returned, fee = says(found.get("BkTxCd"), f"{path}/BkTxCd", how)
    return Head(
        path=path,
        statement=place[0],
        number=place[1],
        account=account,
        amount=amount,
        credit=sign_of(found.get("CdtDbtInd"), f"{path}/CdtDbtInd") is not flipped,
        flipped=flipped,
        status=status,
        booked=(how.booked_without_status or None) if status is None else status == "BOOK",
        booking_date=calendar_date(found.get("BookgDt"), f"{path}/BookgDt"),
        entry_ref=reference(found.get("AcctSvcrRef"), f"{path}/AcctSvcrRef"),
        returned=returned,
        fee=fee,
        charges=charges_of(entry, amount[1]) if "Chrgs" in found else NO_CHARGES,
        size=len(entry),
        parts=parts_of(entry) if "Chrgs" in found else len(found),
    )


def parts_of(entry: Element) -> int:
    """Count what an entry says of itself; details are forgotten as they end and do not count."""
    return sum(LOCAL[one.tag] in _WANTED for one in entry)


def account_of(above: Element, path: str) -> str | None:
    """Return the IBAN (or other number) of the account that the entries belong to."""
    where = f"{path}/Acct"
    identification = descend(above, "Acct/Id", where)
    iban = child(identification, "IBAN", where)
    number = text(iban if iban is not None else descend(identification, "Othr/Id", where), where)
    return None if number is None else number.replace(" ", "").upper()


def sign_of(element: Element | None, path: str) -> bool:
    """Return whether CdtDbtInd says credit. Raises Unreadable for anything that is neither credit nor debit."""
    sign = _SIGNS.get(text(element, path) or "")
    if sign is None:
        raise Unreadable("money.sign", path, "neither CRDT nor DBIT")
    return sign


def _status(element: Element | None, path: str) -> str | None:
    """Return the entry status: text in .02 and .04, a choice of Cd and Prtry from .08 on."""
    found = values(element, _CODE_OR_OWN, path) if element is not None and len(element) else {}
    return text(found.get("Cd", found.get("Prtry")) if found else element, path)


def says(code: Element | None, path: str, how: Manner) -> tuple[bool, bool]:
    """Whether a BkTxCd says return, and whether it says charges: by ISO's sub-family, or in the bank's own words."""
    if code is None:
        return False, False
    family = text(descend(code, "Domn/Fmly/SubFmlyCd", path), path)
    own = child(code, "Prtry", path)
    word = None if own is None else text(child(own, "Cd", path), path)
    returned = family in _RETURN_FAMILIES or (word is not None and word.casefold() in how.return_codes)
    return returned, family in _CHARGE_FAMILIES


def charges_of(element: Element, currency: str) -> Charges:
    """Sum what stands in Chrgs: each record's amount (.02), or TtlChrgsAndTaxAmt, else its Rcrd (from .04 on).

    A record with CdtDbtInd CRDT gives charges back. In another currency than the amount they are known to be there, but
    not how much.
    """
    total, known = 0, True
    for one in children(element, "Chrgs"):
        for record in _records(one):
            amount = money(record, "Chrgs")
            if amount is None or amount[0] == 0:
                continue
            known = known and amount[1] == currency
            parent = record.getparent()
            total += -amount[0] if parent is not None and _given_back(parent) else amount[0]
    return Charges(some=bool(total) or not known, minor=total if known and total else None)


def _records(charges: Element) -> list[Element]:
    """Return the amounts to add up: of one charge, or the total of the block, or all its records."""
    direct, total = children(charges, "Amt"), children(charges, "TtlChrgsAndTaxAmt")
    return direct or total or [one for record in children(charges, "Rcrd") for one in children(record, "Amt")]


def _given_back(record: Element) -> bool:
    return any((one.text or "").strip() == "CRDT" for one in children(record, "CdtDbtInd"))


def own_id(*places: Iterable[Element]) -> str | None:
    """Return the one EndToEndId of our form in free texts. They may hold anything, so nothing else is asked of them."""
    return end_to_end_id_in(one.text for place in places for one in place if one.text and not len(one))
