"""Rules of an order about who is paid on whose behalf, by what right, and when money over the counter can be had.

Each is checked as far as the parts it joins can be read; what is wrong within a part is said of the part itself.
"""

from datetime import date, timedelta
from typing import Final

from gateway.domain.collection import AHEAD_DAYS, LONGEST_DAYS
from gateway.domain.errors import Violation
from gateway.domain.iso8601 import is_date
from gateway.domain.order_shape import COLLECTION, MANDATE, Document, check_fields
from gateway.domain.person import person_key


def check_mandate(document: Document, pay_date: date, found: list[Violation]) -> None:
    """Check that a mandate stands exactly where somebody else than the entitled person is paid, and covers the day."""
    mandate = document.get("mandate")
    if "mandate" not in document:
        if _represented(document):
            text = "somebody else than the entitled person is paid: name the mandate"
            found.append(Violation("/mandate", "mandate.missing", text))
        return
    if type(mandate) is dict:
        check_fields(mandate, MANDATE, "/mandate", found)
        _check_validity(mandate, pay_date, found)
    if not _represented(document):
        text = "nobody else than the creditor is entitled: there is nothing to mandate"
        found.append(Violation("/mandate", "mandate.unexpected", text))


def _check_validity(mandate: Document, pay_date: date, found: list[Violation]) -> None:
    first, last = _day(mandate, "validFrom"), _day(mandate, "validUntil")
    if first and last and last < first:
        found.append(Violation("/mandate/validUntil", "mandate.validity", "the mandate ends before it begins"))
    elif first and first > pay_date:
        text = f"the mandate is not valid yet on the pay date {pay_date}"
        found.append(Violation("/mandate/validFrom", "mandate.not-yet", text))
    elif last and last < pay_date:
        found.append(Violation("/mandate/validUntil", "mandate.ended", f"the mandate ends before {pay_date}"))


def _represented(document: Document) -> bool:
    """Whether creditor and ultimate creditor are two persons: no identifier is carried by both."""
    entitled, paid = (_identifiers(document.get(key)) for key in ("ultimateCreditor", "creditor"))
    return bool(entitled) and entitled.isdisjoint(paid)


def _identifiers(party: object) -> frozenset[str]:
    """Return what can be read of a party's identifiers, in the form in which persons are compared."""
    entries = party.get("identifications") if type(party) is dict else None
    if type(entries) is not list:
        return frozenset()
    return frozenset(filter(None, map(_identifier, entries)))


def _identifier(entry: object) -> str | None:
    if type(entry) is not dict:
        return None
    scheme, number = entry.get("scheme"), entry.get("id")
    return person_key(scheme, number) if type(scheme) is str and type(number) is str else None


def check_counter(document: Document, pay_date: date, found: list[Violation]) -> None:
    """Check that a collection window stands exactly with an account COUNTER, and that the creditor collects.

    What is paid against an identifier that the creditor does not carry would pass by every stop on a person.
    """
    account, collection = document.get("creditorAccount"), document.get("collection")
    over_the_counter = type(account) is dict and account.get("type") == "COUNTER"
    if type(collection) is dict:
        check_fields(collection, COLLECTION, "/collection", found)
        _check_window(collection, pay_date, found)
    if "collection" in document and not over_the_counter:
        text = "only what is paid over the counter is collected"
        found.append(Violation("/collection", "collection.unexpected", text))
    if over_the_counter and "collection" not in document:
        found.append(Violation("/collection", "collection.missing", "say from when until when it can be collected"))
    if over_the_counter and not any(violation.path.startswith("/creditorAccount") for violation in found):
        _check_collector(account, document.get("creditor"), found)


def _check_collector(account: object, creditor: object, found: list[Violation]) -> None:
    collector, carried = _identifier(account), _identifiers(creditor)
    if collector is not None and carried and collector not in carried:
        text = "what is paid over the counter is collected by the creditor, against one of its identifications"
        found.append(Violation("/creditorAccount/id", "account.not-creditor", text))


_AHEAD: Final = timedelta(days=AHEAD_DAYS)


def _check_window(collection: Document, pay_date: date, found: list[Violation]) -> None:
    first, last = _day(collection, "from"), _day(collection, "until")
    if first and first < pay_date:
        text = f"nothing can be collected before the pay date {pay_date}"
        found.append(Violation("/collection/from", "collection.before-pay-date", text))
    elif first and first - pay_date > _AHEAD:
        text = f"the window begins within {AHEAD_DAYS} days of the pay date"
        found.append(Violation("/collection/from", "collection.too-far", text))
    if first and last and last < first:
        found.append(Violation("/collection/until", "collection.order", "the window ends before it begins"))
    elif first and last and (last - first).days >= LONGEST_DAYS:
        text = f"the window has at most {LONGEST_DAYS} days"
        found.append(Violation("/collection/until", "collection.too-long", text))


def _day(values: Document, key: str) -> date | None:
    value = values.get(key)
    return date.fromisoformat(value) if type(value) is str and is_date(value) else None
