"""Profiles, submissions and messages for the adapters' tests."""

from collections.abc import Iterable
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import yaml

from bank_adapters.iso20022 import detect
from bank_adapters.profile import Profile
from bank_adapters.registry import load_profile
from bank_adapters.spi import Debtor, Payment, SubmissionContent
from gateway.domain.money import Money
from gateway.domain.observation import Observation
from gateway.domain.order import IbanAccount, Party
from gateway.domain.statement import Statement

FILE_BANK = """
slug: alfa
name: Alfa Bank
country: DE
bic: ALFADEFFXXX
bank_codes: {DE: ["10010001"]}
family: iso20022
tier: sandbox
onboarding: {state: simulated}
currencies: [EUR]
account_types: [IBAN]
messages: {initiation: pain.001.001.09}
limits:
  payments_per_submission: 20000
  sum_per_submission: null
  min_payments_per_submission: 1
  submissions_in_flight: 4
alphabet: SEPA
booking: single
answers: {positive_status: true, trusts_actc: false, duplicate_check: msgid}
timings:
  send_deadline_seconds: 20
  lease_seconds: 60
  authoritative_after_seconds: 300
  inquire_after_seconds: 30
  retry_after_seconds: 60
  tries_max: 5
  reject_final_after_hours: 24
breaker: {failures: 3, open_seconds: 60}
point_of_no_return: rename
transport: {kind: directory, folder: alfa}
edge_key_secret: banks/alfa/edge-key
status_overrides: {}
"""

_API_PARTS: dict[str, Any] = {
    "slug": "kilo",
    "bank_codes": {"NL": ["KILO"]},
    "family": "rest",
    "messages": {"initiation": "json-payments-v1"},
    "point_of_no_return": "first byte",
    "transport": {
        "kind": "https",
        "base_url": "https://kilo.example/api",
        "auth": {"kind": "bearer", "token_secret": "banks/kilo/token"},
        "timeout_seconds": 10,
    },
}


def file_bank_parts() -> dict[str, Any]:
    """The keys of the file bank's profile, free to be changed."""
    parts: dict[str, Any] = yaml.safe_load(FILE_BANK)
    return parts


def api_bank_parts() -> dict[str, Any]:
    """The keys of the API bank's profile, free to be changed."""
    parts = file_bank_parts() | deepcopy(_API_PARTS)
    parts["limits"]["payments_per_submission"] = 1
    parts["answers"]["duplicate_check"] = "idempotency-key"
    return parts


def profile_of(parts: dict[str, Any]) -> Profile:
    return load_profile(parts["slug"], yaml.safe_dump(parts, allow_unicode=True))


def file_bank(**answers: object) -> Profile:
    """The file bank, with some of its `answers` changed."""
    parts = file_bank_parts()
    parts["answers"] |= answers
    return profile_of(parts)


def api_bank() -> Profile:
    return profile_of(api_bank_parts())


def payment(number: int = 1, **changes: Any) -> Payment:
    plain = Payment(
        end_to_end_id=f"E{number:026d}G1",
        uetr=f"8a562c67-ca16-48ba-b074-{number:012x}",
        amount=Money(51240, "EUR"),
        creditor=Party(name="Maria Muster"),
        creditor_account=IbanAccount(iban="DE02120300000000202051"),
        ultimate_creditor=None,
        remittance_information="Sick pay 2026-09",
        purpose=None,
    )
    return replace(plain, **changes)


def submission(*payments: Payment, **changes: Any) -> SubmissionContent:
    plain = SubmissionContent(
        msg_id="G1ALFA260921S00001",
        payment_information_id="G1ALFA260921S00001P1",
        file_name="G1ALFA260921S00001.pain001.xml",
        created_at=datetime(2026, 9, 18, 9, 30, 5, tzinfo=UTC),
        requested_execution_date=date(2026, 9, 21),
        debtor=Debtor(name="Social Insurance Institution", iban="DE89370400440532013000", bic="ALFADEFFXXX"),
        category_purpose="SSBE",
        payments=payments or (payment(),),
    )
    return replace(plain, **changes)


def named(observation: Observation) -> dict[str, object]:
    """What an observation says: the fields that are set, apart from where it stands."""
    standing = {"path", "told_by", "statement", "entry"}
    fields = {name: getattr(observation, name) for name in Observation.__slots__ if name not in standing}
    return {
        name: value for name, value in fields.items() if value is not None and not (name == "charged" and not value)
    }


def observations(*pieces: bytes, bank: Profile | None = None) -> list[Observation]:
    """What a message says, without the heads of its statements."""
    return [one for one in detect.read(pieces, bank or file_bank()) if isinstance(one, Observation)]


def statements(*pieces: bytes, bank: Profile | None = None) -> list[Statement]:
    """The heads of a message's statements."""
    return [one for one in detect.read(pieces, bank or file_bank()) if isinstance(one, Statement)]


def bytes_in_pieces(content: bytes, size: int) -> Iterable[bytes]:
    return (content[start : start + size] for start in range(0, len(content), size))


def report(inside: str, *, namespace: str = "urn:iso:std:iso:20022:tech:xsd:pain.002.001.10") -> bytes:
    """A pain.002 around some XML."""
    return f'<Document xmlns="{namespace}"><CstmrPmtStsRpt>{inside}</CstmrPmtStsRpt></Document>'.encode()


GROUP = (
    "<OrgnlGrpInfAndSts><OrgnlMsgId>M1</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId>{}</OrgnlGrpInfAndSts>"
)


def notification(entries: str, *, namespace: str = "urn:iso:std:iso:20022:tech:xsd:camt.054.001.08") -> bytes:
    """A camt.054 with one account around some entries."""
    return (
        f'<Document xmlns="{namespace}"><BkToCstmrDbtCdtNtfctn><GrpHdr><MsgId>B1</MsgId></GrpHdr><Ntfctn><Id>N1</Id>'
        f"<Acct><Id><IBAN>DE89370400440532013000</IBAN></Id></Acct>{entries}</Ntfctn></BkToCstmrDbtCdtNtfctn></Document>"
    ).encode()


def entry(details: str = "", *, amount: str = "12.30", sign: str = "DBIT", status: str = "<Cd>BOOK</Cd>") -> str:
    """An entry with some details."""
    return (
        f'<Ntry><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>{sign}</CdtDbtInd><Sts>{status}</Sts>'
        f"<BookgDt><Dt>2026-09-21</Dt></BookgDt><AcctSvcrRef>BOOKING1</AcctSvcrRef>{details}</Ntry>"
    )
