"""Delimited replies: what each line says, and that a hostile or foreign file is unreadable with its line named."""

# ruff: noqa: RUF001 - Turkish has a letter that looks like another

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bank_adapters.profile import Profile
from bank_adapters.registry import adapter_for, meanings_for
from gateway.domain.errors import Unreadable
from gateway.domain.facts import Fact
from gateway.domain.observation import Observation, ObservationKind
from gateway.domain.reasons import Reasons
from gateway.domain.statement import Statement
from tests.bank_adapters.delimited import MSG_ID, bank, parts, profile_of
from tests.bank_adapters.material import bytes_in_pieces, named
from tests.statements import Booking, Stmt, camt053

HEAD, TAIL = f"C|{MSG_ID}|00", "S|2"
BODY = ("D|000001|00||REF1", "D|2|10|K01|")
FILE, PAYMENT = ObservationKind.SUBMISSION_STATUS, ObservationKind.PAYMENT_STATUS


def reply(*lines: str, end: str = "\r\n") -> bytes:
    return "".join(f"{line}{end}" for line in lines).encode("cp1254")


def said(document: bytes, profile: Profile | None = None) -> list[Observation]:
    profile = profile or bank()
    return [one for one in adapter_for(profile).read([document], profile) if isinstance(one, Observation)]


def replies(**changes: Any) -> Profile:
    """The bank, with some keys of its replies changed; none of them has a header and a trailer by itself."""
    return bank(replies={"header": [], "line": [], **changes})


EXPECTED = [
    {"kind": PAYMENT, "msg_id": MSG_ID, "position": 1, "status": "00", "entry_ref": "REF1"},
    {"kind": PAYMENT, "msg_id": MSG_ID, "position": 2, "status": "10", "reason": "K01"},
    {"kind": FILE, "msg_id": MSG_ID, "status": "00"},
]


@pytest.mark.parametrize("end", ["\r\n", "\n", "\n\n", "\r\n  \r\n"])
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_every_line_says_what_became_of_a_payment(end: str, size: int) -> None:
    profile, document = bank(), reply(HEAD, *BODY, TAIL, end=end)
    read = list(adapter_for(profile).read(bytes_in_pieces(document, size), profile))
    assert [named(one) for one in read if isinstance(one, Observation)] == EXPECTED
    assert [named(one) for one in said(document.rstrip())] == EXPECTED


def test_a_reply_without_a_line_is_about_the_file() -> None:
    assert [named(one) for one in said(reply(f"C|{MSG_ID}|10", "S|0"))] == [
        {"kind": FILE, "msg_id": MSG_ID, "status": "10", "reason": "10"}
    ]
    silent = replies(header=[{"value": "msg_id"}], line=[{"value": "line_number"}, {"value": "result"}])
    assert [named(one) for one in said(reply(MSG_ID), silent)] == [{"kind": FILE, "msg_id": MSG_ID}]


def test_a_partial_reply_says_nothing_of_the_lines_that_it_leaves_out() -> None:
    """Lines come in several replies, in any order and with gaps: each names its payment by its own number."""
    parts = reply(HEAD, "D|3|10|K01|", "S|1"), reply(HEAD, "D|7|00||REF7", "D|1|00||REF1", "S|2")
    assert [[(one.position, one.status) for one in said(part) if one.kind is PAYMENT] for part in parts] == [
        [(3, "10")],
        [(7, "00"), (1, "00")],
    ]


def test_a_file_may_be_named_by_its_name_and_lines_may_be_counted_with_the_header() -> None:
    line = [{"value": "file_name"}, {"value": "line_number"}, {"value": "end_to_end_id"}, {"value": "result"}]
    profile = bank(first_line_number=2, replies={"line": line, "delimiter": ";", "encoding": "utf-8"})
    document = f"\ufeff{MSG_ID.lower()}.tos.TXT;2;NOTPROVIDED;11\n{MSG_ID}.TOS.txt;00003;E1G1;00\n".encode()
    assert [named(one) for one in said(document, profile)] == [
        {"kind": PAYMENT, "msg_id": MSG_ID, "position": 1, "status": "11", "reason": "11"},
        {"kind": PAYMENT, "msg_id": MSG_ID, "position": 2, "end_to_end_id": "E1G1", "status": "00"},
    ]


