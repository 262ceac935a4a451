"""What a notice must say, and that its refusal repeats nothing of it."""

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.errors import Refused
from gateway.domain.stop import SPEAKS_OF, SUBJECTS_MAX, Kind, Reason, Subject
from gateway.service.stop_notices import NOTICE_BYTES, read_notice

PERSON = {"kind": "person", "value": "nidn:800101/1234"}
DEATH = {"notice": "death", "subjects": [PERSON], "effectiveOn": "2026-09-12", "reason": "register of deaths"}


def read(**changes: Any) -> Any:
    values = {key: value for key, value in (DEATH | changes).items() if value is not None}
    return read_notice("SSI", "n-1", json.dumps(values).encode())


def refusal(content: bytes) -> str:
    with pytest.raises(Refused) as refused:
        read_notice("SSI", "n-1", content)
    (violation,) = refused.value.violations
    assert "800101" not in f"{refused.value} {violation}"
    return violation.rule


def test_a_death_notice() -> None:
    wanted = read().wanted
    assert wanted.subjects == (Subject(kind=Kind.PERSON, value="NIDN:8001011234"),)
    assert (wanted.source, wanted.reason_class, wanted.reason) == ("SSI", Reason.DEATH, "register of deaths")
    assert wanted.effective_on == date(2026, 9, 12)


def test_words_and_date_may_be_left_out() -> None:
    wanted = read(reason=None, effectiveOn=None).wanted
    assert (wanted.reason, wanted.effective_on) == ("death", None)


def test_the_same_words_in_another_form_are_the_same_notice() -> None:
    spaced = json.dumps(dict(reversed(DEATH.items())), indent=2).encode()
    assert read_notice("SSI", "n-1", spaced).digest == read().digest
    assert read(reason="other words").digest != read().digest


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"notice": "gossip"}, "notice.class"),
        ({"notice": ["death"]}, "notice.class"),
        ({"subjects": []}, "stop.subjects"),
        ({"subjects": [PERSON] * (SUBJECTS_MAX + 1)}, "stop.subjects"),
        ({"subjects": PERSON}, "shape.type"),
        ({"subjects": [PERSON | {"also": "this"}]}, "shape.type"),
        ({"subjects": [{"kind": "person", "value": 8001011234}]}, "shape.type"),
        ({"subjects": [{"kind": "family", "value": "x"}]}, "stop.kind"),
        ({"subjects": [{"kind": "person", "value": "800101/1234"}]}, "stop.person"),
        ({"subjects": [{"kind": "person", "value": "NIDN:-/-"}]}, "stop.person"),
        ({"subjects": [{"kind": "order", "value": " "}]}, "stop.empty"),
        ({"subjects": [{"kind": "order", "value": "x"}]}, "notice.subjects"),
        ({"notice": "account changed"}, "notice.subjects"),
        ({"notice": "guardian changed", "subjects": [{"kind": "account", "value": "A"}]}, "notice.subjects"),
        ({"notice": "other", "subjects": [{"kind": "source", "value": "elsewhere"}]}, "stop.never"),
        ({"effectiveOn": "12.9.2026"}, "date.format"),
        ({"effectiveOn": "2026-02-30"}, "date.format"),
        ({"reason": 1}, "shape.type"),
        ({"reason": " "}, "stop.empty"),
        ({"name": "800101"}, "shape.unknown"),
    ],
)
def test_what_is_not_a_notice(changes: dict[str, Any], rule: str) -> None:
    assert refusal(json.dumps(DEATH | changes).encode()) == rule


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"\xff", "json.utf8"),
        (b"800101", "json.object"),
        (b'{"notice":"death","notice":"other"}', "json.duplicate-key"),
        (b'{"subjects":[[{"a":1}]]}', "json.depth"),
        (b" " * (NOTICE_BYTES + 1), "notice.size"),
    ],
)
def test_what_is_not_even_readable(content: bytes, rule: str) -> None:
    assert refusal(content) == rule


@given(st.binary(max_size=200))
def test_anything_at_all_that_is_no_notice_is_refused_with_one_rule(content: bytes) -> None:
    assert refusal(content)


@given(st.sampled_from(sorted(Reason)), st.lists(st.sampled_from(sorted(Kind)), min_size=1, max_size=4))
def test_a_notice_names_something_that_its_class_is_about(reason: Reason, kinds: list[Kind]) -> None:
    subjects = [{"kind": kind, "value": "SSI" if kind == "source" else "NIDN:1"} for kind in kinds]
    needed = SPEAKS_OF.get(reason, frozenset())
    if needed and needed.isdisjoint(kinds):
        assert refusal(json.dumps({"notice": reason, "subjects": subjects}).encode()) == "notice.subjects"
    else:
        read_notice("SSI", "n-1", json.dumps({"notice": reason, "subjects": subjects}).encode())
