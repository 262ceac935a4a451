"""What stands where in a pain.001: every part a payment may have, every block, every habit of a bank."""

from dataclasses import replace
from typing import Any

import pytest

from bank_adapters.capabilities import Instrument
from bank_adapters.contract.witness import witness
from bank_adapters.spi import CreditorReference, PartyKind, Payment, PostalAddress
from gateway.domain.errors import ConfigError
from gateway.domain.money import Money
from gateway.domain.order import Identification, Party
from tests.bank_adapters.material import file_bank_parts, payment, profile_of, submission
from tests.bank_adapters.pain001_orders import ADAPTER, FUND, VERSIONS, bank, rendered, xml

OLD, USUAL, NEW = VERSIONS
HOME = PostalAddress(
    street_name="Hauptstraße", building_number="7", post_code="10115", town_name="Berlin", country="DE"
)
NIDN = Identification(scheme="NIDN", id="12345678901")


def address_of(**changes: Any) -> Payment:
    return payment(1, creditor_address=replace(HOME, **changes))


PARTS: list[tuple[Payment, dict[str, Any], str, list[str]]] = [
    (payment(1), {}, "PmtId/InstrId", []),
    (payment(1), {"instruction_id": True}, "PmtId/InstrId", [payment(1).end_to_end_id]),
    (payment(1, instruction_id="I7"), {"instruction_id": True}, "PmtId/InstrId", ["I7"]),
    (payment(1), {"uetr": False}, "PmtId/UETR", []),
    (payment(1, purpose="SSBE"), {}, "Purp", ["<Cd>SSBE</Cd>"]),
    (payment(1, purpose="17"), {"purpose": "own code"}, "Purp", ["<Prtry>17</Prtry>"]),
    (payment(1, purpose="SSBE"), {"purpose": "none"}, "Purp", []),
    (payment(1, creditor=Party(name="A", identifications=(NIDN,))), {}, "Cdtr", ["<Nm>A</Nm>"]),
    (
        payment(1, creditor=Party(name="A", identifications=(NIDN,))),
        {"creditor_id": "required"},
        "Cdtr/Id",
        ["<PrvtId><Othr><Id>12345678901</Id><SchmeNm><Cd>NIDN</Cd></SchmeNm></Othr></PrvtId>"],
    ),
    (
        payment(1, creditor=FUND, creditor_kind=PartyKind.ORGANISATION),
        {"creditor_id": "as given"},
        "Cdtr/Id",
        ["<OrgId><Othr><Id>F7</Id><SchmeNm><Cd>CUST</Cd></SchmeNm></Othr></OrgId>"],
    ),
    (
        payment(1, creditor=Party(name="A", identifications=(Identification(scheme="TCKN", id="1"),))),
        {"creditor_id": "as given"},
        "Cdtr/Id/PrvtId/Othr/SchmeNm",
        ["<Prtry>TCKN</Prtry>"],
    ),
    (
        payment(1, creditor=Party(name="A", identifications=(Identification(scheme="TCKN", id="1"),))),
        {"creditor_id": "as given", "id_schemes": {"TCKN": "NIDN"}},
        "Cdtr/Id/PrvtId/Othr/SchmeNm",
        ["<Cd>NIDN</Cd>"],
    ),
    (
        payment(1, ultimate_debtor=FUND),
        {},
        "CdtTrfTxInf/UltmtDbtr",
        ["<Nm>Fonds Sued</Nm><Id><OrgId><Othr><Id>F7</Id><SchmeNm><Cd>CUST</Cd></SchmeNm></Othr></OrgId></Id>"],
    ),
    (payment(1, ultimate_creditor=Party(name="Kind", identifications=(NIDN,))), {}, "UltmtCdtr", ["<Nm>Kind</Nm>"]),
    (address_of(), {"address": "none"}, "Cdtr/PstlAdr", []),
    (
        address_of(),
        {"address": "structured"},
        "Cdtr/PstlAdr",
        ["<StrtNm>Hauptstrasse</StrtNm><BldgNb>7</BldgNb><PstCd>10115</PstCd><TwnNm>Berlin</TwnNm><Ctry>DE</Ctry>"],
    ),
    (
        payment(1, creditor_address=PostalAddress(town_name="Berlin", country="DE", address_lines=("Hof 2", "Tor 3"))),
        {"address": "hybrid"},
        "Cdtr/PstlAdr",
        ["<TwnNm>Berlin</TwnNm><Ctry>DE</Ctry><AdrLine>Hof 2</AdrLine><AdrLine>Tor 3</AdrLine>"],
    ),
    (payment(1), {}, "CdtrAgt", []),
    (payment(1, creditor_agent="DNBANOKK"), {}, "CdtrAgt/FinInstnId", ["<BICFI>DNBANOKK</BICFI>"]),
    (payment(1, creditor_agent="DNBANOKK"), {"creditor_agent": "none"}, "CdtrAgt", []),
    (
        payment(1),
        {"creditor_agent": "BIC or NOTPROVIDED"},
        "CdtrAgt/FinInstnId",
        ["<Othr><Id>NOTPROVIDED</Id></Othr>"],
    ),
    (
        payment(1, remittance_information="", creditor_reference=CreditorReference(reference="RF18539007547034")),
        {},
        "RmtInf",
        [
            (
                "<Strd><CdtrRefInf><Tp><CdOrPrtry><Cd>SCOR</Cd></CdOrPrtry><Issr>ISO</Issr></Tp>"
                "<Ref>RF18539007547034</Ref></CdtrRefInf></Strd>"
            )
        ],
    ),
    (
        payment(1, remittance_information="", creditor_reference=CreditorReference(reference="123", issuer="BBA")),
        {},
        "RmtInf/Strd/CdtrRefInf/Tp/Issr",
        ["BBA"],
    ),
]