@pytest.mark.parametrize("code", ["AM05", "D7"])
def test_a_rejected_copy_never_rejects_the_first_one(code: str) -> None:
    changed = parts()
    changed["reason_overrides"] |= {"D7": "DU01"}
    *_, file = said(reply(f"C|{MSG_ID}|10", f"D|1|10|{code}|", "S|1"), profile_of(changed))
    meaning = meanings_for(profile_of(changed), Reasons(actions={})).meaning(file.status, file.reason)
    assert (meaning.fact, meaning.duplicate) == (Fact.NONE, True)


@pytest.mark.parametrize(
    ("code", "fact", "unlisted"),
    [("00", Fact.ACCEPTED, False), ("10", Fact.REJECTED, False), ("99", Fact.NONE, False), ("77", Fact.NONE, True)],
)
def test_every_listed_code_means_what_the_profile_says_and_no_other_means_anything(
    code: str, fact: Fact, *, unlisted: bool
) -> None:
    meaning = meanings_for(bank(), Reasons(actions={})).meaning(code, None)
    assert (meaning.fact, meaning.unlisted) == (fact, unlisted)


def test_statements_are_those_of_everybody() -> None:
    profile = bank()
    stmt = Stmt(currency="TRY", opening=10_000, closing=8_800, bookings=[Booking(minor=-1_200, ref="K1")])
    for content in (camt053(stmt), b"\xef\xbb\xbf\r\n" + camt053(stmt)):
        entry, statement = adapter_for(profile).read([content[:4], content[4:]], profile)
        assert isinstance(entry, Observation)
        assert (entry.amount_minor, entry.currency) == (1_200, "TRY")
        assert isinstance(statement, Statement)


HOSTILE: Sequence[tuple[bytes, str, str]] = [
    (b"", "end", "message.truncated"),
    (reply(HEAD), "end", "message.truncated"),
    (reply(*BODY, TAIL), "line 1", "line.fields"),
    (reply(HEAD, "D|1|00|", TAIL), "line 2", "line.fields"),
    (reply(HEAD, "D|1|00||R|Ayşe Yılmaz", TAIL), "line 2", "line.fields"),
    (reply(HEAD, "X|1|00||R", TAIL), "line 2, field 1", "field.constant"),
    (reply(HEAD, *BODY, "S|3"), "line 4", "count.differs"),
    (reply(HEAD, "D|0|00||R", TAIL), "line 2", "line.number"),
    (reply(HEAD, "D|20001|00||R", TAIL), "line 2", "line.number"),
    (reply(HEAD, "D|-1|00||R", TAIL), "line 2, field 2", "field.form"),
    (reply(HEAD, "D|1.0|00||R", TAIL), "line 2, field 2", "field.form"),
    (reply(HEAD, "D|" + "9" * 400 + "|00||R", TAIL), "line 2, field 2", "field.form"),
    (reply(HEAD, "D||00||R", TAIL), "line 2, field 2", "field.form"),
    (reply(HEAD, "D|1|||R", TAIL), "line 2, field 3", "field.form"),
    (reply(HEAD, "D|1|Ayşe Yılmaz||R", TAIL), "line 2, field 3", "field.form"),
    (reply(HEAD, "D|1|00|Ayşe Yılmaz|R", TAIL), "line 2, field 4", "field.form"),
    (reply(HEAD, "D|1|00||Ayşe Yılmaz", TAIL), "line 2, field 5", "field.form"),
    (reply(f"C|{MSG_ID} Ayşe Yılmaz|00", TAIL), "line 1, field 2", "field.form"),
    (reply(HEAD, *BODY, TAIL).decode("cp1254").encode("utf-16-le"), "line 1", "text.control"),
    (b"\x00" * 100, "line 1", "text.control"),
    (b"C|" * 10_000, "line 1", "line.length"),
    (b'{"messageId": "1"}', "line 1", "line.fields"),
]


