"""A lane's pace: what may be taken together, and how long the lane rests."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bank_adapters.profile import Pace
from gateway.service.pace import apart, keeps, most

SECOND = timedelta(seconds=1)


@given(st.integers(1, 10_000), st.data())
def test_never_more_than_so_many_in_any_second(per_second: int, data: st.DataObject) -> None:
    """Whatever is wanted, and however long before it is wanted, as early as the lane lets it."""
    pace = Pace(per_second=per_second)
    at, taken = timedelta(0), []
    for _ in range(data.draw(st.integers(2, 60))):
        number = most(pace, data.draw(st.integers(1, 300)))
        taken.append((at, number))
        at += apart(pace, number) + data.draw(st.sampled_from([timedelta(0), timedelta(milliseconds=3)]))
    for start, _ in taken:
        assert sum(n for t, n in taken if start <= t < start + SECOND) <= per_second


@pytest.mark.parametrize("per_second", [1, 7, 20, 100, 1_000])
def test_most_of_what_is_allowed_is_used(per_second: int) -> None:
    pace = Pace(per_second=per_second)
    number = most(pace, 200)
    assert SECOND / apart(pace, number) * number >= 0.9 * per_second


def test_a_gap_and_an_order_let_one_go_at_a_time() -> None:
    assert most(Pace(minimum_gap_seconds=30), 200) == 1
    assert most(Pace(ordered=True), 200) == 1
    assert apart(Pace(minimum_gap_seconds=30), 1) == timedelta(seconds=30)
    assert apart(Pace(per_second=10, minimum_gap_seconds=30), 1) == timedelta(seconds=30)


def test_a_lane_without_a_pace_takes_what_is_there_and_keeps_no_time() -> None:
    pace = Pace(at_once=4)
    assert (keeps(pace), most(pace, 200), apart(pace, 7)) == (False, 200, timedelta(0))
