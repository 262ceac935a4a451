"""The plainest entry, which is most of what a bank that books payments one by one sends: one transaction and no more.

A shortcut and nothing else: whatever is not plain, by its shape or by what it says, is left to `bookings.Entry`, which
tells the same of a plain entry.
"""

from collections.abc import Sequence
from typing import NamedTuple

from bank_adapters.iso20022 import entry, transaction
from bank_adapters.iso20022.entry import Head, Manner, Place, head_of
from bank_adapters.iso20022.shapes import TAGS, Fields, Shapes, Tag, key_of
from gateway.domain.observation import Observation


class Plain(NamedTuple):
    """The shapes of an entry and of its transaction, and where both have values: first the `heads` of the entry."""

    head: entry.Shape
    listed: transaction.Shape
    fields: Fields
    heads: int


class _Shape(NamedTuple):
    """What is known of a shape; None where it is not plain."""

    plain: Plain | None


_SHAPES = Shapes[_Shape]()


def plain_entry(tags: Sequence[str], texts: list[str], place: Place, how: Manner) -> tuple[Head, Observation] | None:
    """Read an entry; None where it is not plain."""
    shape = plain_shape(tags, place)
    if shape is None:
        return None
    of_entry, of_transaction, fields, heads = shape
    texts[-1] = ""
    values = fields.values(texts, place.path)
    head = head_of(of_entry, values[:heads], (), place, how)
    path = f"{place.path}/{IN}"
    one = transaction.transaction(of_transaction, values[heads:], (), head, transaction.NO_BATCH, path, how)
    same = one.credit is head.terms.credit and (one.amount_minor, one.currency) == head.amount
    return (head, one) if same and not head.terms.fee else None


def plain_shape(tags: Sequence[str], place: Place) -> Plain | None:
    """Return the shape of an entry; None where it is not plain."""
    key = key_of(tags)
    return (_SHAPES.get(key) or _SHAPES.keep(key, _shape(tags, place.path))).plain


def _shape(tags: Sequence[str], path: str) -> _Shape:
    inside = [at for at, tag in enumerate(tags) if TAGS[tag].name in _RECORDS]
    if len(inside) != len(_PLAIN) or [TAGS[tags[at]] for at in inside] != _PLAIN:
        return _Shape(None)
    _, opened, closed, _ = inside
    head = entry.shape_of([*tags[:opened], *tags[closed + 1 :]], path)
    listed = transaction.shape_of(tags[opened : closed + 1], f"{path}/{IN}")
    more = head.charged or head.described or head.remarks or head.details > 1 or head.within[opened] < 0
    if more or listed.more or listed.amount is None:
        return _Shape(None)
    behind = closed + 1 - opened
    places = head.fields.moved(lambda at: at if at < opened else at + behind)
    both = {**places, **{f"{IN}/{name}": at for name, at in listed.fields.moved(lambda at: at + opened).items()}}
    return _Shape(Plain(head, listed, Fields(both), len(places)))


IN = "NtryDtls[1]/TxDtls[1]"
"""Where the transaction stands in its entry."""
_RECORDS = ("Ntry", "TxDtls")
_PLAIN = [
    Tag("Ntry", opens=True, closes=False),
    Tag("TxDtls", opens=True, closes=False),
    Tag("TxDtls", opens=False, closes=True),
    Tag("Ntry", opens=False, closes=True),
]
"""The beginnings and ends of an entry with one transaction."""