@pytest.mark.parametrize(("document", "where", "rule"), HOSTILE)
def test_a_hostile_file_is_unreadable_where_it_is_wrong(document: bytes, where: str, rule: str) -> None:
    with pytest.raises(Unreadable) as caught:
        said(document)
    assert (caught.value.path, caught.value.rule) == (where, rule)
    assert "Yılmaz" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("G1ALFA260921S00001.pain001.xml", "file.name"),
        (f"{MSG_ID}.TOS.txt.bak", "file.name"),
        ("G1ANADOLU260921S00002.TOS.txt", "file.differs"),
        ("Ayşe Yılmaz", "field.form"),
    ],
)
def test_another_bank_s_file_or_another_of_ours_is_not_answered_here(name: str, rule: str) -> None:
    line = [{"value": "file_name"}, {"value": "line_number"}, {"value": "result"}]
    profile = replies(header=[{"value": "msg_id"}], line=line)
    with pytest.raises(Unreadable) as caught:
        said(reply(MSG_ID, f"{name}|1|00"), profile)
    assert (caught.value.rule, caught.value.path.startswith("line 2")) == (rule, True)


def test_quotes_that_do_not_fit_are_unreadable() -> None:
    profile = replies(
        header=[{"value": "msg_id"}], line=[{"value": "line_number"}, {"value": "result"}], quoting="needed"
    )
    assert said(reply(MSG_ID, '"1"|"00"'), profile)[0].position == 1
    with pytest.raises(Unreadable, match=r"line 2, rule line\.quotes"):
        said(reply(MSG_ID, '"1|00'), profile)


def test_a_bank_without_replies_sends_statements_alone() -> None:
    with pytest.raises(Unreadable, match="has no replies"):
        said(reply(HEAD, TAIL), bank(replies=None))


PIECES = st.sampled_from([HEAD, *BODY, TAIL, "D|3|00||", "|", "D||||", "\x00", "Ş", "D|9999999999|00||", '"', "\\"])


@given(st.lists(PIECES, max_size=6), st.binary(max_size=20), st.sampled_from(["none", "needed", "always", "backslash"]))
def test_any_file_is_read_or_unreadable_with_a_place(lines: list[str], more: bytes, quoting: str) -> None:
    where = "line 1"
    try:
        assert all(one.msg_id == MSG_ID for one in said(reply(*lines) + more, QUOTED[quoting]))
    except Unreadable as error:
        where = error.path
    assert where.startswith(("line ", "end", "/", "byte "))


def test_a_file_in_sixteen_bits_is_no_reply() -> None:
    with pytest.raises(Unreadable):
        said(reply(HEAD, *BODY, TAIL).decode("cp1254").encode("utf-16"))


def test_totals_may_stand_in_the_header_and_are_checked_there() -> None:
    amount = {"value": "amount", "decimal_sign": ","}
    line = [{"value": "line_number"}, {"value": "result"}, amount]
    profile = replies(header=[{"value": "msg_id"}, {"value": "count"}, {**amount, "value": "sum"}], line=line)
    assert [one.position for one in said(reply(f"{MSG_ID}|2|3,50", "1|00|1,25", "2|00|2,25"), profile)] == [1, 2]
    for head, rule in (("3|3,50", "count.differs"), ("2|3,51", "sum.differs"), ("2|3,5", "amount.decimals")):
        with pytest.raises(Unreadable) as caught:
            said(reply(f"{MSG_ID}|{head}", "1|00|1,25", "2|00|2,25"), profile)
        assert (caught.value.path, caught.value.rule) == ("line 1", rule)


QUOTED = {
    quoting: bank(replies={**parts()["layout"]["replies"], "quoting": quoting})
    for quoting in ("none", "needed", "always", "backslash")
}
