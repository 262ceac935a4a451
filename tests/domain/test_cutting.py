"""Cutting: the promises of the documentation as properties, and small cases worked out by hand."""

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.domain.cutting import Cut, CutLimits, cut
from gateway.domain.errors import ConfigError

AMOUNTS = st.lists(st.sampled_from([1, 2, 3, 100, 100, 100, 250]), max_size=40)
TAKEN = st.frozensets(
    st.tuples(st.integers(1, 8), st.integers(1, 400)) | st.integers(1, 8).map(lambda n: (n, n * 100)), max_size=12
)


@st.composite
def limits(draw: st.DrawFn, *, distinguish: st.SearchStrategy[bool] = st.booleans()) -> CutLimits:  # noqa: B008
    max_count = draw(st.integers(1, 8))
    return CutLimits(
        max_count=max_count,
        max_sum=draw(st.integers(1, 900)),
        min_count=draw(st.integers(1, min(2, max_count))),
        distinguish=draw(distinguish),
    )


def pairs(amounts: list[int], made: Cut) -> list[tuple[int, int]]:
    return [(len(piece), sum(amounts[place] for place in piece)) for piece in made.pieces]


@given(AMOUNTS, limits(), TAKEN)
def test_every_payment_is_in_exactly_one_place_and_in_order(
    amounts: list[int], limit: CutLimits, taken: frozenset[tuple[int, int]]
) -> None:
    made = cut(amounts, limit, taken)
    places = [place for piece in made.pieces for place in piece]
    assert sorted([*places, *made.waiting, *made.too_large]) == list(range(len(amounts)))
    assert all(earlier.stop <= later.start for earlier, later in pairwise(made.pieces))
    assert list(made.too_large) == [place for place, amount in enumerate(amounts) if amount > limit.max_sum]


@given(AMOUNTS, limits(), TAKEN)
def test_no_submission_is_beyond_the_limits(
    amounts: list[int], limit: CutLimits, taken: frozenset[tuple[int, int]]
) -> None:
    for number, total in pairs(amounts, cut(amounts, limit, taken)):
        assert 1 <= number <= limit.max_count
        assert total <= limit.max_sum


@given(AMOUNTS, limits(distinguish=st.just(True)), TAKEN)
@example([100] * 7, CutLimits(max_count=3, max_sum=900), frozenset())
def test_no_two_open_submissions_look_the_same(
    amounts: list[int], limit: CutLimits, taken: frozenset[tuple[int, int]]
) -> None:
    made = pairs(amounts, cut(amounts, limit, taken))
    assert len(set(made)) == len(made)
    assert taken.isdisjoint(made)


@given(AMOUNTS, limits(), TAKEN)
def test_a_payment_waits_only_when_every_piece_it_could_start_is_taken(
    amounts: list[int], limit: CutLimits, taken: frozenset[tuple[int, int]]
) -> None:
    made = cut(amounts, limit, taken)
    used = taken | set(pairs(amounts, made))
    for place in made.waiting:
        starts = [amounts[place : place + n] for n in range(1, min(limit.max_count, len(amounts) - place) + 1)]
        fitting = [(len(start), sum(start)) for start in starts if sum(start) <= limit.max_sum]
        assert limit.distinguish
        runt_behind_others = place > made.waiting[0] and len(amounts) - place < limit.min_count
        assert runt_behind_others or set(fitting[min(limit.min_count, len(fitting)) - 1 :]) <= used


@given(AMOUNTS, limits(distinguish=st.just(False)), TAKEN)
def test_without_the_need_to_distinguish_nothing_waits(
    amounts: list[int], limit: CutLimits, taken: frozenset[tuple[int, int]]
) -> None:
    assert cut(amounts, limit, taken).waiting == ()


@given(st.integers(2, 60), st.integers(3, 8), st.booleans())
def test_no_single_payment_file_where_the_count_alone_limits(number: int, max_count: int, distinguish: bool) -> None:  # noqa: FBT001
    amounts = list(range(1, number + 1))  # all sums differ, so nothing has to wait
    limit = CutLimits(max_count=max_count, max_sum=10**9, min_count=2, distinguish=distinguish)
    made = cut(amounts, limit)
    assert min(map(len, made.pieces)) >= 2
    assert made.waiting == made.too_large == ()


@pytest.mark.parametrize(
    ("amounts", "limit", "taken", "pieces", "waiting", "too_large"),
    [
        ([], CutLimits(max_count=3, max_sum=900), set(), [], [], []),
        # fixed amounts: each file one shorter than the one before
        ([5] * 9, CutLimits(max_count=4, max_sum=900), set(), [4, 3, 2], [], []),
        # what is left has the look of one already made
        ([5] * 2, CutLimits(max_count=1, max_sum=900), set(), [1], [1], []),
        ([5] * 2, CutLimits(max_count=1, max_sum=900, distinguish=False), set(), [1, 1], [], []),
        # an open submission of an earlier run counts
        ([5, 5], CutLimits(max_count=4, max_sum=900), {(2, 10)}, [1], [1], []),
        ([5, 5], CutLimits(max_count=4, max_sum=900, min_count=2), {(2, 10)}, [], [0, 1], []),
        # the sum limits
        ([50, 50, 60], CutLimits(max_count=9, max_sum=100), set(), [2, 1], [], []),
        # one payment moves over so that the last file is not a single payment
        ([1, 2, 3, 4], CutLimits(max_count=3, max_sum=900, min_count=2), set(), [2, 2], [], []),
        # a single payment that nothing can join goes alone
        ([7], CutLimits(max_count=3, max_sum=900, min_count=2), set(), [1], [], []),
        ([90, 90], CutLimits(max_count=3, max_sum=100, min_count=2, distinguish=False), set(), [1, 1], [], []),
        # too large for the bank
        ([5, 901, 6], CutLimits(max_count=3, max_sum=900), set(), [1, 1], [], [1]),
    ],
)
def test_cases_worked_out_by_hand(
    amounts: list[int],
    limit: CutLimits,
    taken: set[tuple[int, int]],
    pieces: list[int],
    waiting: list[int],
    too_large: list[int],
) -> None:
    made = cut(amounts, limit, frozenset(taken))
    assert [len(piece) for piece in made.pieces] == pieces
    assert list(made.waiting) == waiting
    assert list(made.too_large) == too_large


@pytest.mark.parametrize(("max_count", "max_sum", "min_count"), [(0, 1, 1), (1, 0, 1), (1, 1, 0), (1, 1, 2)])
def test_limits_that_allow_nothing_are_a_configuration_error(max_count: int, max_sum: int, min_count: int) -> None:
    with pytest.raises(ConfigError):
        CutLimits(max_count=max_count, max_sum=max_sum, min_count=min_count)
