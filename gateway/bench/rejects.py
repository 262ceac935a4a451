"""A pain.002 of any length that rejects every payment it lists, made while it is read, so that it needs no memory."""

from collections.abc import Iterator

from lxml import etree

from gateway.domain.identity import uetr

MSG_ID = "G1BRAVO260921S00001"
CHUNK = 500
_NAMES = ("OrgnlInstrId", "OrgnlEndToEndId", "OrgnlUETR", "TxSts", "StsRsnInf/Rsn/Cd", "StsRsnInf/AddtlInf")
FIELDS = tuple("/".join(f"{{*}}{name}" for name in path.split("/")) for path in _NAMES)
"""What both sides take out of each transaction."""
_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.10">'
    "<CstmrPmtStsRpt><GrpHdr><MsgId>B1</MsgId><CreDtTm>2026-09-21T10:00:00Z</CreDtTm></GrpHdr><OrgnlGrpInfAndSts>"
    "<OrgnlMsgId>{msg_id}</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId><GrpSts>PART</GrpSts>"
    "<NbOfTxsPerSts><DtldNbOfTxs>{count}</DtldNbOfTxs><DtldSts>RJCT</DtldSts></NbOfTxsPerSts></OrgnlGrpInfAndSts>"
    "<OrgnlPmtInfAndSts><OrgnlPmtInfId>{msg_id}P1</OrgnlPmtInfId><PmtInfSts>PART</PmtInfSts>"
)
_REJECT = (
    "<TxInfAndSts><StsId>{number}</StsId><OrgnlInstrId>{name}</OrgnlInstrId><OrgnlEndToEndId>{name}</OrgnlEndToEndId>"
    "<OrgnlUETR>{uetr}</OrgnlUETR><TxSts>RJCT</TxSts><StsRsnInf><Rsn><Cd>AC04</Cd></Rsn>"
    "<AddtlInf>closed account number</AddtlInf></StsRsnInf></TxInfAndSts>"
)
_TAIL = "</OrgnlPmtInfAndSts></CstmrPmtStsRpt></Document>"


def pieces(count: int) -> Iterator[bytes]:
    """Yield the report; its transactions repeat every CHUNK, for what they name does not matter to a reader."""
    yield _HEAD.format(msg_id=MSG_ID, count=count).encode()
    names = [f"E{number:026d}G1" for number in range(CHUNK)]
    chunk = [_REJECT.format(number=n, name=name, uetr=uetr(name)) for n, name in enumerate(names)]
    whole = "".join(chunk).encode()
    for _ in range(count // CHUNK):
        yield whole
    yield "".join(chunk[: count % CHUNK]).encode()
    yield _TAIL.encode()


def read_as_tree(message: bytes) -> int:
    """Read a report into one lxml tree and take the same fields out of it; return how many transactions it lists."""
    listed = etree.fromstring(message).iterfind(".//{*}TxInfAndSts")
    return sum(1 for one in listed if [one.findtext(path) for path in FIELDS])
