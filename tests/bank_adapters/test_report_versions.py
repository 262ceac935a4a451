"""Every version of camt.052, .053 and .054 says the same in its own form; each message here is valid by its schema."""

import re
from functools import cache

import pytest
from lxml import etree

from bank_adapters.iso20022.camt import ACCOUNTS
from gateway.domain.observation import ObservationKind
from tests.bank_adapters.material import named, observations, statements
from tests.shared import shared_dir

MESSAGES = {"camt.052": "BkToCstmrAcctRpt", "camt.053": "BkToCstmrStmt", "camt.054": "BkToCstmrDbtCdtNtfctn"}
VERSIONS = ("02", "04", "06", "08", "10")
UETR = "8a562c67-ca16-48ba-b074-65581be6f061"
BALANCE = (
    '<Bal><Tp><CdOrPrtry><Cd>{}</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">{}</Amt><CdtDbtInd>CRDT</CdtDbtInd>'
    "<Dt><Dt>2026-09-21</Dt></Dt></Bal>"
)


def written(message: str, version: str) -> bytes:
    """A debit of 512.40 for one of our payments with charges of 0.40 kept beside it, and its return for AC04."""
    early, number = version == "02", int(version)
    status = "<Sts><Cd>BOOK</Cd></Sts>" if number >= 8 else "<Sts>BOOK</Sts>"
    code = "<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>ICDT</Cd><SubFmlyCd>{}</SubFmlyCd></Fmly></Domn></BkTxCd>"
    days = "<BookgDt><Dt>2026-09-21</Dt></BookgDt><ValDt><Dt>2026-09-21</Dt></ValDt><AcctSvcrRef>B{}</AcctSvcrRef>"
    uetr = f"<UETR>{UETR}</UETR>" if number >= 8 else ""
    refs = f"<Refs><MsgId>M1</MsgId><PmtInfId>P1</PmtInfId><EndToEndId>E1</EndToEndId>{uetr}<TxId>T1</TxId></Refs>"
    charges = (
        '<Chrgs><Amt Ccy="EUR">0.40</Amt></Chrgs>'
        if early
        else '<Chrgs><TtlChrgsAndTaxAmt Ccy="EUR">0.40</TtlChrgsAndTaxAmt></Chrgs>'
    )

    def entry(place: int, sign: str, family: str, more: str, reason: str) -> str:
        amount = f'<Amt Ccy="EUR">512.40</Amt><CdtDbtInd>{sign}</CdtDbtInd>'
        inside = '<AmtDtls><TxAmt><Amt Ccy="EUR">512.40</Amt></TxAmt></AmtDtls>' if early else amount
        listed = f"<NtryDtls><TxDtls>{refs}{inside}{more}{reason}</TxDtls></NtryDtls>"
        return f"<Ntry>{amount}{status}{days.format(place)}{code.format(family)}{listed}</Ntry>"

    account, proves = ACCOUNTS[MESSAGES[message]], message == "camt.053"
    balances = BALANCE.format("OPBD", "1.00") + BALANCE.format("CLBD", "1.00") if proves else ""
    returned = entry(2, "CRDT", "RRTN", "", "<RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf>")
    made = "<CreDtTm>2026-09-21T20:00:00Z</CreDtTm>"
    return (
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:{message}.001.{version}"><{MESSAGES[message]}>'
        f"<GrpHdr><MsgId>B1</MsgId>{made}</GrpHdr><{account}><Id>S1</Id><ElctrncSeqNb>7</ElctrncSeqNb>{made}"
        f"<Acct><Id><IBAN>DE89370400440532013000</IBAN></Id></Acct>{balances}"
        f"{entry(1, 'DBIT', 'ESCT', charges, '')}{returned}</{account}></{MESSAGES[message]}></Document>"
    ).encode()


@cache
def schema(name: str) -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(shared_dir() / "xsd" / f"{name}.xsd"))


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("message", MESSAGES)
def test_every_version_says_the_same(message: str, version: str) -> None:
    content = written(message, version)
    schema(f"{message}.001.{version}").assertValid(etree.fromstring(content))
    booked, returned = observations(content)
    uetr = {"uetr": UETR} if version in {"08", "10"} else {}  # ISO has it from .08 on
    common = {
        "msg_id": "M1",
        "pmt_inf_id": "P1",
        "end_to_end_id": "E1",
        "tx_id": "T1",
        "status": "BOOK",
        "booked": True,
        "account": "DE89370400440532013000",
        "amount_minor": 51_240,
        "currency": "EUR",
        **uetr,
    }
    told, back = named(booked), named(returned)
    for row in (told, back):
        del row["booking_date"]
        row.pop("entry_minor", None)  # of statements alone
    # TxDtls names no AcctSvcrRef of its own: the clearing's TxId stands for it, before the entry's.
    assert told == common | {
        "kind": ObservationKind.ENTRY, "credit": False, "entry_ref": "T1", "charged": True, "charges_minor": 40,
    }  # fmt: skip
    assert back == common | {
        "kind": ObservationKind.RETURN_ENTRY, "credit": True, "entry_ref": "T1", "reason": "AC04",
    }  # fmt: skip
    heads = statements(content)
    assert [(one.sequence, one.opening_minor, one.entries_minor, one.closing_minor) for one in heads] == (
        [(7, 100, 0, 100)] if message == "camt.053" else []
    )


@pytest.mark.parametrize("version", ["11", "12", "13", "99"])
def test_a_later_version_is_read_by_its_names(version: str) -> None:
    content = written("camt.053", "10")
    assert observations(re.sub(rb"\.001\.10", f".001.{version}".encode(), content)) == observations(content)
