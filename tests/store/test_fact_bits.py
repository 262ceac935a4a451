"""Facts that SQL names by their numbers are those of the domain."""

from importlib.resources import files

import pytest

from gateway.domain.facts import BOOKED, CAME_BACK, STATUS, Fact

F = Fact
BITS = [
    ("migrations/0005_closing.sql", "& 832", F.REJECTED | F.CANCELLED | F.RETURNED_IN_STATEMENT),
    ("migrations/0005_closing.sql", "& ~1", F.ACCEPTED),
    ("sql/settle.sql", "& 8 ", F.BOOKED),
    ("sql/balances.sql", "& 16 ", F.BOOKED_IN_STATEMENT),
    ("sql/stops.sql", "& 2048 ", F.AT_THE_COUNTER),
]


@pytest.mark.parametrize(("file", "written", "fact"), BITS)
def test_facts_that_sql_names_by_number_are_those_of_the_domain(file: str, written: str, fact: Fact) -> None:
    assert written in files("gateway.store").joinpath(file).read_text(encoding="utf-8")
    assert int(fact) == int("".join(filter(str.isdigit, written)))


def test_what_is_on_its_way_in_sql_is_so_in_the_domain() -> None:
    """A recall is proposed unless the payment ended: these are the numbers in stops.propose_recalls."""
    assert int(STATUS) == 1 | 2 | 4 | 64 | 512
    ended = F.CREDITED | F.REJECTED | CAME_BACK | F.CANCELLED
    assert int(ended) == 4 | 64 | 128 | 256 | 512
    assert int(ended | BOOKED) == 4 | 8 | 16 | 64 | 128 | 256 | 512
