"""Writes MT942: the entries of an account during the day, without balances."""

from collections.abc import Iterable, Sequence

from gateway.sandbox.messages import Header
from gateway.sandbox.movements import CREDIT, DEBIT, Movement
from gateway.sandbox.mt_fields import amount, lines, message
from gateway.sandbox.wording import MtParameters

_REFERENCE = 16


def write(head: Header, how: MtParameters, account: str, told: Iterable[Sequence[Movement]]) -> bytes:
    """Write one report: no floor for what it tells (34F), when it was made (13D), and numbers and sums (90)."""
    entries = list(told)
    fields = [
        f":20:{head.msg_id[-_REFERENCE:]}",
        f":25:{account}",
        ":28C:00000/00001",
        ":34F:EUR0,00",
        f":13D:{head.created:%y%m%d%H%M}+0000",
        *(line for parts in entries for line in lines(how, parts)),
        *(_sum(tag, [parts for parts in entries if parts[0].side == side]) for tag, side in _SIDES),
    ]
    return message("942", how, head.created, fields)


_SIDES = (("90D", DEBIT), ("90C", CREDIT))


def _sum(tag: str, entries: Sequence[Sequence[Movement]]) -> str:
    minor = sum(part.amount_minor for parts in entries for part in parts)
    return f":{tag}:{len(entries)}EUR{amount(minor)}"
