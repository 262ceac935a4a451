"""The page about SWIFT MT: its terms give its file, and its reference is the one that is written."""

import re
from pathlib import Path

import yaml

from bank_adapters.mt.reference import stem
from gateway.domain.statement import broken_alone
from tests.bank_adapters.mt_bank import MSG_ID, changed, entries, golden, heads, rendered

PAGE = (Path(__file__).parents[2] / "gateway" / "docs" / "mt.md").read_text(encoding="utf-8")


def blocks(kind: str) -> list[str]:
    """The blocks of a kind on the page, in their order."""
    return re.findall(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL)


def test_the_terms_give_the_file() -> None:
    profile = changed(**yaml.safe_load(blocks("yaml")[0]))
    assert rendered(golden(), profile).decode("ascii").replace("\r\n", "\n") == blocks("text")[0]


def test_the_reference_is_drawn_as_it_is_written() -> None:
    drawn = blocks("text")[1].splitlines()[0].replace(" ", "")
    assert drawn == stem(MSG_ID, "danube").of_payment(1)


def test_the_statement_is_read_as_the_page_says() -> None:
    """And it adds up: 2000.00 - 1234.50 + 512.40 = 1277.90."""
    (shown,) = blocks("text mt940")
    document = shown.replace("\n", "\r\n")
    table = PAGE.partition(shown)[2].partition("is proved")[0]
    rows = re.findall(
        r"^\| ([^|]+) \| (line \d+) \| (\S+?)(?:, payment (\d+))? \| (\d+) \| (\w+) \| (\w*)", table, re.MULTILINE
    )
    assert [
        (
            *(str(one.kind), one.path, one.msg_id or one.end_to_end_id, str(one.position or "")),
            *(str(one.amount_minor), str(one.credit), one.reason or ""),
        )
        for one in entries(document)
    ] == rows
    assert len(rows) == 2
    (head,) = heads(document)
    assert (head.opening_minor, head.closing_minor, head.sequence, head.page) == (200_000, 127_790, 17, 1)
    assert broken_alone(head) is None


def test_every_key_of_the_terms_is_told() -> None:
    for key in (
        "envelope",
        "sender",
        "receiver",
        "payments_per_message",
        "ultimate_parties",
        "remittance_cut",
        "clearing",
    ):
        assert key in PAGE
