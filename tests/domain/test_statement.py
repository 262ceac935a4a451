"""Which statements are proved, in any order of arrival; and what the others wait for (reference 3.3, design 7)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.statement import (
    BALANCE_MISSING,
    DECISION,
    EARLIER,
    OPENING,
    SUM_DIFFERS,
    Chain,
    Judged,
    Link,
    Numbering,
    Page,
    broken_alone,
    broken_rule,
    judge,
)

DAY = date(2026, 9, 21)
PLAIN = Numbering()


def page(number: int, opening: int, closing: int, **changes: object) -> Page:
    """A statement of one page, of the day that its number says."""
    on = DAY + timedelta(days=number)
    plain = Page(
        statement_no=number,
        message_no=number,
        statement_id=f"S{number}",
        sequence=number,
        page=1,
        last_page=True,
        opening_minor=opening,
        closing_minor=closing,
        opening_on=on - timedelta(days=1),
        closing_on=on,
        entries_minor=closing - opening,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def judged(*pages: Page, chain: Chain | None = None, numbering: Numbering = PLAIN) -> Judged:
    return judge(pages, chain or Chain(), numbering)


def link(of: Page, at: int = 0) -> Link:
    return Link(
        link=at,
        statement_no=of.statement_no,
        sequence=of.sequence,
        opening_minor=of.opening_minor or 0,
        closing_minor=of.closing_minor or 0,
        closing_on=of.closing_on,
    )


def begun(first: Page, *others: Page) -> Chain:
    links = [link(p, n) for n, p in enumerate((first, *others))]
    return Chain(first=links[0], last=links[-1])


ONE, TWO, THREE, FOUR = page(1, 0, 10), page(2, 10, 15), page(3, 15, 15), page(4, 15, -5)


def test_the_arithmetic_of_one_page() -> None:
    assert broken_alone(ONE) is None
    assert broken_alone(replace(ONE, entries_minor=9)) == SUM_DIFFERS
    assert broken_alone(replace(ONE, closing_minor=None)) == BALANCE_MISSING
    assert broken_alone(replace(ONE, opening_minor=None)) == BALANCE_MISSING
    assert broken_alone(replace(ONE, last_page=False, entries_minor=9)) is None
    assert broken_alone(replace(ONE, page=2, entries_minor=9)) is None


def test_the_arithmetic_of_pages_whichever_balances_they_repeat() -> None:
    whole = [page(1, 0, 30, entries_minor=10, last_page=False), page(1, 0, 30, page=2, entries_minor=20)]
    own = [page(1, 0, 10, last_page=False), page(1, 10, 30, page=2)]
    ends = [
        page(1, 0, 0, closing_minor=None, entries_minor=10, last_page=False),
        page(1, 0, 30, opening_minor=None, page=2, entries_minor=20),
    ]
    assert [broken_rule(pages) for pages in (whole, own, ends)] == [None, None, None]
    assert broken_rule([whole[0], replace(whole[1], entries_minor=21)]) == SUM_DIFFERS


def test_the_first_statement_known_begins_the_chain_and_others_follow() -> None:
    result = judged(ONE, TWO, THREE)
    assert result.proved == {1: 0, 2: 1, 3: 2}
    assert (result.waits, result.gaps, result.unbalanced, result.rivals) == ({}, {}, {}, [])


def test_a_gap_holds_all_successors_back_and_a_late_statement_lets_them_go() -> None:
    held = judged(THREE, FOUR, chain=begun(ONE))
    assert held.proved == {}
    assert held.waits == {3: "statement 2", 4: "statement 3"}
    assert list(held.gaps) == ["after statement 1"]
    freed = judged(TWO, THREE, FOUR, chain=begun(ONE))
    assert (freed.proved, freed.gaps) == ({2: 1, 3: 2, 4: 3}, {})


def test_a_chain_grows_at_its_beginning_too() -> None:
    waiting = judged(ONE, chain=begun(THREE))
    assert (waiting.proved, list(waiting.gaps)) == ({}, ["before statement 3"])
    result = judged(ONE, TWO, chain=begun(THREE))
    assert result.proved == {2: -1, 1: -2}
    assert result.chain.first == link(ONE, -2)


def test_a_number_that_follows_with_a_balance_that_does_not_is_no_successor() -> None:
    result = judged(replace(TWO, opening_minor=11, closing_minor=16), chain=begun(ONE))
    assert (result.proved, result.waits) == ({}, {2: OPENING})
    assert list(result.gaps) == ["after statement 1"]


def test_a_balance_that_follows_with_a_number_that_does_not_is_no_successor() -> None:
    assert judged(replace(TWO, sequence=3), chain=begun(ONE)).waits == {2: "statement 2"}


def test_a_statement_waits_for_its_pages() -> None:
    pages = [page(1, 0, 30, statement_no=n, page=n, last_page=n == 3, entries_minor=10) for n in (1, 2, 3)]
    assert judged(pages[0]).waits == {1: "page 2"}
    assert judged(pages[0]).gaps == {}
    missing = judged(pages[0], pages[2])
    assert missing.waits == {1: "page 2", 3: "page 2"}
    assert list(missing.gaps) == ["page 2 before statement 3"]
    assert judged(*pages).proved == {1: 0, 2: 0, 3: 0}


def test_pages_that_do_not_add_up_together_are_unbalanced() -> None:
    first, second = page(1, 0, 30, last_page=False, entries_minor=10), page(1, 0, 30, page=2, statement_no=2)
    assert judged(first, second).unbalanced == {1: SUM_DIFFERS, 2: SUM_DIFFERS}
    behind = replace(second, page=3, statement_no=3)
    assert judged(first, replace(second, entries_minor=20), behind).unbalanced == dict.fromkeys((1, 2, 3), SUM_DIFFERS)


def test_a_second_statement_of_a_number_waits_for_a_decision() -> None:
    other = replace(TWO, statement_no=9, closing_minor=99, entries_minor=89)
    both = judged(TWO, other, chain=begun(ONE))
    assert (both.proved, both.waits) == ({}, {2: DECISION, 9: DECISION})
    assert {p.statement_no for p in both.rivals} == {2, 9}
    assert both.gaps == {}
    # Only one of them can follow: the balance decides, and the other still needs a person.
    fits = judged(TWO, replace(other, opening_minor=12, closing_minor=13, entries_minor=1), chain=begun(ONE))
    assert (fits.proved, fits.waits) == ({2: 1}, {9: DECISION})
    late = judged(replace(other, rival=True), chain=begun(ONE, TWO))
    assert (late.proved, late.waits, [p.statement_no for p in late.rivals]) == ({}, {9: DECISION}, [9])


def test_a_second_page_of_a_number_waits_for_a_decision() -> None:
    first = page(1, 0, 30, last_page=False, entries_minor=10)
    result = judged(first, replace(first, statement_no=7, entries_minor=11))
    assert (result.proved, result.waits) == ({}, {1: DECISION, 7: DECISION})


def test_rivals_do_not_begin_a_chain() -> None:
    other = replace(ONE, statement_no=9, closing_minor=99, entries_minor=99)
    assert judged(ONE, other).waits == {1: DECISION, 9: DECISION}


SILVESTER = replace(page(365, 0, 10), closing_on=date(2026, 12, 31))
NEW_YEAR = replace(page(400, 10, 20), sequence=1, statement_id="S1", closing_on=date(2027, 1, 4))


def test_numbers_may_begin_again_in_a_new_year() -> None:
    assert judged(NEW_YEAR, chain=begun(SILVESTER)).proved == {400: 1}
    assert judged(SILVESTER, chain=begun(NEW_YEAR)).proved == {365: -1}
    same_year = replace(NEW_YEAR, closing_on=date(2026, 12, 31))
    assert judged(same_year, chain=begun(SILVESTER)).waits == {400: EARLIER}
    assert judged(replace(NEW_YEAR, sequence=2), chain=begun(SILVESTER)).waits == {400: "statement 1"}
    assert judged(replace(NEW_YEAR, closing_on=None), chain=begun(SILVESTER)).proved == {}
    assert judged(replace(NEW_YEAR, sequence=0), chain=begun(SILVESTER), numbering=Numbering(first=0)).proved


def test_numbers_and_ids_repeat_across_years() -> None:
    last_year = replace(ONE, statement_no=90, opening_minor=-10, closing_minor=0, closing_on=date(2025, 9, 22))
    assert judged(TWO, last_year, ONE).proved == {90: 0, 1: 1, 2: 2}


def test_a_bank_without_numbers_is_followed_by_balances_and_dates() -> None:
    plain = [replace(p, sequence=None) for p in (ONE, TWO, THREE, FOUR)]
    assert judged(*reversed(plain)).proved == {1: 0, 2: 1, 3: 2, 4: 3}
    assert judged(plain[2], chain=begun(plain[0])).waits == {3: EARLIER}
    earlier = replace(plain[1], closing_on=DAY - timedelta(days=9))
    assert judged(earlier, chain=begun(plain[0])).proved == {}
    jumping = [replace(p, sequence=p.statement_no * 7 % 5) for p in (ONE, TWO, THREE, FOUR)]
    assert judged(*jumping, numbering=Numbering(consecutive=False)).proved == {1: 0, 2: 1, 3: 2, 4: 3}


def test_of_one_day_the_statement_that_moves_nothing_comes_first() -> None:
    empty = replace(TWO, sequence=None, closing_minor=10, entries_minor=0)
    moving = replace(TWO, sequence=None, statement_no=1_000, statement_id="another")
    assert judged(moving, empty, chain=begun(replace(ONE, sequence=None))).proved == {2: 1, 1_000: 2}


MOVES = st.lists(st.lists(st.integers(-50, 50), min_size=1, max_size=3), min_size=1, max_size=8)


def chain_of(moves: Sequence[Sequence[int]]) -> list[Page]:
    """Write consecutive statements whose pages move the balance as told."""
    pages: list[Page] = []
    balance = 100
    for number, parts in enumerate(moves, start=1):
        opening, balance = balance, balance + sum(parts)
        for n, moved in enumerate(parts, start=1):
            whole = page(number, opening, balance, statement_no=len(pages) + 1, message_no=len(pages) + 1)
            pages.append(replace(whole, page=n, last_page=n == len(parts), entries_minor=moved))
    return pages


@given(moves=MOVES, data=st.data())
def test_any_order_of_arrival_ends_in_the_same_proved_chain(moves: list[list[int]], data: st.DataObject) -> None:
    pages = chain_of(moves)
    chain, waiting, proved = Chain(), list[Page](), dict[int, int]()
    for arrived in data.draw(st.permutations(pages)):
        waiting.append(arrived)
        result = judge(waiting, chain, PLAIN)
        chain, proved = result.chain, proved | result.proved
        waiting = [p for p in waiting if p.statement_no not in result.proved]
        assert set(result.waits) == {p.statement_no for p in waiting}
    assert (waiting, set(proved)) == ([], {p.statement_no for p in pages})
    links = [proved[p.statement_no] for p in pages]
    assert [b - a for a, b in pairwise(links)] == [
        (pages[n].sequence or 0) - (pages[n - 1].sequence or 0) for n in range(1, len(pages))
    ]


@given(moves=MOVES, data=st.data())
def test_a_chain_with_one_wrong_figure_is_never_proved_beyond_it(moves: list[list[int]], data: st.DataObject) -> None:
    pages = chain_of(moves)
    wrong = data.draw(st.integers(0, len(pages) - 1))
    pages[wrong] = replace(pages[wrong], entries_minor=pages[wrong].entries_minor + data.draw(st.integers(1, 9)))
    result = judge(pages, Chain(), PLAIN)
    bad = {p.statement_no for p in pages if p.sequence == pages[wrong].sequence}
    assert set(result.unbalanced) == bad
    assert not bad & set(result.proved)
    proved = {p.sequence for p in pages if p.statement_no in result.proved}
    assert all((number or 0) < (pages[wrong].sequence or 0) for number in proved) or pages[wrong].sequence == 1


@pytest.mark.parametrize("count", [2_000])
def test_many_waiting_statements_are_judged_in_one_go(count: int) -> None:
    pages = chain_of([[1]] * count)
    assert len(judge(pages[::-1], Chain(), PLAIN).proved) == count
