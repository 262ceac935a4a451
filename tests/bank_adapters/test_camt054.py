"""Entries: booked or not, one payment, a batch's sum, or a return. Expected: reference sections 3.1 and 3.2."""

from datetime import date

import pytest

from gateway.domain.observation import Observation, ObservationKind, ToldBy
from tests.bank_adapters.material import entry, named, notification, observations

ENTRY, BATCH, RETURN = ObservationKind.ENTRY, ObservationKind.BATCH_ENTRY, ObservationKind.RETURN_ENTRY
RETURNED = "<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>ICDT</Cd><SubFmlyCd>RRTN</SubFmlyCd></Fmly></Domn></BkTxCd>"
REASON = "<RtrInf><Rsn><Cd>AC04</Cd></Rsn><AddtlInf>closed</AddtlInf></RtrInf>"


def read(*entries: str) -> list[Observation]:
    return observations(notification("".join(entries)))


def details(*transactions: str, batch: str = "") -> str:
    return f"<NtryDtls>{batch}{''.join(transactions)}</NtryDtls>"


def transaction(name: str = "E1", *, amount: str = "12.30", sign: str = "DBIT", more: str = "") -> str:
    money = f'<Amt Ccy="EUR">{amount}</Amt>' if amount else ""
    said = f"<CdtDbtInd>{sign}</CdtDbtInd>" if sign else ""
    return f"<TxDtls><Refs><EndToEndId>{name}</EndToEndId></Refs>{money}{said}{more}</TxDtls>"


def batch(count: int | None, *, total: str = "", name: str = "M1P1") -> str:
    number = "" if count is None else f"<NbOfTxs>{count}</NbOfTxs>"
    return f"<Btch><MsgId>M1</MsgId><PmtInfId>{name}</PmtInfId>{number}{total}</Btch>"


def test_a_booked_payment_with_all_its_references() -> None:
    refs = (
        "<TxDtls><Refs><MsgId>M1</MsgId><AcctSvcrRef>A1</AcctSvcrRef><PmtInfId>M1P1</PmtInfId><InstrId>I1</InstrId>"
        "<EndToEndId>E1</EndToEndId><UETR>8A562C67-CA16-48BA-B074-65581BE6F011</UETR><TxId>T1</TxId></Refs>"
        '<Amt Ccy="EUR">12.30</Amt><CdtDbtInd>DBIT</CdtDbtInd></TxDtls>'
    )
    (row,) = read(entry(details(refs)))
    assert row.path == "/Ntfctn[1]/Ntry[1]/NtryDtls[1]/TxDtls[1]"
    assert named(row) == {
        "kind": ENTRY,
        "msg_id": "M1",
        "pmt_inf_id": "M1P1",
        "instr_id": "I1",
        "end_to_end_id": "E1",
        "uetr": "8a562c67-ca16-48ba-b074-65581be6f011",
        "status": "BOOK",
        "account": "DE89370400440532013000",
        "amount_minor": 1230,
        "currency": "EUR",
        "credit": False,
        "booked": True,
        "entry_ref": "A1",
        "tx_id": "T1",
        "booking_date": date(2026, 9, 21),
    }
    assert (row.told_by, row.statement, row.entry) == (ToldBy.NOTIFICATION, 1, 1)


@pytest.mark.parametrize(
    ("status", "told", "booked"),
    [
        ("BOOK", "BOOK", True),
        ("<Cd>BOOK</Cd>", "BOOK", True),
        ("PDNG", "PDNG", False),
        ("<Cd>INFO</Cd>", "INFO", False),
        ("<Cd>FUTR</Cd>", "FUTR", False),
        ("<Prtry>BOOK2</Prtry>", "BOOK2", False),
        ("", None, None),
    ],
)
def test_only_book_is_booked(status: str, told: str | None, booked: bool | None) -> None:  # noqa: FBT001 - a table
    (row,) = read(entry(details(transaction()), status=status))
    assert (row.status, row.booked) == (told, booked)


@pytest.mark.parametrize("reversal", ["true", "false"])
def test_the_sign_is_never_flipped(reversal: str) -> None:
    said = entry(details(transaction(sign=""))).replace("<Sts>", f"<RvslInd>{reversal}</RvslInd><Sts>")
    assert [row.credit for row in read(said)] == [False]


