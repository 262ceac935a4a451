"""The messages that fuzzing begins with: what real banks wrote, and our own of every kind."""

from pathlib import Path

from tests.bank_adapters.material import GROUP, entry, notification, report
from tests.shared import shared_dir
from tests.statements import Booking, Detail, Stmt, camt053, pagination

FINDS = Path(__file__).parent / "finds"
_REPORT = GROUP.format("<GrpSts>PART</GrpSts>") + (
    "<OrgnlPmtInfAndSts><OrgnlPmtInfId>P1</OrgnlPmtInfId><PmtInfSts>PART</PmtInfSts><TxInfAndSts><OrgnlEndToEndId>E1"
    "</OrgnlEndToEndId><TxSts>RJCT</TxSts><StsRsnInf><Rsn><Cd>AC04</Cd></Rsn></StsRsnInf></TxInfAndSts></OrgnlPmtInfAndSts>"
)
_TRANSACTION = (
    "<TxDtls><Refs><MsgId>M</MsgId><EndToEndId>E{0}</EndToEndId><UETR>8a562c67-ca16-48ba-b074-65581be6f06{0}</UETR></Refs>"
    '<Amt Ccy="EUR">{0}.00</Amt><CdtDbtInd>DBIT</CdtDbtInd></TxDtls>'
)
_RETURN = (
    '<TxDtls><Amt Ccy="EUR">12.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Chrgs><TtlChrgsAndTaxAmt Ccy="EUR">0.30'
    "</TtlChrgsAndTaxAmt></Chrgs><RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf></TxDtls>"
)


def corpus() -> list[bytes]:
    """Every message; the smallest first."""
    samples = [file.read_bytes() for file in (shared_dir() / "samples").rglob("*.xml")]
    return sorted([*samples, *own()], key=lambda content: (len(content), content))


def own() -> list[bytes]:
    """Messages of our own, small and of every kind."""
    listed = "".join(_TRANSACTION.format(number) for number in (1, 2, 3))
    batch = "<Btch><PmtInfId>P1</PmtInfId><NbOfTxs>3</NbOfTxs></Btch>"
    bookings = [Booking(minor=5, details=[Detail(minor=9), Detail(minor=-4)]), Booking(minor=-3, status="PDNG")]
    pages = pagination("MsgPgntn", 1, last=True)
    return [
        report(_REPORT),
        notification(entry(f"<NtryDtls>{_TRANSACTION.format(1)}</NtryDtls>", amount="1.00") * 2),
        notification(entry(f"<NtryDtls>{batch}{listed}</NtryDtls>", amount="6.00")),
        notification(entry(f"<NtryDtls>{batch}</NtryDtls>", amount="6.00", status="BOOK")),
        notification(entry(f"<NtryDtls>{_RETURN}</NtryDtls>", amount="11.70", sign="CRDT")),
        camt053(Stmt(opening=1, closing=6, bookings=bookings), Stmt(name="S2", number=2), message_page=pages),
    ]
