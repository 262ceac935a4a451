"""What fuzzing found stays found, and the fuzzer itself works: the same seed makes the same messages."""

from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from bank_adapters.iso20022 import detect
from gateway.domain.errors import Unreadable
from gateway.domain.observation import Observation
from tests.bank_adapters.material import file_bank
from tests.fuzz import lines
from tests.fuzz.corpus import FINDS, corpus, own
from tests.fuzz.judge import Find, judge
from tests.fuzz.mutate import mutated

BANK = file_bank()


@pytest.mark.parametrize("file", [pytest.param(f, id=f.name) for f in sorted(FINDS.glob("*"))])
def test_what_was_found_is_mended(file: Path) -> None:
    for size in (1, 64, 65_536):
        judge(file.read_bytes(), size, BANK)


def test_every_message_that_fuzzing_begins_with_is_read() -> None:
    assert [
        judge(content, 4_096, BANK) for content in corpus() if isinstance(judge(content, 64, BANK), Unreadable)
    ] == []


def test_some_hundred_changed_messages_are_read_or_refused() -> None:
    random, messages = Random(20_022), own()
    outcomes = [judge(mutated(random.choice(messages), messages, random), 64, BANK) for _ in range(400)]
    rules = {one.rule for one in outcomes if isinstance(one, Unreadable)}
    assert {"xml.malformed", "element.missing", "element.repeated"} < rules
    assert sum(not isinstance(one, Unreadable) for one in outcomes) > 50


def test_a_seed_makes_the_same_messages_again() -> None:
    messages = own()

    def made(seed: int) -> list[bytes]:
        random = Random(seed)
        return [mutated(random.choice(messages), messages, random) for _ in range(20)]

    assert made(7) == made(7) != made(8)


@pytest.mark.parametrize("wrong", [{"amount_minor": 101}, {"credit": True}, {"end_to_end_id": "E9"}])
def test_the_judge_sees_a_reader_that_errs(wrong: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    content = own()[1]
    told = [replace(one, **wrong) for one in detect.read([content], BANK) if isinstance(one, Observation)]
    monkeypatch.setattr(detect, "read", lambda *_: iter(told))
    with pytest.raises(Find, match="does not stand in its entry"):
        judge(content, 64, BANK)


def test_the_judge_sees_a_reader_that_fails_or_takes_its_pieces_for_different(monkeypatch: pytest.MonkeyPatch) -> None:
    content, read = own()[1], detect.read
    monkeypatch.setattr(detect, "read", lambda *_: 1 / 0)
    with pytest.raises(Find, match="fails: ZeroDivisionError"):
        judge(content, 64, BANK)
    monkeypatch.setattr(detect, "read", lambda pieces, bank: list(read(list(pieces)[:1], bank)))
    with pytest.raises(Find, match="in one piece, or in many"):
        judge(content, 64, BANK)


@pytest.mark.parametrize("kind", [pytest.param(one, id=one.bank.slug) for one in lines.kinds()])
def test_some_hundred_changed_messages_of_lines_are_read_or_refused(kind: lines.Kind) -> None:
    assert not any(isinstance(lines.judge(content, 7, kind), Unreadable) for content in kind.messages)
    random = Random(940)
    outcomes = [lines.judge(lines.changed(kind, random), random.choice((1, 64)), kind) for _ in range(400)]
    assert 20 < sum(not isinstance(one, Unreadable) for one in outcomes) < 380


def test_the_judge_of_lines_sees_a_reader_that_errs(monkeypatch: pytest.MonkeyPatch) -> None:
    kind = lines.kinds()[0]
    content = kind.messages[-1]
    told = lines.judge(content, 64, kind)
    assert not isinstance(told, Unreadable)
    wrong = [replace(one, credit=True) if isinstance(one, Observation) else one for one in told]
    for said, what in ((wrong, "with their signs"), (told[1:], "with their signs")):
        monkeypatch.setattr(lines, "_read", lambda *_, said=said: said)
        with pytest.raises(Find, match=what):
            lines.judge(content, 64, kind)
    monkeypatch.undo()
    monkeypatch.setattr(lines, "adapter_for", lambda _: 1 / 0)
    with pytest.raises(Find, match="fails: ZeroDivisionError"):
        lines.judge(content, 64, kind)
