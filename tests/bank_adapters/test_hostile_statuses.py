"""Hostile status messages: refused with the rule and the place, or told as what nobody recognises. Never half read."""

import re
import tracemalloc
from collections.abc import Iterator

import pytest

from bank_adapters.iso20022 import detect
from bank_adapters.iso20022.status import status_table
from gateway.domain.errors import Unreadable
from gateway.domain.facts import Fact
from gateway.domain.observation import Observation, ObservationKind
from tests.bank_adapters.material import GROUP, file_bank, named, observations, report

BANK = file_bank()
TABLE = status_table(BANK)
REASON = "<StsRsnInf><Rsn><Cd>AC04</Cd></Rsn><AddtlInf>closed</AddtlInf></StsRsnInf>"
AMOUNT = '<OrgnlTxRef><Amt><InstdAmt Ccy="EUR">12.30</InstdAmt></Amt></OrgnlTxRef>'
IDS = "<OrgnlInstrId>I1</OrgnlInstrId><OrgnlEndToEndId>E1</OrgnlEndToEndId>"
UETR = "<OrgnlUETR>8a562c67-ca16-48ba-b074-65581be6f011</OrgnlUETR>"
COUNT = "<NbOfTxsPerSts><DtldNbOfTxs>1</DtldNbOfTxs><DtldSts>RJCT</DtldSts></NbOfTxsPerSts>"

PAIN002 = report(
    GROUP.format(f"<GrpSts>PART</GrpSts>{COUNT}")
    + f"<OrgnlPmtInfAndSts><OrgnlPmtInfId>M1P1</OrgnlPmtInfId><PmtInfSts>PART</PmtInfSts><TxInfAndSts>{IDS}{UETR}"
    f"<TxSts>RJCT</TxSts>{REASON}<AcctSvcrRef>A1</AcctSvcrRef>{AMOUNT}</TxInfAndSts></OrgnlPmtInfAndSts>"
)
PACS002 = (
    b"<Document><FIToFIPmtStsRpt>"
    + (
        GROUP.format(f"<GrpSts>PART</GrpSts>{COUNT}")
        + f"<TxInfAndSts>{IDS}<OrgnlTxId>T1</OrgnlTxId>{UETR}<TxSts>RJCT</TxSts>{REASON}{AMOUNT}</TxInfAndSts>"
    ).encode()
    + b"</FIToFIPmtStsRpt></Document>"
)
PACS004 = (
    b"<Document><PmtRtr><GrpHdr><NbOfTxs>1</NbOfTxs></GrpHdr><TxInf><RtrId>R1</RtrId>"
    + f"{IDS}<OrgnlTxId>T1</OrgnlTxId>{UETR}".encode()
    + b'<RtrdIntrBkSttlmAmt Ccy="EUR">12.30</RtrdIntrBkSttlmAmt><IntrBkSttlmDt>2026-09-29</IntrBkSttlmDt>'
    b"<RtrRsnInf><Rsn><Cd>AC04</Cd></Rsn></RtrRsnInf></TxInf></PmtRtr></Document>"
)
CAMT029 = (
    b"<Document><RsltnOfInvstgtn><RslvdCase><Id>C1</Id></RslvdCase><Sts><Conf>RJCR</Conf></Sts><CxlDtls>"
    b"<OrgnlGrpInfAndSts><OrgnlMsgId>M1</OrgnlMsgId></OrgnlGrpInfAndSts><OrgnlPmtInfAndSts>"
    b"<OrgnlPmtInfId>M1P1</OrgnlPmtInfId><TxInfAndSts>"
    + IDS.encode()
    + b'<TxCxlSts>RJCR</TxCxlSts><CxlStsRsnInf><Rsn><Cd>CUST</Cd></Rsn></CxlStsRsnInf><OrgnlInstdAmt Ccy="EUR">12.30'
    b"</OrgnlInstdAmt></TxInfAndSts></OrgnlPmtInfAndSts></CxlDtls></RsltnOfInvstgtn></Document>"
)
MESSAGES = {"pain.002": PAIN002, "pacs.002": PACS002, "pacs.004": PACS004, "camt.029": CAMT029}
SINGLE = (
    *("OrgnlMsgId", "OrgnlMsgNmId", "GrpSts", "OrgnlPmtInfId", "PmtInfSts", "OrgnlInstrId", "OrgnlEndToEndId"),
    *("OrgnlUETR", "TxSts", "Cd", "Rsn", "AcctSvcrRef", "OrgnlTxId", "TxCxlSts", "RtrId", "NbOfTxs", "DtldSts", "Conf"),
    *("RtrdIntrBkSttlmAmt", "InstdAmt", "OrgnlInstdAmt"),
)
VALUES = (*SINGLE, "AddtlInf", "DtldNbOfTxs")


def read(content: bytes) -> list[Observation]:
    return observations(content, bank=BANK)


def cases(names: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(kind, name) for kind, content in MESSAGES.items() for name in names if f"<{name}>".encode() in content]


