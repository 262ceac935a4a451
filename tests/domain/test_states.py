"""The transition tables: ends are ends, everything can be reached, and the moves are those of the design."""

from collections.abc import Mapping
from enum import StrEnum

import pytest

from gateway.domain.states import (
    BATCH,
    ORDER,
    RECALL,
    STOP,
    SUBMISSION,
    BatchState,
    OrderState,
    RecallState,
    StopState,
    SubmissionState,
    drawing,
)

Moves = Mapping[tuple[StrEnum, StrEnum], str]

MACHINES = [
    (BATCH, BatchState, "open", "released withdrawn"),
    (ORDER, OrderState, "received", "refused replaced"),
    (SUBMISSION, SubmissionState, "open", "delivered void dissolved"),
    (RECALL, RecallState, "proposed", "returned refused expired"),
    (STOP, StopState, "active", "lifted"),
]
MACHINE = pytest.mark.parametrize(
    ("moves", "states", "first", "ends"), MACHINES, ids=["batch", "order", "submission", "recall", "stop"]
)


@MACHINE
def test_exactly_the_ends_have_no_way_out(moves: Moves, states: type[StrEnum], first: str, ends: str) -> None:
    assert {state for state in states if not any(source is state for source, _ in moves)} == set(ends.split())


@MACHINE
def test_every_state_is_reached_from_the_first(moves: Moves, states: type[StrEnum], first: str, ends: str) -> None:
    reached = {states(first)}
    for _ in states:
        reached |= {target for source, target in moves if source in reached}
    assert reached == set(states)


@MACHINE
def test_nothing_moves_to_itself_and_every_move_has_a_cause(
    moves: Moves, states: type[StrEnum], first: str, ends: str
) -> None:
    assert all(source is not target and why for (source, target), why in moves.items())


@MACHINE
def test_a_table_cannot_be_changed(moves: Moves, states: type[StrEnum], first: str, ends: str) -> None:
    with pytest.raises(TypeError):
        moves[next(iter(moves))] = "because"  # type: ignore[index]


def test_nothing_that_may_have_left_is_ever_void_without_proof() -> None:
    ways_to_void = {source for source, target in SUBMISSION if target is SubmissionState.VOID}
    assert ways_to_void == {SubmissionState.SEALED, SubmissionState.NOT_SENT}


def test_unknown_ends_only_in_delivered_or_not_sent() -> None:
    ways_out = {target for source, target in SUBMISSION if source is SubmissionState.UNKNOWN}
    assert ways_out == {SubmissionState.DELIVERED, SubmissionState.NOT_SENT}


def test_only_a_submission_whose_bytes_are_stored_is_sent() -> None:
    ways_to_send = {source for source, target in SUBMISSION if target is SubmissionState.SENDING}
    assert ways_to_send == {SubmissionState.SEALED, SubmissionState.NOT_SENT}


def test_the_drawing_is_mermaid() -> None:
    assert drawing("stop", STOP) == "%% stop\nstateDiagram-v2\n    active --> lifted: two people"
    assert "    not_sent --> sending: next intent" in drawing("submission", SUBMISSION)
