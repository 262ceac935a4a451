"""Returns, free texts and charges, in every shape that banks were seen to write (reference 3.1)."""

import pytest

from gateway.domain.identity import end_to_end_id
from gateway.domain.observation import Observation, ObservationKind
from tests.bank_adapters.material import entry, file_bank_parts, notification, observations, profile_of
from tests.statements import Booking, Detail, Stmt, camt053

ENTRY, RETURN = ObservationKind.ENTRY, ObservationKind.RETURN_ENTRY
OURS, OTHER = end_to_end_id("SSI", "SICK-1", 1), end_to_end_id("SSI", "SICK-2", 12)


def iso(family: str, sub: str) -> str:
    return f"<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>{family}</Cd><SubFmlyCd>{sub}</SubFmlyCd></Fmly></Domn></BkTxCd>"


def own(code: str) -> str:
    return f"<BkTxCd><Prtry><Cd>{code}</Cd><Issr>B</Issr></Prtry></BkTxCd>"


def details(inside: str) -> str:
    return f"<NtryDtls><TxDtls>{inside}</TxDtls></NtryDtls>"


def one(inside: str, sign: str = "CRDT", **profile: object) -> Observation:
    bank = profile_of(file_bank_parts() | profile)
    (row,) = observations(notification(entry(inside, sign=sign)), bank=bank)
    return row


REASON = "<RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf>"


@pytest.mark.parametrize(
    "inside",
    [
        iso("ICDT", "RRTN"),
        iso("RCDT", "RRTN"),  # ING
        iso("ICDT", "ARET"),  # Goldman Sachs
        own("ACH Credit Reject/Payment Return"),  # Goldman Sachs, without any code of ISO's
        details(iso("RCDT", "RRTN")),
        details(own("ACH CREDIT REJECT/PAYMENT RETURN")),
        details("<RtrInf><Rsn><Prtry></Prtry></Rsn></RtrInf>"),
    ],
)
@pytest.mark.parametrize("reversal", ["<RvslInd>true</RvslInd>", "<RvslInd>false</RvslInd>", ""])
def test_a_return_in_every_shape(inside: str, reversal: str) -> None:
    row = one(reversal + inside)
    assert (row.kind, row.credit, row.amount_minor) == (RETURN, True, 1230)
    assert one(reversal + inside, sign="DBIT").kind is ENTRY


def test_a_bank_s_own_code_for_a_return() -> None:
    assert one(own("N653")).kind is ENTRY
    assert one(own("n653"), statement={"return_codes": ["N653"]}).kind is RETURN


def test_a_return_without_references_says_what_it_can() -> None:
    # ING: PMNT-RCDT-RRTN, reason AC04, no Refs at all.
    row = one(iso("RCDT", "RRTN") + details(REASON))
    assert (row.kind, row.reason, row.entry_ref) == (RETURN, "AC04", "BOOKING1")
    assert (row.msg_id, row.pmt_inf_id, row.instr_id, row.end_to_end_id, row.uetr, row.text_id) == (None,) * 6


def test_a_return_that_keeps_only_the_message_and_the_uetr() -> None:
    # PostFinance's ISO 20022 test platform: placeholders everywhere else.
    refs = "<MsgId>G1ALFA260921S00001</MsgId>" + "".join(
        f"<{name}>NOTPROVIDED</{name}>" for name in ("PmtInfId", "InstrId", "EndToEndId")
    )
    row = one(details(f"<Refs>{refs}<UETR>8a562c67-ca16-48ba-b074-65581be6f011</UETR></Refs>{REASON}"))
    assert (row.kind, row.msg_id, row.uetr) == (RETURN, "G1ALFA260921S00001", "8a562c67-ca16-48ba-b074-65581be6f011")
    assert (row.pmt_inf_id, row.instr_id, row.end_to_end_id) == (None, None, None)


def test_a_credit_that_only_names_a_payment_of_ours_keeps_the_name_for_matching() -> None:
    row = one(details(f"<Refs><EndToEndId>{OURS}</EndToEndId><TxId>T1</TxId></Refs>"))
    assert (row.kind, row.end_to_end_id, row.tx_id, row.entry_ref) == (ENTRY, OURS, "T1", "T1")


# Ids in free text ----------------------------------------------------------------------------------------------------

SWAPPED = "<Refs><EndToEndId>20190424001255000100006</EndToEndId></Refs>"


