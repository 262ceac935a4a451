"""Writes flat reply files: what became of the payments of a flat file, in a bank's own numbers, one line each.

Delimited: "C;MsgId;result;reason" / "D;name;result;reason;bank's reference" / "S;lines". Fixed: the same records in
lines of 60 columns (C 27+2+4, D 35+2+4+16, S 6). Lines end in CRLF. Results: 00 accepted, 01 in part, 10 rejected.
"""

from collections.abc import Iterator, Sequence
from types import MappingProxyType

from gateway.sandbox.judge import Judgement, Verdict
from gateway.sandbox.pain002 import NOT_PROVIDED, BlockPart, listed
from gateway.sandbox.wording import FlatParameters

OWN_REASONS = MappingProxyType(
    {
        "AC01": "101",
        "AC02": "102",
        "AC04": "104",
        "AC06": "106",
        "BE01": "201",
        "MD07": "207",
        "AM01": "301",
        "AM03": "303",
        "AM04": "304",
        "ED05": "305",
        "AM10": "310",
        "AM12": "312",
        "AM18": "318",
        "FF01": "901",
        "DU01": "902",
    }
)
"""The banks' number of each ISO reason."""
NO_NUMBER = "999"
_RESULTS = {"RJCT": "10", "PART": "01"}
_WIDTH = 60
_WIDTHS = {"C": (1, 27, 2, 4), "D": (1, 35, 2, 4, 16), "S": (1, 6)}


def write(how: FlatParameters, judged: Judgement, group_status: str, part: BlockPart | None = None) -> bytes:
    """Write one reply: what the bank says of the file, and of the payments that a part of it lists.

    A file says nothing of blocks: one that is refused as a whole lists its payments, each with the block's reason.
    """
    lines = list(_lines(how, judged, part))
    head = ("C", judged.msg_id or NOT_PROVIDED, _result(group_status), _number(judged.reason))
    rows = [head, *lines, ("S", f"{len(lines):06d}")]
    return "".join(f"{_row(how, row)}\r\n" for row in rows).encode("ascii")


def _lines(how: FlatParameters, judged: Judgement, part: BlockPart | None) -> Iterator[Sequence[str]]:
    if part is None:
        return
    places = {id(verdict): place for place, (_, verdict) in enumerate(judged.verdicts(), start=1)}
    for verdict, status, reason in listed(part):
        name = f"{places[id(verdict)]:06d}" if how.names == "line" else verdict.payment.end_to_end_id
        yield "D", name, _result(status), _number(reason), _reference(verdict, reason)


def _reference(verdict: Verdict, reason: str | None) -> str:
    return "" if reason else verdict.entry_ref


def _result(status: str) -> str:
    return _RESULTS.get(status, "00")


def _number(reason: str | None) -> str:
    return OWN_REASONS.get(reason, NO_NUMBER) if reason else ""


def _row(how: FlatParameters, cells: Sequence[str]) -> str:
    if how.columns == "delimited":
        return ";".join(cells)
    widths = _WIDTHS[cells[0]]
    return "".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).ljust(_WIDTH)
