"""Which files are whole: those that two looks, far enough apart, saw alike."""

import pytest

from gateway.transport.settling import Settling, unfinished
from tests.transport.clocks import StillClock

Look = tuple[float, tuple[int, int] | None]
"""Seconds since the look before, and the stamp that it saw."""


@pytest.mark.parametrize(
    ("looks", "whole"),
    [
        ([(0, (1, 5))], []),
        ([(0, (1, 5)), (0.9, (1, 5))], []),
        ([(0, (1, 5)), (1.0, (1, 5))], ["a"]),
        ([(0, (1, 5)), (0.5, (1, 5)), (0.5, (1, 5))], ["a"]),
        ([(0, (1, 5)), (1.0, (1, 6))], []),
        ([(0, (1, 5)), (1.0, (2, 5))], []),
        ([(0, (1, 5)), (1.0, (1, 6)), (1.0, (1, 6))], ["a"]),
        ([(0, (1, 5)), (1.0, None), (1.0, (1, 5))], []),
        ([(0, (1, 5)), (1.0, (1, 5)), (0.0, (1, 5))], ["a"]),
    ],
)
def test_a_file_is_whole_when_it_stood_still(
    looks: list[tuple[float, tuple[int, int] | None]], whole: list[str]
) -> None:
    clock = StillClock()
    settling = Settling(clock, 1.0)
    said: list[str] = []
    for seconds, stamp in looks:
        clock.moment += seconds
        said = settling.settled({} if stamp is None else {"a": stamp})
    assert said == whole


def test_the_oldest_change_comes_first() -> None:
    assert Settling(StillClock(), 0).settled({"b": (2, 1), "c": (1, 1), "a": (2, 9)}) == ["c", "a", "b"]


@pytest.mark.parametrize(
    ("name", "so"),
    [("a.xml", False), (".a.xml", True), ("a.xml.tmp", True), ("a.part", True), ("a.filepart", True), ("tmp", False)],
)
def test_some_names_say_that_they_are_being_written(name: str, *, so: bool) -> None:
    assert unfinished(name) is so
