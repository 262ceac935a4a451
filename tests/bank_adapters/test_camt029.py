"""Answers to recalls. Expected values were read off the fixtures by hand; reference 3.4."""

import pytest

from gateway.domain.answers import RECALL_ANSWERS, RecallAnswer
from gateway.domain.errors import Unreadable
from gateway.domain.observation import Observation, ObservationKind
from tests.bank_adapters.material import file_bank, named, observations

BANK = file_bank()
UETR = "8a562c67-ca16-48ba-b074-65581be6f011"


def read(inside: str, version: str = "09") -> list[Observation]:
    content = (
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.029.001.{version}"><RsltnOfInvstgtn><Assgnmt>'
        "<Id>A1</Id><CreDtTm>2026-09-28T10:00:00</CreDtTm></Assgnmt>"
        f"{inside}</RsltnOfInvstgtn></Document>"
    )
    return observations(content.encode(), bank=BANK)


def case(name: str = "C1") -> str:
    return f"<RslvdCase><Id>{name}</Id><Cretr><Pty/></Cretr></RslvdCase>"


def conf(word: str) -> str:
    return f"<Sts><Conf>{word}</Conf></Sts>"


def reason(code: str, text: str = "") -> str:
    more = f"<AddtlInf>{text}</AddtlInf>" if text else ""
    return f"<CxlStsRsnInf><Rsn><Cd>{code}</Cd></Rsn>{more}</CxlStsRsnInf>"


def group(word: str = "", msg_id: str = "M1", more: str = "") -> str:
    said = f"<GrpCxlSts>{word}</GrpCxlSts>" if word else ""
    return (
        f"<OrgnlGrpInfAndSts><OrgnlMsgId>{msg_id}</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId>{said}{more}"
        "</OrgnlGrpInfAndSts>"
    )


def block(inside: str = "", word: str = "", more: str = "") -> str:
    said = f"<PmtInfCxlSts>{word}</PmtInfCxlSts>" if word else ""
    return f"<OrgnlPmtInfAndSts><OrgnlPmtInfId>M1P1</OrgnlPmtInfId>{said}{more}{inside}</OrgnlPmtInfAndSts>"


def payment(name: str = "E1", word: str = "", more: str = "", before: str = "") -> str:
    said = f"<TxCxlSts>{word}</TxCxlSts>" if word else ""
    return f"<TxInfAndSts>{before}<OrgnlEndToEndId>{name}</OrgnlEndToEndId>{said}{more}</TxInfAndSts>"


def details(inside: str) -> str:
    return f"<CxlDtls>{inside}</CxlDtls>"


def words(rows: list[Observation]) -> list[tuple[str | None, str | None, str | None]]:
    return [(row.end_to_end_id, row.pmt_inf_id, row.status) for row in rows]


SEPA = (
    conf("RJCR") + "<CxlDtls><TxInfAndSts><CxlStsId>S1</CxlStsId><OrgnlGrpInf><OrgnlMsgId>I1</OrgnlMsgId>"
    "<OrgnlMsgNmId>pacs.008.001.08</OrgnlMsgNmId></OrgnlGrpInf><OrgnlInstrId>NOTPROVIDED</OrgnlInstrId>"
    f"<OrgnlEndToEndId>E1</OrgnlEndToEndId><OrgnlTxId>T1</OrgnlTxId><OrgnlUETR>{UETR}</OrgnlUETR>"
    "<TxCxlSts>RJCR</TxCxlSts><CxlStsRsnInf><Orgtr><Nm>Bank</Nm></Orgtr><Rsn><Cd>CUST</Cd></Rsn></CxlStsRsnInf>"
    '<OrgnlTxRef><IntrBkSttlmAmt Ccy="EUR">89.67</IntrBkSttlmAmt></OrgnlTxRef></TxInfAndSts></CxlDtls>'
)


def test_a_negative_answer_as_sepa_writes_it() -> None:
    """The payee refuses (CUST): one payment, directly below CxlDtls, named by all its ids; 89.67 stay paid."""
    (row,) = read(SEPA)
    assert named(row) == {
        "kind": ObservationKind.RECALL_ANSWER,
        "msg_id": "I1",
        "end_to_end_id": "E1",
        "uetr": UETR,
        "status": "RJCR",
        "reason": "CUST",
        "amount_minor": 8_967,
        "currency": "EUR",
        "tx_id": "T1",
    }
    assert row.path == "/RsltnOfInvstgtn/CxlDtls[1]/TxInfAndSts[1]"


