"""In which format a bank says a thing: the same values go to the writer that its parameters choose, and are dressed."""

from collections.abc import Sequence
from typing import NamedTuple

from gateway.sandbox import camt053, camt054, flat_replies, mt940, mt942, pacs002, pain002
from gateway.sandbox.camt053 import Told
from gateway.sandbox.entries import Style
from gateway.sandbox.judge import Judgement
from gateway.sandbox.messages import Header
from gateway.sandbox.movements import Movement
from gateway.sandbox.pain002 import BlockPart
from gateway.sandbox.parameters import BankParameters
from gateway.sandbox.wrapped import dressed

MT = frozenset({"MT940", "MT942"})


class Written(NamedTuple):
    """A message as bytes, and how its file's name ends."""

    suffix: str
    content: bytes


def status(bank: BankParameters, head: Header, judged: Judgement, group: str, part: BlockPart | None) -> Written:
    """Write what became of a file and of the payments of one part of it."""
    if bank.flat is not None:
        return Written("txt", flat_replies.write(bank.flat, judged, group, part))
    if bank.status_version == "pacs.002":
        return _xml(bank, head, pacs002.write(head, judged, group, part))
    return _xml(bank, head, pain002.write(bank.status_version, head, judged, group, part))


def notice(bank: BankParameters, head: Header, account: str, entries: Sequence[Sequence[Movement]]) -> Written:
    """Write early news of what was booked."""
    if bank.camt_version in MT:
        return Written("txt", mt942.write(head, bank.mt, account, entries))
    return _xml(bank, head, camt054.write(head, account, style_of(bank), entries))


def report(bank: BankParameters, head: Header, style: Style, one: Told) -> Written:
    """Write the entries of a day that is still open."""
    if style.version in MT:
        return Written("txt", mt942.write(head, bank.mt, one.account, one.entries))
    return _xml(bank, head, camt053.write_report(head, style, one))


def statement(bank: BankParameters, head: Header, style: Style, told: Sequence[Told]) -> Written:
    """Write one message with statements, or with one page of one."""
    if style.version in MT:
        return Written("txt", mt940.write(head, bank.mt, told))
    return _xml(bank, head, camt053.write_statement(head, style, told))


def style_of(bank: BankParameters) -> Style:
    """Return how the bank writes its notices."""
    return Style(version=bank.camt_version, family=bank.return_family, own_batch=bank.verdicts.references == "own")


def _xml(bank: BankParameters, head: Header, content: bytes) -> Written:
    return Written("xml", dressed(bank.dress, head, bank.slug.upper(), content))
