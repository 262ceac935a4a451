"""What an MT940 may not be: money that is none, fields out of order, half a message. Refused with line and rule."""

from pathlib import Path

import pytest

from gateway.domain.errors import Unreadable
from gateway.domain.statement import broken_alone
from tests.bank_adapters.mt_bank import ACCOUNT, ID, heads, in_envelope, plain, read
from tests.shared import shared_dir


@pytest.mark.parametrize(
    ("old", "new", "rule", "line"),
    [
        ("DR12,30", "DR12.30", "line.form", 5),
        ("DR12,30", "DR1.012,30", "line.form", 5),
        ("DR12,30", "DR12,3a", "line.form", 5),
        ("DR12,30", "DR-12,30", "line.form", 5),
        ("DR12,30", "DR+12,30", "line.form", 5),
        ("DR12,30", "DRNaN", "line.form", 5),
        ("DR12,30", "DR12,,30", "money.format", 5),
        ("DR12,30", "DR1230", "money.format", 5),
        ("DR12,30", "DR12,301", "money.decimals", 5),
        ("DR12,30", f"DR{'9' * 400},", "money.format", 5),
        ("DR12,30", "XR12,30", "line.form", 5),
        ("DR12,30", "12,30", "line.form", 5),
        ("2609210921", "2613210921", "date.format", 5),
        ("2609210921", "2609310921", "date.format", 5),
        ("2609210921", "2609211350", "date.format", 5),
        ("2609210921", "2602310301", "date.format", 5),
        ("EUR1000,00", "EUR1000.00", "money.format", 4),
        ("EUR1000,00", "EUR1000", "money.format", 4),
        ("EUR1000,00", "EUR-1000,00", "money.format", 4),
        ("EUR1000,00", "XXX1000,00", "money.currency", 4),
        ("EUR1000,00", "JPY1000,50", "money.decimals", 4),
        (":60F:C", ":60F:X", "balance.form", 4),
        (":60F:C260921", ":60F:C261321", "date.format", 4),
        ("EUR987,70", "USD987,70", "money.currency", 7),
        (":60F:C260921EUR1000,00\r\n", "", "field.missing", 4),
        (f":25:{ACCOUNT}\r\n", "", "field.missing", 4),
        (f":25:{ACCOUNT}", ":25:", "field.missing", 1),
        (":28C:00007/00001", ":28C:seven", "number.format", 3),
        (":28C:00007/00001", f":28C:{'7' * 40}", "number.format", 3),
        (":86:words", ":60F:C260921EUR1,", "field.order", 6),
        (":86:words", f":25:{ACCOUNT}", "field.order", 6),
        (":86:words", ":34F:EUR0,", "field.order", 6),
        (":62F:", ":60F:C260921EUR1,\r\n:62F:", "field.order", 7),
        ("-\r\n", ":61:260921D1,NTRFX\r\n-\r\n", "field.order", 8),
        (":62F:C260921EUR987,70", ":62F:C260921EUR987,70\r\n:62F:C260921EUR987,70", "field.repeated", 8),
        (":62F:C260921EUR987,70", ":62M:C260921EUR987,70\r\n:62F:C260921EUR987,70", "field.repeated", 8),
        (":28C:", ":28C:1\r\n:28C:", "field.repeated", 4),
        (":60F:", ":61A:x\r\n:60F:", "field.unknown", 4),
        ("words", "wo\x00rds", "text.control", 6),
        ("words", "w" * 5000, "line.length", 6),
        ("words", "w\r\n" * 100, "field.length", 70),
        ("-\r\n", "-\r\nand so on\r\n", "message.unknown", 9),
        (":20:", "hello\r\n:20:", "message.unknown", 1),
    ],
)
def test_money_that_is_none_and_order_that_is_wrong_are_refused_with_line_and_rule(
    old: str, new: str, rule: str, line: int
) -> None:
    document = plain(":86:words")
    assert old in document
    with pytest.raises(Unreadable) as refused:
        read(document.replace(old, new, 1))
    assert (refused.value.rule, refused.value.path) == (rule, f"line {line}")


@pytest.mark.parametrize(
    "text", ["", "\r\n", "-\r\n", "all is well", "%PDF-1.7", "PK\x03\x04", '{"a": 1}', "a;b;c\r\n"]
)
def test_what_is_no_mt_message_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        read(text)


@pytest.mark.parametrize("kind", ["101", "199", "900", "950"])
def test_another_type_of_message_is_refused(kind: str) -> None:
    with pytest.raises(Unreadable, match=r"message\.unsupported"):
        read(in_envelope(plain()).replace("{2:O940", f"{{2:O{kind}"))


def test_the_same_statement_twice_in_a_file_is_refused() -> None:
    with pytest.raises(Unreadable, match="stands twice"):
        read(plain() + plain())


def test_half_a_message_is_refused_or_has_no_closing_balance() -> None:
    document = in_envelope(plain(f":86:/EREF/{ID}/"))
    whole = read(document)
    for cut in range(len(document)):
        try:
            told = read(document[:cut])
        except Unreadable:
            continue
        assert told == whole, "an envelope shows its end"
    bare = plain(f":86:/EREF/{ID}/")
    for cut in range(len(bare) - len("\r\n-\r\n")):
        try:
            proved = heads(bare[:cut])
        except Unreadable:
            continue
        whole_of_it = proved == heads(bare)  # a zero less behind the comma says the same
        assert whole_of_it or all(broken_alone(one) is not None for one in proved), "half a statement is never proved"


def test_errors_tell_nothing_of_what_stands_there() -> None:
    document = plain(":86:Zephyrine Quixworth").replace("NTRF", "?Quixworth")
    with pytest.raises(Unreadable) as refused:
        read(document)
    assert "Quix" not in f"{refused.value!r} {refused.value.__cause__!r}"


def test_every_mt_sample_that_is_shared_is_read() -> None:
    """There is none among the shared samples today; one that comes must be read."""
    found = [
        path for path in Path(shared_dir() / "samples").rglob("*") if path.suffix in {".sta", ".mt940", ".940", ".fin"}
    ]
    for path in found:
        assert read(path.read_bytes())


CONFIRMATION = ":20:B1\r\n:21:R017J4000001001C\r\n:25:DE89370400440532013000\r\n:32A:260921EUR12,30\r\n-\r\n"


@pytest.mark.parametrize("kind", ["900", "910", "941", "950", "101", "199"])
def test_other_types_of_message_are_refused_by_name(kind: str) -> None:
    """A confirmation of debit or credit (MT900, MT910) says without its envelope not even which way the money went."""
    with pytest.raises(Unreadable) as caught:
        read(in_envelope(CONFIRMATION).replace("{2:O940", f"{{2:O{kind}"))
    assert (caught.value.rule, caught.value.path) == ("message.unsupported", "line 1")
    assert f"MT{kind}" in caught.value.text
    with pytest.raises(Unreadable) as caught:
        read(CONFIRMATION)
    assert (caught.value.rule, caught.value.path) == ("field.unknown", "line 4")