def element(content: bytes, name: str) -> bytes:
    found = re.search(rf"<{name}[ >].*?</{name}>".encode(), content)
    assert found
    return found[0]


@pytest.mark.parametrize("kind", MESSAGES)
def test_each_is_read_as_it_stands(kind: str) -> None:
    first = read(MESSAGES[kind])[0]
    assert (first.end_to_end_id, first.instr_id, first.amount_minor) == ("E1", "I1", 1_230)


@pytest.mark.parametrize("kind", MESSAGES)
def test_cut_off_anywhere_nothing_is_whole(kind: str) -> None:
    content = MESSAGES[kind]
    for length in range(len(content) - 1):
        with pytest.raises(Unreadable):
            read(content[:length])


@pytest.mark.parametrize(("kind", "name"), cases(SINGLE))
def test_what_may_stand_once_and_stands_twice_is_refused(kind: str, name: str) -> None:
    once = element(MESSAGES[kind], name)
    with pytest.raises(Unreadable) as caught:
        read(MESSAGES[kind].replace(once, once * 2, 1))
    assert caught.value.rule == "element.repeated"
    assert name in {*caught.value.path.split("/")} or name in {"Cd", "DtldSts"}


@pytest.mark.parametrize("inside", [b"<!-- -->", b"<?x y?>", b"<b/>"])
@pytest.mark.parametrize(("kind", "name"), cases(VALUES))
def test_a_value_that_something_splits_is_refused(kind: str, name: str, inside: bytes) -> None:
    if name == "Rsn":
        return  # holds elements, not a value
    whole = element(MESSAGES[kind], name)
    value = whole.partition(b">")[2].rpartition(b"</")[0]
    split = whole.replace(value, value[:1] + inside + value[1:])
    with pytest.raises(Unreadable) as caught:
        read(MESSAGES[kind].replace(whole, split, 1))
    assert caught.value.rule == "value.split"


@pytest.mark.parametrize(("kind", "name"), cases(VALUES))
def test_a_value_in_cdata_is_the_value(kind: str, name: str) -> None:
    if name == "Rsn":
        return
    whole = element(MESSAGES[kind], name)
    value = whole.partition(b">")[2].rpartition(b"</")[0]
    marked = whole.replace(value, b"\n  " + value[:1] + b"<![CDATA[" + value[1:] + b"]]>\t")
    plain = [named(row) for row in read(MESSAGES[kind])]
    assert [named(row) for row in read(MESSAGES[kind].replace(whole, marked, 1))] == plain


@pytest.mark.parametrize(
    "amount",
    ["9" * 400, "NaN", "Infinity", "-12.30", "+12.30", "1e3", "12,30", "0x12", "12.300001", "\u0661\u0662", ""],
)
@pytest.mark.parametrize("kind", MESSAGES)
def test_an_amount_that_is_no_plain_decimal_is_refused(kind: str, amount: str) -> None:
    with pytest.raises(Unreadable) as caught:
        read(MESSAGES[kind].replace(b">12.30<", f">{amount}<".encode()))
    assert caught.value.rule in {"money.format", "money.decimals"}
    assert caught.value.path.endswith("Amt")
    assert len(str(caught.value)) < 300
    assert amount == "" or amount not in str(caught.value)


@pytest.mark.parametrize("status", ["ZZZ9", "rjct", "OK", "RJCT ACSC", "X" * 500])
def test_a_status_that_nobody_knows_is_told_as_it_is_and_proves_nothing(status: str) -> None:
    """The service calls it *unlisted*: a person looks, no fact follows."""
    rows = read(PAIN002.replace(b"<TxSts>RJCT<", f"<TxSts>{status}<".encode()).replace(COUNT.encode(), b""))
    assert (rows[0].kind, rows[0].status) == (ObservationKind.PAYMENT_STATUS, status)
    meaning = TABLE.meaning(rows[0].status, rows[0].reason, rows[0].reason_text)
    assert (meaning.unlisted, meaning.fact) == (True, Fact.NONE)


@pytest.mark.parametrize("count", ["-1", "1.0", "x", "", "\u0661", "9" * 16, "1e3"])
@pytest.mark.parametrize("kind", ["pain.002", "pacs.002"])
def test_a_count_that_is_no_number_is_refused(kind: str, count: str) -> None:
    with pytest.raises(Unreadable) as caught:
        read(MESSAGES[kind].replace(b"<DtldNbOfTxs>1<", f"<DtldNbOfTxs>{count}<".encode()))
    assert caught.value.rule == "number.format"
    assert caught.value.path.endswith("/NbOfTxsPerSts/DtldNbOfTxs")


