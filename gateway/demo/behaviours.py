"""What a demo is there to show: every behaviour of banks, benefits system and people that the gateway must live with.

The names are those of the result document. A run of a few hundred orders shows each of them at least once; what a run
did not show, it says.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from gateway.demo.shown import SILENT

BY_BANKS = (
    SILENT,
    "rejected",
    "rejected after it was accepted",
    "rejected with its block: no funds",
    "rejected with its file: form",
    "rejected, booked in a sum of all and credited",
    "reported as rejected, and booked",
    "returned, named",
    "returned, proprietary",
    "returned, reversal",
    "returned, no reversal",
    "returned, uetr",
    "returned, tx id",
    "returned, bank reference",
    "returned, text",
    "returned, nothing",
    "returned in a lump",
    "returned less charges",
    "returned short, without a word",
    "collected at the counter",
    "unclaimed at the counter",
)
"""What banks do with payments."""

STATEMENTS = (
    "MT940",
    "after a report of the day",
    "after its successor",
    "camt.053.001.02",
    "camt.053.001.04",
    "camt.053.001.08",
    "camt.053.001.10",
    "entries without a reference",
    "entries without a status",
    "in a zip",
    "on several pages",
    "twice",
    "two accounts in a message",
    "unbalanced at first",
)
"""How banks send statements."""

BY_INSTITUTION = (
    "correction that replaces an order given back",
    "notice over Kafka that stops something",
    "order written over Kafka and REST at the same time",
    "payee at a bank that is not connected, paid through another",
    "payment over the counter",
    "payment stopped in time",
    "payment stopped too late",
    "payment to a representative",
    "payment tried anew after a bank refused or returned it",
    "presumed executed, for want of a word",
    "told as paid, and told otherwise later",
    "twin: same payee, benefit and amount, lawfully due twice",
)
"""What the institution does, and what it is told."""

EXCEPTIONS = (
    "amount differs",
    "conflict",
    "funds missing",
    "held order",
    "hold payee",
    "lump return",
    "officer",
    "orphan",
    "silent bank",
    "statement gap",
    "unbalanced statement",
)
"""Kinds of exceptions that are raised."""

BY_HAND = (
    "amount differs: matched by hand",
    "hold payee: given back, the payee must be looked into",
    "officer: released to be tried again",
    "orphan: written off to suspense",
    "queue of an account, released after funding",
    "stop lifted",
)
"""What people do."""


def not_shown(document: Mapping[str, Any]) -> list[str]:
    """Return what a run did not show."""
    return list(_missing(document))


def _missing(document: Mapping[str, Any]) -> Iterator[str]:
    shown = document["shown"]
    for group, wanted, seen in (
        ("banks", BY_BANKS, shown["payments"]),
        ("statements", STATEMENTS, shown["statements"]),
        ("institution", BY_INSTITUTION, shown["institution"]),
        ("exceptions", EXCEPTIONS, {one["kind"] for one in document["exceptions_raised"]}),
        ("people", BY_HAND, document["done_by_hand"]),
    ):
        yield from (f"{group}: {what}" for what in wanted if what not in seen)
