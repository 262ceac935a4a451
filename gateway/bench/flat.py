"""Fixed-width files: written, read back as before a seal, and answered, each in a process of its own.

The baseline writes and reads the same columns with plain Python: one format of the whole line, one slice a field. It
checks nothing, knows no alphabet and adds nothing up.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import chain, repeat
from typing import Any

import yaml

from bank_adapters.families import FlatBankAdapter
from bank_adapters.profile import Profile
from bank_adapters.registry import load_profile
from bank_adapters.spi import Payment, SubmissionContent

_WIDTHS: Mapping[str, Any] = {
    "encoding": "cp1254",
    "line_end": "CRLF",
    "hash_total": {"of": "creditor account", "digits": 12},
    "header": [
        {"value": "constant", "text": "H", "width": 1},
        {"value": "msg_id", "width": 27},
        {"value": "created_at", "format": "%y%m%d%H%M%S", "width": 12},
        {"value": "debtor_iban", "width": 34},
        {"value": "currency", "width": 3},
        {"value": "constant", "text": "", "width": 103},
    ],
    "payment": [
        {"value": "constant", "text": "D", "width": 1},
        {"value": "line_number", "width": 6},
        {"value": "end_to_end_id", "width": 30},
        {"value": "creditor_iban", "width": 34},
        {"value": "creditor_name", "width": 40},
        {"value": "amount", "decimal_sign": "none", "width": 15},
        {"value": "execution_date", "format": "%d%m%y", "width": 6},
        {"value": "purpose", "width": 8},
        {"value": "remittance", "width": 40},
    ],
    "trailer": [
        {"value": "constant", "text": "T", "width": 1},
        {"value": "count", "width": 6},
        {"value": "sum", "decimal_sign": "none", "width": 18},
        {"value": "hash_total", "width": 12},
        {"value": "constant", "text": "", "width": 143},
    ],
    "replies": {
        "header": [{"value": "constant", "text": "R", "width": 1}, {"value": "msg_id", "width": 27}],
        "line": [
            {"value": "constant", "text": "S", "width": 1},
            {"value": "line_number", "width": 6},
            {"value": "result", "width": 4},
            {"value": "reason", "width": 4},
            {"value": "bank_reference", "width": 16},
        ],
        "trailer": [{"value": "constant", "text": "Z", "width": 1}, {"value": "count", "width": 6}],
    },
}
_LINE = "D{:06d}{:<30}{:<34}{:<40}{:015d}{}{:<8}{:<40}\r\n"
_ENDS = (1, 7, 37, 71, 111, 126, 132, 140, 180)
_PIECE = 64 * 1024


@cache
def fixed_width(text: str, slug: str) -> Profile:
    """Return a file bank's profile, given as YAML, with a fixed-width layout instead of its own family."""
    own = {name: part for name, part in yaml.safe_load(text).items() if name not in {"pain001", "address"}}
    parts = own | {"family": "fixed-width", "alphabet": "cp1254", "layout": dict(_WIDTHS)}
    parts |= {"messages": {"initiation": "fixed-width"}, "status_overrides": {"0000": "accepted"}}
    return load_profile(slug, yaml.safe_dump(parts))


def written(content: SubmissionContent, bank: Profile, files: int) -> Iterator[int]:
    """Write the file so often; yield how many payments each held."""
    adapter = FlatBankAdapter()
    for _ in range(files):
        for _ in adapter.render(content, bank):
            pass
        yield len(content.payments)


def read_back(content: SubmissionContent, bank: Profile, files: int) -> Iterator[int]:
    """Read the file back so often, as before a seal."""
    adapter = FlatBankAdapter()
    pieces = list(adapter.render(content, bank))
    yield 0
    for _ in range(files):
        yield adapter.reread(pieces, bank).count


def answered(content: SubmissionContent, bank: Profile, files: int) -> Iterator[int]:
    """Read a reply about every payment so often."""
    lines = (f"S{n:06d}0000    B{n:015d}\r\n" for n in range(1, len(content.payments) + 1))
    reply = "".join(chain([f"R{content.msg_id:<27}\r\n"], lines, [f"Z{len(content.payments):06d}\r\n"])).encode(
        "cp1254"
    )
    pieces = [reply[start : start + _PIECE] for start in range(0, len(reply), _PIECE)]
    adapter = FlatBankAdapter()
    yield 0
    for _ in range(files):
        yield sum(1 for _ in adapter.read(pieces, bank))


def plainly_written(content: SubmissionContent, files: int) -> Iterator[int]:
    """Write the same lines with one str.format each."""
    for payments in repeat(content.payments, files):
        day = f"{content.requested_execution_date:%d%m%y}"
        yield len([_plain(number, one, day).encode("cp1254") for number, one in enumerate(payments, start=1)])


def _plain(number: int, one: Payment, day: str) -> str:
    account, minor = one.creditor_account.key, one.amount.minor
    texts = (one.purpose or "", one.remittance_information)
    return _LINE.format(number, one.end_to_end_id, account, one.creditor.name, minor, day, *texts)


def plainly_read(content: SubmissionContent, files: int) -> Iterator[int]:
    """Read the same lines with one slice a field."""
    day = f"{content.requested_execution_date:%d%m%y}"
    text = "".join(_plain(number, one, day) for number, one in enumerate(content.payments, start=1)).encode("cp1254")
    yield 0
    for _ in range(files):
        yield len([_sliced(line) for line in text.decode("cp1254").splitlines()])


def _sliced(line: str) -> Sequence[str]:
    return [line[start:end].strip() for start, end in zip((0, *_ENDS), _ENDS, strict=False)]