def test_a_transactions_own_sign_counts() -> None:
    rows = read(
        entry(details(transaction("E1", sign="CRDT"), transaction("E2", sign="DBIT"), transaction("E3", sign="")))
    )
    assert [row.credit for row in rows] == [True, False, False]


def test_an_entry_without_details_is_told_as_a_whole() -> None:
    (row,) = read(entry())
    assert (row.kind, row.amount_minor, row.end_to_end_id, row.entry_ref) == (ENTRY, 1230, None, "BOOKING1")
    assert row.path == "/Ntfctn[1]/Ntry[1]"


def test_a_batch_without_details_is_a_sum() -> None:
    (row,) = read(entry(details(batch=batch(17)), amount="1700.00"))
    assert (row.kind, row.batch_count, row.amount_minor, row.msg_id, row.pmt_inf_id) == (
        BATCH,
        17,
        170_000,
        "M1",
        "M1P1",
    )


def test_a_batch_of_which_the_count_is_not_told() -> None:
    (row,) = read(entry(details(batch=batch(None))))
    assert (row.kind, row.batch_count, row.amount_minor) == (BATCH, None, 1230)


def test_several_batches_in_one_entry_take_only_their_own_totals() -> None:
    told = '<TtlAmt Ccy="EUR">5.00</TtlAmt>'
    rows = read(entry(details(batch=batch(2)) + details(batch=batch(1, total=told, name="M1P2")), amount="12.30"))
    assert [(row.kind, row.amount_minor, row.pmt_inf_id) for row in rows] == [
        (BATCH, None, "M1P1"),
        (BATCH, 500, "M1P2"),
    ]


def test_payments_listed_under_a_batch_are_payments_and_know_it() -> None:
    rows = read(entry(details(transaction("E1"), transaction("E2"), batch=batch(2)), amount="24.60"))
    assert [(row.kind, row.end_to_end_id, row.msg_id, row.pmt_inf_id) for row in rows] == [
        (ENTRY, "E1", "M1", "M1P1"),
        (ENTRY, "E2", "M1", "M1P1"),
    ]


def test_one_transaction_with_the_sum_of_many_is_their_batch() -> None:
    (row,) = read(entry(details(transaction("E1", amount="1700.00"), batch=batch(17)), amount="1700.00"))
    assert (row.kind, row.batch_count, row.end_to_end_id, row.pmt_inf_id) == (BATCH, 17, None, "M1P1")


def test_one_listed_payment_of_a_batch_is_that_payment() -> None:
    (row,) = read(entry(details(transaction("E1", amount="100.00"), batch=batch(17)), amount="1700.00"))
    assert (row.kind, row.amount_minor, row.end_to_end_id) == (ENTRY, 10_000, "E1")
    (row,) = read(entry(details(transaction("E1"), batch=batch(1))))
    assert (row.kind, row.end_to_end_id) == (ENTRY, "E1")


def test_the_only_transaction_takes_the_entrys_amount() -> None:
    (row,) = read(entry(details(transaction("E1", amount=""))))
    assert (row.amount_minor, row.currency) == (1230, "EUR")


def test_one_of_several_transactions_never_takes_the_entrys_amount() -> None:
    rows = read(entry(details(transaction("E1", amount=""), transaction("E2"))))
    assert [row.amount_minor for row in rows] == [None, 1230]
    rows = read(entry(details(transaction("E1", amount="")) + details(transaction("E2"))))
    assert [row.amount_minor for row in rows] == [None, 1230]


def test_version_02_keeps_the_amount_in_its_details() -> None:
    money = '<AmtDtls><InstdAmt><Amt Ccy="USD">9.99</Amt></InstdAmt><TxAmt><Amt Ccy="EUR">3.1</Amt></TxAmt></AmtDtls>'
    listed = details(transaction("E1", amount="", sign="", more=money), transaction("E2"))
    rows = read(entry(listed, amount="15.40"))
    assert [(row.amount_minor, row.currency) for row in rows] == [(310, "EUR"), (1230, "EUR")]


