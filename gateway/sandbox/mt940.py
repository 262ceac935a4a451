"""Writes MT940: one message an account and day, with the balances that a camt.053 of it has."""

from collections.abc import Sequence

from gateway.sandbox.camt053 import Told
from gateway.sandbox.messages import Header
from gateway.sandbox.mt_fields import balance, lines, message
from gateway.sandbox.wording import MtParameters


def write(head: Header, how: MtParameters, statements: Sequence[Told]) -> bytes:
    """Write the statements of one evening, one message after the other. Raises ValueError for a page of one."""
    return b"".join(_statement(head, how, one) for one in statements)


def _statement(head: Header, how: MtParameters, one: Told) -> bytes:
    if one.opening_minor is None or one.closing_minor is None:
        raise ValueError("a statement in MT940 has one page")
    # Banks that write subfields write the same word every day: it tells no statement apart.
    name = "STARTUMSE" if how.text == "subfields" else f"{one.account[-10:]}{one.day:%y%m%d}"
    fields = [
        f":20:{name}",
        f":25:{one.account}",
        f":28C:{one.sequence:05d}/00001",
        balance("60F", one.opening_minor, one.day),
        *(line for parts in one.entries for line in lines(how, parts)),
        balance("62F", one.closing_minor, one.day),
    ]
    return message("940", how, head.created, fields)
