"""The first edition of pain.002, which names things otherwise, and national variants of the others."""

import pytest

from gateway.domain.errors import Unreadable
from gateway.domain.observation import ObservationKind
from tests.bank_adapters.material import GROUP, named, observations, report
from tests.bank_adapters.test_pain002 import OVERRULED, STATUS, counted, kinds

EARLY = b"""<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.02"><pain.002.001.02>
<GrpHdr><MsgId>B1</MsgId></GrpHdr>
<OrgnlGrpInfAndSts><OrgnlMsgId>M1</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.02</OrgnlMsgNmId><GrpSts>PART</GrpSts>
</OrgnlGrpInfAndSts>
<TxInfAndSts><OrgnlPmtInfId>M1P1</OrgnlPmtInfId><OrgnlEndToEndId>E1</OrgnlEndToEndId><TxSts>RJCT</TxSts>
<StsRsnInf><StsRsn><Cd>AC04</Cd></StsRsn><AddtlStsRsnInf>closed</AddtlStsRsnInf></StsRsnInf></TxInfAndSts>
</pain.002.001.02></Document>"""


def test_the_first_edition_has_no_blocks_and_other_names() -> None:
    """The message is called by its identifier; transactions name their block; the reason is StsRsn."""
    one, whole = observations(EARLY)
    assert named(one) == {
        "kind": ObservationKind.PAYMENT_STATUS,
        "msg_id": "M1",
        "pmt_inf_id": "M1P1",
        "end_to_end_id": "E1",
        "status": "RJCT",
        "reason": "AC04",
        "reason_text": "closed",
    }
    assert (whole.kind, whole.status) == (ObservationKind.SUBMISSION_STATUS, "PART")


def test_the_first_edition_counts_beside_its_list() -> None:
    """Two rejections are counted by the group, one stands beside it."""
    with pytest.raises(Unreadable) as caught:
        observations(EARLY.replace(b"PART</GrpSts>", f"PART</GrpSts>{counted(RJCT=2)}".encode()))
    assert caught.value.rule == "report.count"


def test_the_first_edition_overrules_what_stands_above() -> None:
    pending = EARLY.replace(b"PART<", b"RJCT<").replace(b"<TxSts>RJCT<", b"<TxSts>PDNG<")
    assert kinds(observations(pending)) == [(STATUS, "PDNG"), (OVERRULED, "RJCT")]


@pytest.mark.parametrize(
    "namespace",
    [
        "urn:iso:std:iso:20022:tech:xsd:pain.002.001.03",
        "urn:iso:std:iso:20022:tech:xsd:pain.002.001.12",
        "urn:iso:std:iso:20022:tech:xsd:pain.002.003.03",  # DK
        "http://www.six-interbank-clearing.com/de/pain.002.001.10.ch.03.xsd",  # SIX
        "urn:swift:xsd:$pain.002.002.02",
        "",
    ],
)
def test_national_variants_differ_in_their_namespace(namespace: str) -> None:
    content = report(GROUP.format("<GrpSts>ACTC</GrpSts>"), namespace=namespace)
    assert [(row.msg_id, row.status) for row in observations(content)] == [("M1", "ACTC")]