@pytest.mark.parametrize(("one", "habits", "path", "expected"), PARTS)
def test_parts_of_a_payment(one: Payment, habits: dict[str, Any], path: str, expected: list[str]) -> None:
    assert xml(submission(one), bank(**habits), path) == expected


HEADS: list[tuple[dict[str, Any], str, list[str]]] = [
    ({"initiating_party": {"id": "4711"}}, "InitgPty/Id", ["<OrgId><Othr><Id>4711</Id></Othr></OrgId>"]),
    (
        {"initiating_party": {"id": "4711", "scheme": "BANK", "issuer": "ALFA"}},
        "InitgPty/Id/OrgId/Othr",
        ["<Id>4711</Id><SchmeNm><Cd>BANK</Cd></SchmeNm><Issr>ALFA</Issr>"],
    ),
    ({"batch_booking": False}, "BtchBookg", []),
    ({"debtor_account_currency": True}, "DbtrAcct/Ccy", ["EUR"]),
    ({"category_purpose": "none"}, "CtgyPurp", []),
    ({"category_purposes": {"SSBE": "GOVT"}}, "CtgyPurp/Cd", ["GOVT"]),
    ({"debtor_agent": "BIC"}, "DbtrAgt/FinInstnId", ["<BICFI>ALFADEFFXXX</BICFI>"]),
    ({"debtor_agent": "none"}, "DbtrAgt/FinInstnId", [""]),
]


@pytest.mark.parametrize(("habits", "path", "expected"), HEADS)
def test_habits_around_the_payments(habits: dict[str, Any], path: str, expected: list[str]) -> None:
    assert xml(submission(payment(1)), bank(**habits), path) == expected


TYPES: list[tuple[dict[str, Any], str, str, str, list[str]]] = [
    ({}, "SEPA", "normal", "<SvcLvl><Cd>SEPA</Cd></SvcLvl>", ["SLEV"]),
    ({}, "SEPA", "instant", "<SvcLvl><Cd>SEPA</Cd></SvcLvl><LclInstrm><Cd>INST</Cd></LclInstrm>", ["SLEV"]),
    ({}, "SEPA", "urgent", "<SvcLvl><Cd>URGP</Cd></SvcLvl>", ["SHAR"]),
    ({}, "domestic", "normal", "", []),
    (
        {"instant": {"own_local_instrument": "FAST", "priority": "HIGH", "charge_bearer": "DEBT"}},
        "domestic",
        "instant",
        "<InstrPrty>HIGH</InstrPrty><LclInstrm><Prtry>FAST</Prtry></LclInstrm>",
        ["DEBT"],
    ),
    ({"normal": {"own_service_level": "EFT"}}, "domestic", "normal", "<SvcLvl><Prtry>EFT</Prtry></SvcLvl>", []),
]


@pytest.mark.parametrize(("own", "scheme", "instrument", "expected", "charges"), TYPES)
def test_instruments_stand_on_the_block(
    own: dict[str, Any], scheme: str, instrument: str, expected: str, charges: list[str]
) -> None:
    habits: dict[str, Any] = {"instruments": {"normal": None, "instant": None, "urgent": None} | own}
    content = submission(payment(1), instrument=Instrument(instrument), category_purpose=None)
    profile = bank(scheme=scheme, **habits)
    assert xml(content, profile, "PmtInf/PmtTpInf") == ([expected] if expected else [])
    assert xml(content, profile, "CdtTrfTxInf/PmtTpInf") == []
    assert xml(content, profile, "PmtInf/ChrgBr") == charges