@pytest.mark.parametrize(
    ("head", "more"),
    [
        (RETURNED, ""),
        (RETURNED.replace("RRTN", "ARET"), ""),
        ("", RETURNED),
        ("", REASON),
        (RETURNED, REASON),
    ],
)
def test_a_credit_that_says_return_is_one(head: str, more: str) -> None:
    said = entry(head + details(transaction(sign="CRDT", more=more)), sign="CRDT")
    (row,) = read(said)
    assert row.kind is RETURN
    assert (row.reason, row.reason_text) == (("AC04", "closed") if more == REASON else (None, None))


def test_early_and_proprietary_reasons() -> None:
    for said in ("<RtrRsn><Cd>AC04</Cd></RtrRsn>", "<Rsn><Prtry>AC04</Prtry></Rsn>"):
        (row,) = read(entry(details(transaction(sign="CRDT", more=f"<RtrInf>{said}</RtrInf>")), sign="CRDT"))
        assert (row.kind, row.reason) == (RETURN, "AC04")


def test_a_debit_is_never_a_return_and_a_plain_credit_is_none_either() -> None:
    assert read(entry(RETURNED + details(transaction())))[0].kind is ENTRY
    assert read(entry(details(transaction(sign="CRDT")), sign="CRDT"))[0].kind is ENTRY


def test_a_lump_of_returns() -> None:
    assert read(entry(RETURNED, sign="CRDT"))[0].kind is RETURN
    (row,) = read(entry(RETURNED + details(batch=batch(3)), sign="CRDT"))
    assert (row.kind, row.credit) == (BATCH, True)


@pytest.mark.parametrize(
    ("charges", "charged"),
    [
        ('<Chrgs><Amt Ccy="EUR">20.00</Amt></Chrgs>', True),
        ('<Chrgs><TtlChrgsAndTaxAmt Ccy="EUR">0.01</TtlChrgsAndTaxAmt></Chrgs>', True),
        ('<Chrgs><Rcrd><Amt Ccy="EUR">1</Amt></Rcrd></Chrgs>', True),
        ('<Chrgs><Amt Ccy="EUR">0.00</Amt></Chrgs>', False),
        ("", False),
    ],
)
def test_charges_count_only_when_there_are_some(charges: str, charged: bool) -> None:  # noqa: FBT001 - a table
    assert read(entry(details(transaction(more=charges))))[0].charged is charged
    assert read(entry(charges + details(transaction())))[0].charged is charged


def test_the_bank_reference_by_rank() -> None:
    refs = "<TxDtls><Refs>{}</Refs></TxDtls>"
    own, net = "<AcctSvcrRef>A1</AcctSvcrRef>", "<TxId>T1</TxId>"
    found = [read(entry(details(refs.format(said))))[0].entry_ref for said in (own + net, net, "")]
    assert found == ["A1", "T1", "BOOKING1"]


def test_several_accounts_and_entries_keep_their_places() -> None:
    content = notification(entry() + entry(details(transaction()))).decode()
    second = "<Ntfctn><Acct><Id><Othr><Id>0099 1</Id></Othr></Id></Acct>" + entry() + "</Ntfctn>"
    content = content.replace("</BkToCstmrDbtCdtNtfctn>", f"{second}</BkToCstmrDbtCdtNtfctn>")
    rows = observations(content.encode())
    assert [(row.path, row.account) for row in rows] == [
        ("/Ntfctn[1]/Ntry[1]", "DE89370400440532013000"),
        ("/Ntfctn[1]/Ntry[2]/NtryDtls[1]/TxDtls[1]", "DE89370400440532013000"),
        ("/Ntfctn[2]/Ntry[1]", "00991"),
    ]


def test_the_booking_day_is_the_banks_not_ours() -> None:
    said = entry().replace("<Dt>2026-09-21</Dt>", "<DtTm>2026-09-21T23:59:59+03:00</DtTm>")
    assert read(said)[0].booking_date == date(2026, 9, 21)
    assert read(entry().replace("<BookgDt><Dt>2026-09-21</Dt></BookgDt>", ""))[0].booking_date is None


def test_a_notification_without_entries() -> None:
    assert read() == []
