"""The names of our files: made of a MsgId, and recognised again in what a bank answers."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bank_adapters.profile.names import OurNames, file_named, sequence_of
from gateway.domain.identity import msg_id
from tests.bank_adapters.delimited import plain_bank as delimited_bank
from tests.bank_adapters.delimited import profile_of
from tests.bank_adapters.fixed_width import parts, plain_bank

DAY = date(2026, 9, 21)


def test_a_name_is_made_of_date_restores_and_sequence() -> None:
    assert file_named(plain_bank(), "G1TOROS260921S00001", DAY) == "TOS260921_1_00001.txt"
    assert file_named(plain_bank(), "G12TOROS260921S1234567", DAY) == "TOS260921_12_1234567.txt"
    assert file_named(delimited_bank(), "G1ANADOLU260921S00001", DAY) == "G1ANADOLU260921S00001.TOS.txt"
    assert (sequence_of("G1TOROS260921S00042"), sequence_of("A-STRANGER")) == (42, None)


@given(st.integers(1, 99), st.dates(date(2020, 1, 1), date(2099, 12, 31)), st.integers(1, 999_999_999), st.booleans())
def test_every_name_leads_back_to_its_file(epoch: int, day: date, sequence: int, small: bool) -> None:  # noqa: FBT001
    for profile in (plain_bank(), delimited_bank()):
        name = msg_id(profile.slug, day, sequence, epoch=epoch)
        called = file_named(profile, name, day)
        assert OurNames(profile).msg_id(called.lower() if small else called) == name


@pytest.mark.parametrize("name", ["TOS260921_1_00001.txt.bak", "TOS260921_1_1.txt", "XTOS260921_1_00001.txt", ""])
def test_another_name_is_no_file_of_ours(name: str) -> None:
    assert OurNames(plain_bank()).msg_id(name) is None


def test_a_long_slug_is_shortened_as_in_the_msg_id() -> None:
    profile = profile_of(parts() | {"slug": "toros-katilim-bankasi"})
    name = msg_id(profile.slug, DAY, 7, epoch=1)
    assert OurNames(profile).msg_id(file_named(profile, name, DAY)) == name == "G1TOROSKAT260921S00007"
