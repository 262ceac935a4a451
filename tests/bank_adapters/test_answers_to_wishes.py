"""A bank that refuses our wish to cancel payments rejects none of them, whatever its report says of what it answers."""

import pytest

from gateway.domain.errors import Unreadable
from gateway.domain.observation import Observation, ObservationKind
from tests.bank_adapters.material import file_bank, observations, report

BANK = file_bank()
WISH, FILE = "C1ALFA260922S00001", "G1ALFA260921S00001"
ANSWER = ObservationKind.RECALL_ANSWER
PAYMENT = (
    "<TxInfAndSts><OrgnlEndToEndId>E1</OrgnlEndToEndId><TxSts>RJCT</TxSts>"
    "<StsRsnInf><Rsn><Cd>NOOR</Cd></Rsn></StsRsnInf></TxInfAndSts>"
)


def group(msg_id: str, name: str = "", more: str = "<GrpSts>RJCT</GrpSts>") -> str:
    told = f"<OrgnlMsgId>{msg_id}</OrgnlMsgId>" if msg_id else ""
    named = f"<OrgnlMsgNmId>{name}</OrgnlMsgNmId>" if name else ""
    return f"<OrgnlGrpInfAndSts>{told}{named}{more}</OrgnlGrpInfAndSts>"


def block(block_id: str = f"{FILE}P1") -> str:
    return (
        f"<OrgnlPmtInfAndSts><OrgnlPmtInfId>{block_id}</OrgnlPmtInfId><PmtInfSts>RJCT</PmtInfSts>{PAYMENT}"
        "</OrgnlPmtInfAndSts>"
    )


def pacs002(inside: str) -> bytes:
    return f"<Document><FIToFIPmtStsRpt>{inside}</FIToFIPmtStsRpt></Document>".encode()


FILE_NAME = f"<NtwkFileNm>{WISH}.camt055.xml</NtwkFileNm><GrpSts>RJCT</GrpSts>"
WORDS = f"<GrpSts>RJCT</GrpSts><StsRsnInf><AddtlInf>cannot parse {WISH}</AddtlInf></StsRsnInf>"
OWN = f"<OrgnlGrpInf><OrgnlMsgId>{WISH}</OrgnlMsgId></OrgnlGrpInf>"
REFUSALS = {
    "no name": report(group(WISH) + block()),
    "small letters": report(group(WISH.lower()) + block()),
    "another name": report(group(WISH, "pain.001.001.09") + block()),
    "only the file's name": report(group("", more=FILE_NAME) + block()),
    "only in words": report(group("", more=WORDS) + block()),
    "only the block": report(block(WISH)),
    "pacs.002": pacs002(group(WISH) + PAYMENT),
    "pacs.002 of a transaction": pacs002(PAYMENT.replace("<OrgnlEnd", f"{OWN}<OrgnlEnd", 1)),
}


def read(content: bytes) -> list[Observation]:
    return observations(content, bank=BANK)


@pytest.mark.parametrize("content", REFUSALS.values(), ids=REFUSALS)
def test_a_refused_wish_is_a_recall_s_answer_at_every_level(content: bytes) -> None:
    told = read(content)
    assert told
    assert {one.kind for one in told} == {ANSWER}


def test_the_same_about_a_file_of_payments_rejects_them() -> None:
    for content in (report(group(FILE) + block()), pacs002(group(FILE) + PAYMENT)):
        assert ANSWER not in {one.kind for one in read(content)}


def test_a_report_cut_off_in_the_middle_says_nothing() -> None:
    with pytest.raises(Unreadable):
        read(REFUSALS["no name"][:-40])
