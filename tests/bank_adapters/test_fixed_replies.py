"""Fixed-width replies: one answer and several in a file, totals, and what makes a file unreadable, by line and rule."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bank_adapters.profile import Profile
from bank_adapters.registry import adapter_for
from gateway.domain.errors import Unreadable
from gateway.domain.observation import Observation, ObservationKind
from tests.bank_adapters.fixed_width import MSG_ID, REPLY, bank, parts, plain_bank
from tests.bank_adapters.material import bytes_in_pieces, named, profile_of

FILE, PAYMENT = ObservationKind.SUBMISSION_STATUS, ObservationKind.PAYMENT_STATUS
HEAD = "RTOS260921_1_00001.txt                   00000001"
OTHER = "RTOS260921_1_00002.txt                   00000001"
LINE = "S0000030000000000000000000123REF             "
LINE = "S000003" + "00" + "    " + "000000000000123" + "REF             "
TAIL = "Z000001000000000000000123"


def reply(*lines: str, end: str = "\r\n") -> bytes:
    return "".join(f"{line}{end}" for line in lines).encode("cp1254")


def said(document: bytes, profile: Profile | None = None, size: int = 1 << 20) -> list[Observation]:
    profile = profile or plain_bank()
    read = adapter_for(profile).read(bytes_in_pieces(document, size), profile)
    return [one for one in read if isinstance(one, Observation)]


def replies(**changes: Any) -> Profile:
    return bank(replies=parts()["layout"]["replies"] | changes)


@pytest.mark.parametrize("size", [1, 7, 4096])
def test_several_answers_in_one_file_are_each_about_their_own(size: int) -> None:
    assert [named(one) for one in said(REPLY.read_bytes(), size=size)] == [
        {
            "kind": PAYMENT,
            "msg_id": MSG_ID,
            "position": 1,
            "status": "00",
            "entry_ref": "TB26264000017",
            "amount_minor": 123_450,
            "currency": "TRY",
        },
        {
            "kind": PAYMENT,
            "msg_id": MSG_ID,
            "position": 2,
            "status": "10",
            "reason": "K001",
            "amount_minor": 99_999,
            "currency": "TRY",
        },
        {"kind": FILE, "msg_id": MSG_ID, "status": "00"},
        {"kind": FILE, "msg_id": "G1TOROS260921S00002", "status": "10", "reason": "10"},
    ]


def with_amount(amount: str, currencies: list[str], decimals: int | None = None) -> Observation:
    """What is told of a line with this amount, by a bank that pays in these currencies."""
    changed = parts() | {"currencies": currencies}
    for field in changed["layout"]["replies"]["line"]:
        if field["value"] == "amount":
            field["decimals"] = decimals
    changed["layout"]["replies"]["trailer"] = []
    document = reply(HEAD, LINE.replace("000000000000123", amount.rjust(15, "0")))
    return said(document, profile_of(changed))[0]


@pytest.mark.parametrize(
    ("amount", "currency", "decimals", "minor"),
    [("123450", "TRY", None, 123_450), ("123450", "TRY", 3, 12_345), ("7", "TRY", 0, 700), ("1", "KWD", None, 1)],
)
def test_a_line_s_amount_is_told_in_the_one_currency_of_the_bank(
    amount: str, currency: str, decimals: int | None, minor: int
) -> None:
    one = with_amount(amount, [currency], decimals)
    assert (one.amount_minor, one.currency) == (minor, currency)


def test_an_amount_whose_currency_nobody_tells_is_left_out() -> None:
    one = with_amount("123450", ["TRY", "EUR"])
    assert (one.amount_minor, one.currency) == (None, None)


def test_more_decimals_than_the_currency_has_are_refused() -> None:
    with pytest.raises(Unreadable) as caught:
        with_amount("123451", ["TRY"], 3)
    assert (caught.value.path, caught.value.rule) == ("line 2", "money.decimals")


def test_an_answer_that_says_already_have_it_is_about_its_own_file_alone() -> None:
    duplicate = LINE.replace("00    ", "10AM05")
    document = reply(HEAD[:41] + "10000001", duplicate, TAIL, OTHER[:41] + "10000001", LINE, TAIL)
    files = [one for one in said(document) if one.kind is FILE]
    assert [(one.msg_id, one.reason) for one in files] == [(MSG_ID, "AM05"), ("G1TOROS260921S00002", "10")]


def test_answers_without_trailers_end_where_the_next_begins() -> None:
    profile = replies(trailer=[])
    assert [one.msg_id for one in said(reply(HEAD, LINE, OTHER, LINE), profile)] == [
        *[MSG_ID] * 2,
        *["G1TOROS260921S00002"] * 2,
    ]


def test_blanks_that_the_bank_leaves_out_may_be_missing_only_where_the_profile_says_so() -> None:
    short = reply(HEAD, LINE.rstrip(), TAIL)
    assert said(short, replies(short_lines=True)) == said(reply(HEAD, LINE, TAIL))
    with pytest.raises(Unreadable) as caught:
        said(short)
    assert (caught.value.path, caught.value.rule) == ("line 2", "line.width")
    with pytest.raises(Unreadable) as caught:
        said(short.rstrip(), replies(short_lines=True))
    assert caught.value.rule == "message.truncated"


def test_records_without_line_ends_are_cut_by_their_length() -> None:
    width = len(LINE)
    fill = {"value": "ignored", "width": 0}
    changed = parts()["layout"]["replies"]
    changed["header"].append(fill | {"width": width - len(HEAD)} if width > len(HEAD) else fill)
    line = [*changed["line"], {"value": "ignored", "width": len(HEAD) - width}]
    trailer = [*changed["trailer"], {"value": "ignored", "width": len(HEAD) - len(TAIL)}]
    profile = replies(header=changed["header"][:4], line=line, trailer=trailer, line_end="none")
    document = reply(*(one.ljust(len(HEAD)) for one in (HEAD, LINE, TAIL)), end="")
    assert said(document, profile) == said(reply(HEAD, LINE, TAIL))
    with pytest.raises(Unreadable) as caught:
        said(document[:-1], profile)
    assert (caught.value.path, caught.value.rule) == ("line 3", "message.truncated")


def test_a_reply_may_be_in_ebcdic() -> None:
    profile = replies(encoding="cp500")
    text = reply(HEAD, LINE, TAIL).decode("cp1254")
    assert said(text.encode("cp500"), profile) == said(text.encode("cp1254"))


@pytest.mark.parametrize(
    ("lines", "where", "rule"),
    [
        ([], "end", "message.truncated"),
        ([HEAD], "end", "message.truncated"),
        ([HEAD, LINE], "end", "message.truncated"),
        ([HEAD, LINE, TAIL, OTHER], "end", "message.truncated"),
        ([LINE, TAIL], "line 1, field 1", "field.constant"),
        ([HEAD, LINE, TAIL, LINE], "line 4, field 1", "field.constant"),
        ([HEAD, LINE, OTHER, LINE, TAIL], "line 3", "message.truncated"),
        ([HEAD, LINE, LINE, TAIL], "line 1", "count.differs"),
        ([HEAD[:43] + "000002", LINE, LINE, TAIL], "line 4", "count.differs"),
        ([HEAD, LINE, TAIL.replace("123", "124")], "line 3", "sum.differs"),
        ([HEAD, LINE + " ", TAIL], "line 2", "line.width"),
        ([HEAD, LINE[:-1], TAIL], "line 2", "line.width"),
        ([HEAD, "X" + LINE[1:], TAIL], "line 2, field 1", "field.constant"),
        ([HEAD, LINE.replace("S000003", "S00000X"), TAIL], "line 2, field 2", "field.form"),
        ([HEAD, LINE.replace("S000003", "S000000"), TAIL], "line 2", "line.number"),
        ([HEAD, LINE.replace("S000003", "S999999"), TAIL], "line 2", "line.number"),
        ([HEAD, LINE.replace("S00000300", "S000003  "), TAIL], "line 2, field 3", "field.form"),
        ([HEAD, LINE.replace("000000000000123", "00000000000-123"), TAIL], "line 2, field 5", "field.form"),
        ([HEAD, LINE.replace("REF   ", "Maria "), TAIL.replace("Z", "Z")], "", ""),
        ([HEAD, LINE.replace("REF    ", "Maria M"), TAIL], "line 2, field 6", "field.form"),
        ([HEAD.replace("TOS2", "XYZ2"), LINE, TAIL], "line 1", "file.name"),
        ([HEAD, LINE.replace("REF", "R\x00F"), TAIL], "line 2", "text.control"),
    ],
)
def test_a_hostile_file_is_unreadable_where_it_is_wrong(lines: list[str], where: str, rule: str) -> None:
    if not rule:
        assert said(reply(*lines))[0].entry_ref == "Maria"
        return
    with pytest.raises(Unreadable) as caught:
        said(reply(*lines))
    assert (caught.value.path, caught.value.rule) == (where, rule)
    assert "Maria" not in str(caught.value)


PIECES = st.sampled_from([HEAD, OTHER, LINE, TAIL, LINE[:20], HEAD + " ", "", "Z", "R" * 49, "\x1f" * 49, "Ş" * 44])


@given(st.lists(PIECES, max_size=6), st.binary(max_size=20), st.sampled_from(["one", "several", "short"]))
def test_any_file_is_read_or_unreadable_with_a_place(lines: list[str], more: bytes, how: str) -> None:
    where = "line 1"
    try:
        assert all((one.msg_id or "").startswith("G1TOROS") for one in said(reply(*lines) + more, MANNERS[how]))
    except Unreadable as error:
        where = error.path
    assert where.startswith(("line ", "end", "/", "byte "))


MANNERS = {"one": replies(several=False), "several": plain_bank(), "short": replies(short_lines=True)}
