"""One pushed line as it will be stored: read once, judged once, turned into a row."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from typing import Any

from gateway.domain.digest import canonical, parse_object
from gateway.domain.errors import Refused, Violation
from gateway.domain.order import Order, Party
from gateway.domain.order_reading import readable_amount
from gateway.domain.order_shape import order_id_of
from gateway.domain.validation import IntakeTerms, read_order

COLUMNS = (
    "order_id",
    "digest",
    "document",
    "violations",
    "benefit",
    "entitlement_id",
    "period",
    "sequence",
    "amount_minor",
    "currency",
    "account_type",
    "account",
    "person_keys",
    "valid_until",
    "approved_at",
    "mandate_id",
    "mandate_until",
    "collect_from",
    "collect_until",
    "replaces",
)

Link = tuple[str, str]
"""Two identifiers of one person, the lower first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line that can be read: `row` in the order of COLUMNS; `number` counts the lines of the whole stream from 1."""

    number: int
    order_id: str
    digest: bytes
    refused: bool
    row: tuple[Any, ...]
    links: tuple[Link, ...]


VIOLATIONS_KEPT = 100
"""Of one refused order: its outcome event must stay a record that the bus carries, whatever a line was filled with."""
UNREADABLE_NAMED = 100
"""After so many lines that cannot be read the rest of a chunk is not looked at."""


def read_lines(lines: Sequence[bytes], first_line: int, terms: IntakeTerms) -> list[Line]:
    """Read a chunk. Raises Refused, naming each line that cannot be read; nothing of the chunk is then stored."""
    read: list[Line] = []
    unreadable: list[Violation] = []
    for number, line in enumerate(lines, first_line):
        try:
            read.append(read_line(number, line, terms))
        except Refused as refused:
            unreadable += [Violation(f"/lines/{number}{v.path}", v.rule, v.text) for v in refused.violations]
        if len(unreadable) >= UNREADABLE_NAMED:
            break
    if unreadable:
        raise Refused(unreadable, title="the chunk holds lines that cannot be read")
    return read


def read_line(number: int, line: bytes, terms: IntakeTerms) -> Line:
    """Read one line. Raises Refused when it cannot be read; a line that breaks other rules is read as *refused*."""
    document = parse_object(line)
    order_id = order_id_of(document)
    exact = canonical(document)
    digest = sha256(exact).digest()
    order = read_order(document, exact, terms)
    if isinstance(order, Order):
        row, links = _payable(order, digest), tuple(_links(order))
        return Line(number=number, order_id=order_id, digest=digest, refused=False, row=row, links=links)
    row = (order_id, digest, exact, *_refused(document, order, terms))
    return Line(number=number, order_id=order_id, digest=digest, refused=True, row=row, links=())


def _payable(order: Order, digest: bytes) -> tuple[Any, ...]:
    entitlement, account, mandate, window = (
        order.entitlement,
        order.creditor_account,
        order.mandate,
        order.collection,
    )
    return (
        order.order_id,
        digest,
        order.document,
        None,
        order.benefit,
        entitlement.id,
        entitlement.period,
        entitlement.sequence,
        order.amount.minor,
        order.amount.currency,
        account.type,
        account.key,
        order.person_keys,
        order.valid_until,
        order.approved_at,
        *((mandate.id, mandate.valid_until) if mandate else (None, None)),
        *((window.first, window.last) if window else (None, None)),
        order.replaces,
    )


def _refused(document: dict[str, Any], broken: list[Violation], terms: IntakeTerms) -> tuple[Any, ...]:
    """Keep of a refused order what can be counted: its amount where readable, its benefit where known."""
    money, benefit = readable_amount(document), document.get("benefit")
    violations = json.dumps([{"path": v.path, "rule": v.rule, "text": v.text} for v in _kept(broken)])
    known = benefit if isinstance(benefit, str) and benefit in terms.catalogue else None
    amount = (money.minor, money.currency) if money else (None, None)
    return (violations, known, None, None, None, *amount, None, None, (), *[None] * 7)


def _kept(broken: list[Violation]) -> list[Violation]:
    """Name so many violations and the number of the others."""
    more = len(broken) - VIOLATIONS_KEPT
    if more <= 0:
        return broken
    return [*broken[:VIOLATIONS_KEPT], Violation("", "violations.more", f"{more} more rules are broken")]


def _links(order: Order) -> Iterator[Link]:
    """Link what one party carries together; a guardian and the child in their care stay two persons."""
    for party in (order.creditor, order.ultimate_creditor):
        if party is not None:
            yield from _chain(party)


def _chain(party: Party) -> Iterator[Link]:
    if len(party.identifications) > 1:
        yield from pairwise(sorted({i.person_key for i in party.identifications}))