@pytest.mark.parametrize(
    ("version", "path", "expected"),
    [
        (OLD, "PmtId/UETR", []),
        (USUAL, "PmtId/UETR", [payment(1).uetr]),
        (NEW, "PmtId/UETR", [payment(1).uetr]),
        (OLD, "DbtrAgt/FinInstnId", ["<BIC>ALFADEFFXXX</BIC>"]),
        (NEW, "DbtrAgt/FinInstnId", ["<BICFI>ALFADEFFXXX</BICFI>"]),
        (OLD, "ReqdExctnDt", ["2026-09-21"]),
        (NEW, "ReqdExctnDt", ["<Dt>2026-09-21</Dt>"]),
    ],
)
def test_what_versions_have_of_their_own(version: str, path: str, expected: list[str]) -> None:
    assert xml(submission(payment(1)), bank(version), path) == expected


@pytest.mark.parametrize(
    ("currency", "minor", "written"),
    [
        *(("TRY", 5, "0.05"), ("KZT", 123456, "1234.56"), ("AZN", 100, "1.00"), ("JPY", 7, "7"), ("ISK", 1500, "1500")),
        *(("KWD", 5, "0.005"), ("BHD", 123456, "123.456"), ("TND", 1000, "1.000")),
    ],
)
def test_amounts_have_the_decimals_of_their_currency(currency: str, minor: int, written: str) -> None:
    profile = bank(scheme="domestic", currencies=[currency])
    content = submission(payment(1, amount=Money(minor, currency)))
    assert xml(content, profile, "Amt/InstdAmt") == [written]
    assert xml(content, profile, "GrpHdr/CtrlSum") == [written]
    assert ADAPTER.reread(ADAPTER.render(content, profile), profile).sum_minor == minor


@pytest.mark.parametrize("currency", ["TRY", "JPY", "KWD"])
def test_a_stranger_reads_the_sums_in_the_currency_that_is_paid(currency: str) -> None:
    profile = bank(scheme="domestic", currencies=["TRY", "JPY", "KWD"])
    content = submission(payment(1, amount=Money(1_234_567, currency)))
    seen = witness(profile, rendered(content, profile))
    assert seen.claims == (("GrpHdr", 1, 1_234_567),)
    assert [(one.amount_minor, one.currency) for one in seen.payments] == [(1_234_567, currency)]


# Profiles --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("habits", "told"),
    [
        ({"instruments": {}}, "instruments: write at least one"),
        ({"instruments": {"normal": {"charge_bearer": "SHAR"}}}, "SEPA is written with service_level SEPA"),
        (
            {"instruments": {"instant": {"service_level": "SEPA", "charge_bearer": "SLEV"}}},
            "SEPA instant is local_instrument INST",
        ),
        ({"instruments": {"normal": {"service_level": "SEPA", "own_service_level": "X"}}}, "own_service_level: write"),
        (
            {"instruments": {"normal": {"local_instrument": "INST", "own_local_instrument": "X"}}},
            "own_local_instrument",
        ),
        (
            {"instruments": {"urgent": {"amount_max": "10.005"}}},
            "pain001.instruments.urgent.amount_max: EUR has 2 decimals",
        ),
        ({"creditor_agent": "none", "bic_needed": ["CH"]}, "bic_needed is empty where creditor_agent is none"),
        ({"name_max": 140}, "pain001.name_max: SEPA carries 70"),
        ({"scheme": "SEPA", "currencies": ["TRY"]}, "scheme SEPA pays in EUR only"),
    ],
)
def test_habits_that_contradict_the_scheme_are_refused(habits: dict[str, Any], told: str) -> None:
    with pytest.raises((ConfigError, ValueError), match=told):
        bank(**habits)


def test_a_number_of_a_national_list_of_purposes_is_written_as_the_banks_own() -> None:
    """Türkiye's list has 01 to 22 (reference 4.1); a bank that wants codes of ISO gets no number."""
    numbered = {"benefits": {"SICK_PAY": {"purpose": "17"}}}
    national = profile_of(file_bank_parts() | numbered | {"pain001": {"purpose": "own code"}})
    assert national.benefits["SICK_PAY"].purpose == "17"
    document = b"".join(ADAPTER.render(submission(payment(1, purpose="17")), national))
    assert b"<Purp><Prtry>17</Prtry></Purp>" in document
    with pytest.raises(ConfigError, match=r"benefits\.SICK_PAY\.purpose: .*; write pain001\.purpose: own code"):
        profile_of(file_bank_parts() | numbered)
    with pytest.raises(ConfigError, match=r"benefits\.SICK_PAY\.purpose: .*nor a number of a national list"):
        profile_of(file_bank_parts() | {"benefits": {"SICK_PAY": {"purpose": "SSEB"}}})