def test_the_answer_to_a_camt055_with_all_levels() -> None:
    """Of two payments one is cancelled and one is not: PACR and PECR say so of the whole, and are of no payment."""
    more = f'<OrgnlInstdAmt Ccy="EUR">10</OrgnlInstdAmt><UETR>{UETR}</UETR>'
    rows = read(
        case()
        + conf("PECR")
        + details(
            group("PACR")
            + block(payment("E1", "ACCR", more=more) + payment("E2", "RJCR", more=reason("PTNA", "gone")), "PACR")
        )
    )
    assert [named(row) for row in rows] == [
        {
            "kind": ObservationKind.RECALL_ANSWER,
            "msg_id": "M1",
            "pmt_inf_id": "M1P1",
            "end_to_end_id": "E1",
            "uetr": UETR,
            "status": "ACCR",
            "amount_minor": 1_000,
            "currency": "EUR",
            "entry_ref": "C1",
        },
        {
            "kind": ObservationKind.RECALL_ANSWER,
            "msg_id": "M1",
            "pmt_inf_id": "M1P1",
            "end_to_end_id": "E2",
            "status": "RJCR",
            "reason": "PTNA",
            "reason_text": "gone",
            "entry_ref": "C1",
        },
        {
            "kind": ObservationKind.RECALL_ANSWER,
            "msg_id": "M1",
            "pmt_inf_id": "M1P1",
            "status": "PACR",
            "entry_ref": "C1",
        },
        {"kind": ObservationKind.RECALL_ANSWER, "msg_id": "M1", "status": "PACR", "entry_ref": "C1"},
    ]
    assert [row.path for row in rows] == [
        "/RsltnOfInvstgtn/CxlDtls[1]/OrgnlPmtInfAndSts[1]/TxInfAndSts[1]",
        "/RsltnOfInvstgtn/CxlDtls[1]/OrgnlPmtInfAndSts[1]/TxInfAndSts[2]",
        "/RsltnOfInvstgtn/CxlDtls[1]/OrgnlPmtInfAndSts[1]",
        "/RsltnOfInvstgtn/CxlDtls[1]/OrgnlGrpInfAndSts",
    ]


@pytest.mark.parametrize("word", ["CNCL", "RJCR", "PDCR"])
def test_a_case_that_names_nothing_but_itself(word: str) -> None:
    (row,) = read(case() + conf(word))
    assert named(row) == {"kind": ObservationKind.RECALL_ANSWER, "status": word, "entry_ref": "C1"}
    assert row.path == "/RsltnOfInvstgtn/Sts/Conf"


@pytest.mark.parametrize(
    ("inside", "told"),
    [
        # A payment without a word of its own has that of the nearest level above.
        (details(payment()), [("E1", None, "RJCR")]),
        (details(group("PDCR") + payment()), [("E1", None, "PDCR"), (None, None, "PDCR")]),
        (
            details(group("PDCR") + block(payment(), "ACCR")),
            [("E1", "M1P1", "ACCR"), (None, "M1P1", "ACCR"), (None, None, "PDCR")],
        ),
        (details(group() + block(payment())), [("E1", "M1P1", "RJCR")]),
        # Partly is lent to nobody: which part it was is not said.
        (details(group() + block(payment(), "PACR")), [("E1", "M1P1", "RJCR"), (None, "M1P1", "PACR")]),
        # A level that lists nothing speaks for itself.
        (details(group() + block()), [(None, "M1P1", "RJCR")]),
        (details(group()), [(None, None, "RJCR")]),
    ],
)
def test_levels_lend_their_word_downwards(inside: str, told: list[tuple[str | None, str | None, str | None]]) -> None:
    assert words(read(conf("RJCR") + inside)) == told


