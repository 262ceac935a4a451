"""Messages of lines, MT and flat replies: changed line by line, and what must hold whatever comes of it.

A statement line's sign is found again by code that shares nothing with the reader; the rest is that a message is read
the same in any pieces, or refused with rule and path, and nothing but `Unreadable` is ever raised.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from bank_adapters.profile import Profile
from bank_adapters.registry import adapter_for
from gateway.domain.errors import Unreadable
from gateway.domain.observation import Observation
from gateway.domain.statement import Statement
from tests.bank_adapters import fixed_width, mt_bank
from tests.fuzz.judge import Find

MT_LINES = (
    *(":61:260921RD3,NTRFC", ":61:260921RC3,NTRFC", ":61:260921EC3,NTRFC", ":61:2609210921D1,5NMSCX//Y", ":86:x"),
    *("-", "-}", "$", "", ":62F:C260921EUR1,", ":62M:D260921EUR1,", ":60F:C260921EUR1,", ":60M:C260921EUR1,"),
    *(":25:DE89370400440532013000", ":28C:2/2", ":20:A", ":64:C260921EUR1,", ":34F:EURD1,", ":90D:1EUR1,"),
    *("{1:F01X}{2:O9400000X}{4:", "{2:O9420000X}{4:", "{2:O9000000X}{4:", "{2:I101X}{4:", ":NS:22x", ":72:x"),
    *(":32A:260921EUR1,", ":86:/EREF/X/RTRN/AC04/", ":86:166?20EREF+X?32Y"),
)
FLAT_LINES = ("", "Z", "S", "\x1f" * 44, "Z000001000000000000000123")
_MARK = re.compile(r":61:[0-9]{6}[0-9 ]{0,4}(R?[CD]|E[CD])")
_CREDITS = frozenset({"C", "RD", "EC"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """Messages of one family: the bank, what fuzzing begins with, and lines that are put in between."""

    bank: Profile
    messages: Sequence[bytes]
    lines: Sequence[str]
    statements: bool = False


def kinds() -> Sequence[Kind]:
    """MT and flat files, each with messages of every sort."""
    samples = [
        one.read_bytes()
        for one in sorted((mt_bank.EVIDENCE / "inbound").iterdir())
        if one.suffix not in {".yaml", ".md"}
    ]
    words = mt_bank.plain(":86:166?00X?20EREF+EPZSFIMLI6V7COAFO?21JVP3JZPPA4G1?32NAME")
    several = (":61:260921D10,NTRFA", ":86:/EREF/X/RTRN/AC04/", ":61:260921C20,NTRFB//R1", "/CHGS/EUR1,")
    made = [mt_bank.in_envelope(words), mt_bank.mt940(*several, closing="C260921EUR1010,"), mt_bank.plain()]
    statements = [*samples, *(one.encode() for one in made)]
    return (
        Kind(bank=mt_bank.bank(), messages=statements, lines=MT_LINES, statements=True),
        Kind(bank=fixed_width.plain_bank(), messages=[fixed_width.REPLY.read_bytes()], lines=FLAT_LINES),
    )


def changed(kind: Kind, random: Random) -> bytes:
    """Return a message made of one of a kind's by a few changes; the same random numbers make the same message."""
    text = random.choice(kind.messages).decode("latin-1")
    end = "\r\n" if "\r\n" in text else "\n"
    lines = text.split(end)
    for _ in range(random.choice((1, 1, 2, 3))):
        _change(lines, kind, random)
    content = end.join(lines).encode("latin-1")
    return content[: random.randrange(len(content) + 1)] if random.random() < 0.1 else content


def _change(lines: list[str], kind: Kind, random: Random) -> None:
    at = random.randrange(len(lines) + 1)
    how = random.choice(("remove", "repeat", "insert", "swap", "letter", "letter", "cut"))
    if how in {"repeat", "insert"} or at == len(lines):
        lines.insert(at, random.choice(kind.lines if how == "insert" or not lines else lines))
    elif how == "remove":
        del lines[at]
    elif how == "swap":
        other = random.randrange(len(lines))
        lines[at], lines[other] = lines[other], lines[at]
    else:
        place = random.randrange(len(lines[at]) + 1)
        letter = random.choice("CDRE,.019/:-\0\xe9 \x1f{}$Z+") if how == "letter" else ""
        behind = lines[at][place + random.randrange(2) :] if how == "letter" else ""
        lines[at] = lines[at][:place] + letter + behind


def judge(content: bytes, size: int, kind: Kind) -> list[Observation | Statement] | Unreadable:
    """Read a message whole and in pieces of `size`; return what came of it. Raises Find."""
    whole = _read([content], kind.bank)
    pieces = _read([content[at : at + size] for at in range(0, len(content), size)], kind.bank)
    if isinstance(whole, Unreadable) or isinstance(pieces, Unreadable):
        if not (isinstance(whole, Unreadable) and isinstance(pieces, Unreadable)):
            raise Find("it can be read in one piece, or in many, but not in both")
        if not whole.rule or not whole.path:
            raise Find("a refusal without rule or path")
        return whole
    if whole != pieces:
        raise Find("its pieces change what it says")
    if kind.statements:
        _signs(whole, content)
    return whole


def _read(pieces: Sequence[bytes], bank: Profile) -> list[Observation | Statement] | Unreadable:
    try:
        return list(adapter_for(bank).read(pieces, bank))
    except Unreadable as error:
        return error
    except Exception as error:
        raise Find(f"the reader fails: {type(error).__name__}") from error


def _signs(told: Sequence[Observation | Statement], content: bytes) -> None:
    """Each statement line is told once, in order, with its sign."""
    marks = [found[1] for line in content.decode("latin-1").splitlines() if (found := _MARK.match(line))]
    signs = [one.credit for one in told if isinstance(one, Observation)]
    if signs != [mark in _CREDITS for mark in marks]:
        raise Find("entries are not told once each with their signs")
