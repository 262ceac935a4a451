"""Envelopes of both kinds: what comes out is what the bank signed for us, or nothing."""

import pickle
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.errors import WrappingFailed
from gateway.ports.wrapping import Wrapping
from tests.transport.keys import NOW, cms, pgp

CONTENT = b"<Document>" + b"\r\n\0\xff" * 1_000 + b"</Document>"
KINDS: dict[str, Callable[[str, str], Any]] = {"pgp": pgp, "cms": cms}
both = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)


def rule(wrapping: Wrapping, content: bytes) -> str:
    with pytest.raises(WrappingFailed) as refused:
        wrapping.unwrap(content, NOW)
    assert "Stack backtrace" not in str(refused.value)
    return refused.value.rule


@both
@pytest.mark.parametrize("content", [CONTENT, b"", b"x" * 3_000_000], ids=["document", "nothing", "3 MB"])
def test_what_we_wrap_the_bank_opens(kind: Callable[[str, str], Wrapping], content: bytes) -> None:
    wire = kind("gateway", "bank").wrap(content, NOW)
    assert content == b"" or content not in wire
    assert kind("bank", "gateway").unwrap(wire, NOW) == content


@both
def test_no_two_envelopes_are_the_same_bytes(kind: Callable[[str, str], Wrapping]) -> None:
    wrapping = kind("gateway", "bank")
    assert wrapping.wrap(CONTENT, NOW) != wrapping.wrap(CONTENT, NOW)


@both
def test_a_wrapping_works_in_another_process_and_shows_no_key(kind: Callable[[str, str], Any]) -> None:
    wrapping = kind("gateway", "bank")
    there = pickle.loads(pickle.dumps(wrapping))  # noqa: S301 - our own bytes
    assert kind("bank", "gateway").unwrap(there.wrap(CONTENT, NOW), NOW) == CONTENT
    assert "key=" not in repr(wrapping)
    assert "BEGIN" not in repr(wrapping)


@both
def test_an_error_comes_back_from_another_process(kind: Callable[[str, str], Wrapping]) -> None:
    with pytest.raises(WrappingFailed) as refused:
        kind("gateway", "bank").unwrap(b"plain", NOW)
    again = pickle.loads(pickle.dumps(refused.value))  # noqa: S301 - our own bytes
    assert (again.rule, str(again)) == (refused.value.rule, str(refused.value))


@both
def test_the_name_of_what_it_is_wrapped_for_is_that_of_the_banks_key(kind: Callable[[str, str], Wrapping]) -> None:
    assert kind("gateway", "bank").recipient == kind("other", "bank").recipient
    assert kind("gateway", "bank").recipient != kind("gateway", "other").recipient


@both
@pytest.mark.parametrize(
    "content", [CONTENT, b"", b"\xc1\x00", b"-----BEGIN PGP MESSAGE-----", b"\x30\x80", b"\x00" * 99]
)
def test_what_is_not_encrypted_is_refused(kind: Callable[[str, str], Wrapping], content: bytes) -> None:
    assert rule(kind("gateway", "bank"), content) in {"envelope.encrypted", "envelope.form"}


@both
def test_what_a_stranger_signed_for_us_is_refused(kind: Callable[[str, str], Wrapping]) -> None:
    assert rule(kind("gateway", "bank"), kind("stranger", "gateway").wrap(CONTENT, NOW)) == "envelope.signature"


@both
def test_what_the_bank_encrypted_to_somebody_else_is_refused(kind: Callable[[str, str], Wrapping]) -> None:
    assert rule(kind("gateway", "bank"), kind("bank", "stranger").wrap(CONTENT, NOW)) == "envelope.encrypted"


@both
def test_our_own_file_that_is_sent_back_is_not_the_banks(kind: Callable[[str, str], Wrapping]) -> None:
    """We can open it, for it is encrypted to us as well; but it is us who signed it."""
    ours = kind("gateway", "bank")
    assert rule(ours, ours.wrap(CONTENT, NOW)) == "envelope.signature"


@both
def test_a_file_that_is_broken_off_is_refused(kind: Callable[[str, str], Wrapping]) -> None:
    wire = kind("bank", "gateway").wrap(CONTENT, NOW)
    for size in (1, 2, 50, len(wire) // 2, len(wire) - 17, len(wire) - 1):
        assert rule(kind("gateway", "bank"), wire[:size]).startswith("envelope.")


@both
def test_what_follows_the_envelope_is_refused(kind: Callable[[str, str], Wrapping]) -> None:
    wire = kind("bank", "gateway").wrap(CONTENT, NOW)
    for more in (b"x", b"\0", wire):
        assert rule(kind("gateway", "bank"), wire + more).startswith("envelope.")


@cache
def wire_of(kind: Callable[[str, str], Wrapping]) -> bytes:
    return kind("bank", "gateway").wrap(b"pay 512.40", NOW)


@both
@settings(max_examples=100, deadline=None)
@given(place=st.floats(0, 1, exclude_max=True), change=st.integers(1, 255))
def test_a_changed_byte_never_changes_what_is_read(
    kind: Callable[[str, str], Wrapping], place: float, change: int
) -> None:
    wire = bytearray(wire_of(kind))
    wire[int(place * len(wire))] ^= change
    try:
        read = kind("gateway", "bank").unwrap(bytes(wire), NOW)
    except WrappingFailed:
        return
    assert read == b"pay 512.40"  # what was changed was not said: which other key may open it, padding


class PanicException(BaseException):
    """What pyo3 raises where a Rust library would have aborted."""


@both
def test_a_library_that_panics_refuses_a_file_and_ends_nothing(
    kind: Callable[[str, str], Wrapping], monkeypatch: pytest.MonkeyPatch
) -> None:
    def panics(*_args: object, **_more: object) -> None:
        raise PanicException

    wire = kind("bank", "gateway").wrap(CONTENT, NOW)
    monkeypatch.setattr("pysequoia.decrypt_file", panics)
    monkeypatch.setattr("gateway.transport.envelope_cms.asn1.decode_der", panics)
    assert rule(kind("gateway", "bank"), wire) == "envelope.form"


@both
def test_nothing_larger_than_the_limit_goes_in_or_comes_out(kind: Callable[[str, str], Any]) -> None:
    small = replace(kind("gateway", "bank"), limit=1_000)
    with pytest.raises(WrappingFailed, match=r"envelope\.size"):
        small.wrap(b"x" * 1_001, NOW)
    large = kind("bank", "gateway").wrap(b"x" * 3_000_000, NOW)
    assert rule(small, large) == "envelope.size"
    assert small.unwrap(kind("bank", "gateway").wrap(b"x" * 1_000, NOW), NOW) == b"x" * 1_000