def test_a_payment_without_a_word_of_its_own_has_the_blocks_reason_too() -> None:
    """Said once for all: the payee's bank never had the block (NOOR). A payment with its own word keeps its silence."""
    inside = payment("E1") + payment("E2", "ACCR")
    one, two, _ = read(conf("RJCR") + details(group() + block(inside, "RJCR", more=reason("NOOR", "none"))))
    assert (one.status, one.reason, one.reason_text) == ("RJCR", "NOOR", "none")
    assert (two.status, two.reason, two.reason_text) == ("ACCR", None, None)


def test_partly_alone_says_nothing_of_a_payment() -> None:
    assert words(read(conf("PECR") + details(payment()))) == [("E1", None, None)]


def test_several_details_number_their_own() -> None:
    first = details(group("ACCR") + block(payment("E1"), more=case("C2")))
    second = details(group("RJCR", "M2") + payment("E2", before=case("C3")))
    rows = read(case() + conf("PECR") + first + second)
    assert [(row.path.rpartition("RsltnOfInvstgtn/")[2], row.msg_id, row.status, row.entry_ref) for row in rows] == [
        ("CxlDtls[1]/OrgnlPmtInfAndSts[1]/TxInfAndSts[1]", "M1", "ACCR", "C2"),
        ("CxlDtls[1]/OrgnlGrpInfAndSts", "M1", "ACCR", "C1"),
        ("CxlDtls[2]/TxInfAndSts[1]", "M2", "RJCR", "C3"),
        ("CxlDtls[2]/OrgnlGrpInfAndSts", "M2", "RJCR", "C1"),
    ]


@pytest.mark.parametrize("choice", ["RjctdMod", "DplctOf", "AssgnmtCxlConf"])
def test_another_end_of_a_case_is_told_by_its_name(choice: str) -> None:
    """None of them is an answer that the table knows, so a person looks."""
    (row,) = read(case() + f"<Sts><{choice}><Id>C0</Id></{choice}></Sts>")
    assert (row.status, row.path) == (choice, f"/RsltnOfInvstgtn/Sts/{choice}")
    assert choice not in RECALL_ANSWERS


def test_words_mean_what_the_standard_says() -> None:
    answers = {code: RECALL_ANSWERS[code] for code in ("CNCL", "ACCR", "RJCR", "PDCR", "PACR", "PECR")}
    assert answers == {
        "CNCL": RecallAnswer.AGREED,
        "ACCR": RecallAnswer.AGREED,
        "RJCR": RecallAnswer.REFUSED,
        "PDCR": RecallAnswer.PENDING,
        "PACR": RecallAnswer.PARTLY,
        "PECR": RecallAnswer.PARTLY,
    }


@pytest.mark.parametrize(
    ("inside", "rule", "path"),
    [
        (conf("RJCR") + conf("CNCL"), "element.order", "/RsltnOfInvstgtn/Sts"),
        (details(payment("E1", "RJCR")) + conf("RJCR"), "element.order", "/RsltnOfInvstgtn/Sts"),
        (
            details(payment("E1", "RJCR</TxCxlSts><TxCxlSts>ACCR")),
            "element.repeated",
            "/RsltnOfInvstgtn/CxlDtls[1]/TxInfAndSts[1]/TxCxlSts",
        ),
        (
            details(payment("E1", "RJ<!-- -->CR")),
            "value.split",
            "/RsltnOfInvstgtn/CxlDtls[1]/TxInfAndSts[1]/TxCxlSts",
        ),
        (
            details(group() + group()),
            "element.order",
            "/RsltnOfInvstgtn/CxlDtls[1]/OrgnlGrpInfAndSts",
        ),
        (
            details(payment("E1", "RJCR", more='<OrgnlInstdAmt Ccy="EUR">NaN</OrgnlInstdAmt>')),
            "money.format",
            "/RsltnOfInvstgtn/CxlDtls[1]/TxInfAndSts[1]/OrgnlInstdAmt",
        ),
        (payment("E1", "RJCR"), "element.place", "/RsltnOfInvstgtn/CxlDtls[1]//TxInfAndSts"),
    ],
)
def test_an_answer_that_contradicts_itself_is_refused(inside: str, rule: str, path: str) -> None:
    with pytest.raises(Unreadable) as caught:
        read(inside)
    assert (caught.value.rule, caught.value.path) == (rule, path)
