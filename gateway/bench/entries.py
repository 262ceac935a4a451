"""A camt.054.001.08 of any length that books payments one by one, made while it is read, so that it needs no memory."""

from collections.abc import Iterator
from importlib.util import find_spec

from lxml import etree

from gateway.domain.identity import uetr

CHUNK = 500
PEER = "pyiso20022"
"""The library beside which reading is measured; a measurement needs it, the product does not."""
_NAMES = ("MsgId", "PmtInfId", "EndToEndId", "UETR")
_OF_ENTRY = ("Amt", "CdtDbtInd", "Sts/{*}Cd", "BookgDt/{*}Dt", "AcctSvcrRef")
FIELDS = (*(f"{{*}}NtryDtls/{{*}}TxDtls/{{*}}Refs/{{*}}{name}" for name in _NAMES), *(f"{{*}}{n}" for n in _OF_ENTRY))
"""What a tree is asked for of each entry."""
_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.08">'
    "<BkToCstmrDbtCdtNtfctn><GrpHdr><MsgId>B1</MsgId><CreDtTm>2026-09-21T10:00:00Z</CreDtTm></GrpHdr><Ntfctn>"
    "<Id>N1</Id><CreDtTm>2026-09-21T10:00:00Z</CreDtTm><Acct><Id><IBAN>DE89370400440532013000</IBAN></Id></Acct>"
)
_ENTRY = (
    '<Ntry><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>'
    "<BookgDt><Dt>2026-09-21</Dt></BookgDt><ValDt><Dt>2026-09-21</Dt></ValDt><AcctSvcrRef>{ref}</AcctSvcrRef>"
    "<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>ICDT</Cd><SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn></BkTxCd>"
    "<NtryDtls><TxDtls><Refs><MsgId>G1BRAVO260921S00001</MsgId><AcctSvcrRef>{ref}</AcctSvcrRef>"
    "<PmtInfId>G1BRAVO260921S00001P1</PmtInfId><EndToEndId>{name}</EndToEndId><UETR>{uetr}</UETR></Refs>"
    '<Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>DBIT</CdtDbtInd></TxDtls></NtryDtls></Ntry>'
)
_TAIL = "</Ntfctn></BkToCstmrDbtCdtNtfctn></Document>"


def pieces(count: int) -> Iterator[bytes]:
    """Yield the message; its entries repeat every CHUNK, for what they name does not matter to a reader."""
    yield _HEAD.encode()
    chunk = [_entry(number) for number in range(CHUNK)]
    whole = "".join(chunk).encode()
    for _ in range(count // CHUNK):
        yield whole
    yield "".join(chunk[: count % CHUNK]).encode()
    yield _TAIL.encode()


def _entry(number: int) -> str:
    name = f"E{number:026d}G1"
    return _ENTRY.format(amount=f"{100 + number}.{number % 100:02d}", ref=f"B{number:015d}", name=name, uetr=uetr(name))


def read_as_tree(message: bytes) -> int:
    """Read a message into one lxml tree and take the same fields out of it; return how many entries it has."""
    entries = etree.fromstring(message).iterfind(".//{*}Ntry")
    return sum(1 for entry in entries if [entry.findtext(path) for path in FIELDS])


def peer_is_here() -> bool:
    """Whether the library to compare with is installed."""
    return find_spec(PEER) is not None and find_spec("xsdata") is not None


def read_by_peer(message: bytes) -> int:
    """Read a message with pyiso20022's model, as its manual does; return how many entries it has."""
    from pyiso20022.camt.camt_054_001_08 import Document
    from xsdata.formats.dataclass.parsers import XmlParser

    told = XmlParser().from_bytes(message, Document).bk_to_cstmr_dbt_cdt_ntfctn
    return sum(len(one.ntry) for one in told.ntfctn)