@pytest.mark.parametrize(
    "inside",
    [
        f"<AddtlNtryInf>RETURN OF {OURS} ACCOUNT CLOSED</AddtlNtryInf>",
        details("") + f"<AddtlNtryInf>/EREF/{OURS.lower()}/RETURN</AddtlNtryInf>",
        details(f"<RmtInf><Ustrd>Sick pay</Ustrd><Ustrd>{OURS}</Ustrd></RmtInf>"),
        details(f"<AddtlTxInf>E2E:{OURS}</AddtlTxInf>"),
        details(SWAPPED + f"<AddtlTxInf>{OURS} and again {OURS}</AddtlTxInf>"),
    ],
)
def test_an_id_of_ours_that_stands_in_free_text_only(inside: str) -> None:
    assert one(inside).text_id == OURS


@pytest.mark.parametrize(
    "inside",
    [
        f"<AddtlNtryInf>{OURS} or {OTHER}</AddtlNtryInf>",  # which of the two?
        f"<AddtlNtryInf>X{OURS}</AddtlNtryInf>",
        f"<AddtlNtryInf>{OURS}99</AddtlNtryInf>",
        f"<AddtlNtryInf>{OURS[:-3]}</AddtlNtryInf>",
        f"<AddtlNtryInf>Maria Muster, {'x' * 600}</AddtlNtryInf>",
        details(f"<Refs><EndToEndId>{OTHER}</EndToEndId></Refs><AddtlTxInf>{OURS}</AddtlTxInf>"),
        details(f"<RmtInf><Strd><AddtlRmtInf>{OURS}</AddtlRmtInf></Strd></RmtInf>"),
    ],
)
def test_free_text_never_speaks_louder_than_a_reference_or_in_doubt(inside: str) -> None:
    assert one(inside).text_id is None


def test_the_text_of_an_entry_names_none_of_its_several_transactions() -> None:
    booking = Booking(
        minor=-50, details=[Detail(minor=-20), Detail(minor=-30)], more=f"<AddtlNtryInf>{OURS}</AddtlNtryInf>"
    )
    assert [row.text_id for row in observations(camt053(Stmt(bookings=[booking])))] == [None, None]


# Charges -------------------------------------------------------------------------------------------------------------


GIVEN_BACK = (
    '<Chrgs><Rcrd><Amt Ccy="EUR">3</Amt><CdtDbtInd>DBIT</CdtDbtInd></Rcrd>'
    '<Rcrd><Amt Ccy="EUR">1</Amt><CdtDbtInd>CRDT</CdtDbtInd></Rcrd></Chrgs>'
)


@pytest.mark.parametrize(
    ("charges", "minor"),
    [
        ('<Chrgs><Amt Ccy="EUR">20.00</Amt></Chrgs>', 2_000),  # .02
        ('<Chrgs><Amt Ccy="EUR">1.50</Amt></Chrgs><Chrgs><Amt Ccy="EUR">0.50</Amt></Chrgs>', 200),
        ('<Chrgs><TtlChrgsAndTaxAmt Ccy="EUR">0.01</TtlChrgsAndTaxAmt></Chrgs>', 1),
        ('<Chrgs><TtlChrgsAndTaxAmt Ccy="EUR">3</TtlChrgsAndTaxAmt><Rcrd><Amt Ccy="EUR">3</Amt></Rcrd></Chrgs>', 300),
        ('<Chrgs><Rcrd><Amt Ccy="EUR">1</Amt></Rcrd><Rcrd><Amt Ccy="EUR">2</Amt></Rcrd></Chrgs>', 300),
        (GIVEN_BACK, 200),
        ('<Chrgs><Amt Ccy="SEK">20.00</Amt></Chrgs>', None),  # there are some; how much in EUR is not told
    ],
)
def test_how_much_charges_come_to(charges: str, minor: int | None) -> None:
    for said in (charges + details(""), details(charges), charges):
        row = one(said)
        assert (row.charged, row.charges_minor) == (True, minor)


def test_no_charges_are_none() -> None:
    for said in ("", '<Chrgs><Amt Ccy="EUR">0.00</Amt></Chrgs>'):
        row = one(said + details(""))
        assert (row.charged, row.charges_minor) == (False, None)


@pytest.mark.parametrize("code", ["CHRG", "FEES", "COMM", "COME", "COMI", "COMT"])
def test_a_booking_of_charges_alone(code: str) -> None:
    said = iso("MDOP", code)
    for inside in (said, said + details(""), details(said + '<Amt Ccy="EUR">12.30</Amt>')):
        row = one(inside, sign="DBIT")
        assert (row.kind, row.amount_minor, row.charged, row.charges_minor) == (ENTRY, 1230, True, 1230)
        assert one(inside).charges_minor is None