@pytest.mark.parametrize("day", ["2026-02-30", "tomorrow", "20260921x", "0000-00-00"])
def test_a_changed_day_that_is_none_is_refused(day: str) -> None:
    """ACWC says that the payment goes on another day: one that does not exist is not guessed."""
    changed = AMOUNT.replace("</OrgnlTxRef>", f"<ReqdExctnDt>{day}</ReqdExctnDt></OrgnlTxRef>")
    content = PAIN002.replace(AMOUNT.encode(), changed.encode()).replace(b"<TxSts>RJCT", b"<TxSts>ACWC")
    with pytest.raises(Unreadable) as caught:
        read(content.replace(COUNT.encode(), b""))
    assert (caught.value.rule, caught.value.path.rpartition("/")[2]) == ("date.format", "ReqdExctnDt")


@pytest.mark.parametrize(
    ("kind", "name"),
    [("pain.002", "TxInfAndSts"), ("pacs.002", "TxInfAndSts"), ("pacs.004", "TxInf"), ("camt.029", "TxInfAndSts")],
)
@pytest.mark.parametrize("later", [False, True])
def test_a_transaction_inside_a_transaction_is_refused(kind: str, name: str, *, later: bool) -> None:
    """Else a copy within could be read as one of the report's own; in a later one too."""
    one = element(MESSAGES[kind], name)
    before = one if later else b""
    nested = one.replace(f"<{name}>".encode(), f"<{name}>".encode() + one, 1)
    with pytest.raises(Unreadable) as caught:
        read(MESSAGES[kind].replace(one, before + nested, 1))
    assert caught.value.rule == "element.place"


def test_transactions_beside_and_in_a_block_are_refused() -> None:
    """Beside, as in the first edition, and in a block, as since: what is counted for which is not said."""
    one = "<TxInfAndSts><OrgnlEndToEndId>E9</OrgnlEndToEndId><TxSts>ACSP</TxSts></TxInfAndSts>"
    with pytest.raises(Unreadable) as caught:
        read(PAIN002.replace(b"<OrgnlPmtInfAndSts>", f"{one}<OrgnlPmtInfAndSts>".encode()))
    assert caught.value.rule == "element.place"


@pytest.mark.parametrize("name", ["OrgnlGrpInfAndSts", "OrgnlPmtInfAndSts", "TxInfAndSts"])
def test_a_report_inside_supplementary_data_is_refused(name: str) -> None:
    hidden = f"<SplmtryData><Envlp>{element(PAIN002, name).decode()}</Envlp></SplmtryData>"
    with pytest.raises(Unreadable) as caught:
        read(PAIN002.replace(b"</CstmrPmtStsRpt>", hidden.encode() + b"</CstmrPmtStsRpt>"))
    assert caught.value.rule in {"element.place", "element.order"}


@pytest.mark.parametrize("kind", MESSAGES)
def test_two_messages_in_one_are_refused(kind: str) -> None:
    inside = MESSAGES[kind].partition(b">")[2].rpartition(b"</Document>")[0]
    with pytest.raises(Unreadable):
        read(MESSAGES[kind].replace(inside, inside * 2))


def test_a_group_behind_its_transactions_is_refused() -> None:
    group = element(PAIN002, "OrgnlGrpInfAndSts")
    moved = PAIN002.replace(group, b"").replace(b"</CstmrPmtStsRpt>", group + b"</CstmrPmtStsRpt>")
    with pytest.raises(Unreadable) as caught:
        read(moved)
    assert (caught.value.rule, caught.value.path) == ("element.order", "/CstmrPmtStsRpt/OrgnlGrpInfAndSts")


@pytest.mark.parametrize("kind", MESSAGES)
def test_entities_and_types_are_refused(kind: str) -> None:
    bomb = b'<!DOCTYPE d [<!ENTITY a "RJCT">]>' + MESSAGES[kind].replace(b">RJCT<", b">&a;<").replace(
        b">RJCR<", b">&a;<"
    )
    with pytest.raises(Unreadable):
        read(bomb)


def test_more_statuses_than_there_are_is_refused() -> None:
    """They are counted, so they are kept; ISO has thirty."""
    listed = "".join(f"<TxInfAndSts><TxSts>S{n}</TxSts></TxInfAndSts>" for n in range(300))
    with pytest.raises(Unreadable) as caught:
        read(report(f"<OrgnlPmtInfAndSts>{listed}</OrgnlPmtInfAndSts>"))
    assert caught.value.rule == "report.statuses"


def test_errors_hold_no_content() -> None:
    secret = PAIN002.replace(b"<TxSts>RJCT", b"<TxSts>SECRET<!-- -->SECRET")
    with pytest.raises(Unreadable) as caught:
        read(secret)
    assert "SECRET" not in str(caught.value)


def test_a_report_of_any_length_takes_the_same_memory() -> None:
    head, one, tail = PAIN002.replace(COUNT.encode(), b"").partition(element(PAIN002, "TxInfAndSts"))

    def pieces(number: int) -> Iterator[bytes]:
        yield head
        for _ in range(number):
            yield one
        yield tail

    def peak(number: int) -> int:
        tracemalloc.start()
        told = sum(1 for _ in detect.read(pieces(number), BANK))
        _, top = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert told == number + 2
        return top

    peak(10)
    assert peak(4_000) < 3 * peak(1_000) < 30_000_000
