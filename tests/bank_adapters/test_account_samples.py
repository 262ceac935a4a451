"""Account reports that real banks wrote, read off the XML by hand: each figure's reason stands beside it.

`../shared/samples/SOURCES.md` names their origin. The notifications of our own payments and returns, field by field,
are in `test_bank_samples`; the balances of the statements in `test_statements`.
"""

from collections.abc import Sequence
from typing import Any

import pytest

from bank_adapters.iso20022.camt import ACCOUNTS
from gateway.domain.observation import Observation, ObservationKind
from tests.bank_adapters import test_bank_samples
from tests.bank_adapters.material import observations
from tests.shared import shared_dir

BOOKED, SUM, BACK = ObservationKind.ENTRY, ObservationKind.BATCH_ENTRY, ObservationKind.RETURN_ENTRY
Row = tuple[str, ObservationKind, int, dict[str, Any]]

NAMES = ("msg_id", "pmt_inf_id", "instr_id", "end_to_end_id", "tx_id", "batch_count", "reason", "charges_minor")


def path_of(place: str) -> str:
    """ "1.2.3" is transaction 3 of the only details of entry 2 in account 1; "1.2" the entry, "1.2.d" its details."""
    account, number, *inside = place.split(".")
    details = {(): "", ("d",): "/NtryDtls[1]"}.get(tuple(inside), f"/NtryDtls[1]/TxDtls[{inside[0] if inside else ''}]")
    return f"[{account}]/Ntry[{number}]{details}"


def one(place: str, minor: int, kind: ObservationKind = BOOKED, **names: Any) -> Row:
    return place, kind, minor, names


def orders(entry: int, block: str, minors: Sequence[int], places: Sequence[str], names: Sequence[str]) -> list[Row]:
    """Payments of PostFinance's file MsgId-001: InstrId is numbered by block and place, EndToEndId as it stands."""
    return [
        one(
            f"1.{entry}.{n}",
            minor,
            msg_id="MsgId-001",
            pmt_inf_id=f"PmtInfId-{place[:6] if block == '' else block}",
            instr_id=f"InstrId-{place}",
            end_to_end_id=f"EndToEndId-{name}",
        )
        for n, (minor, place, name) in enumerate(zip(minors, places, names, strict=True), start=1)
    ]


SAMPLES: dict[str, tuple[str | None, list[Row]]] = {
    # Two debits of one file of the customer's, 103.00 and 913.00; amount and sign stand in TxDtls too.
    "postfinance/200519_camt.052_P_CH2909000000250094239_1110092686_0_2019042416072347.xml": (
        "CH2909000000250094239",
        [
            one(
                f"1.{n}.1",
                minor,
                msg_id="20190423-000369773",
                pmt_inf_id="30003101",
                end_to_end_id=f"2019042300125500010000{n + 4}",
            )
            for n, minor in ((1, -10_300), (2, -91_300))
        ],
    ),
    # A credit of 1500.00 collected under the bank's reference: its one TxDtls names nobody.
    "postfinance/200519_camt.054-Credit_P_CH2909000000250094239_1110092691_0_2019042421291293.xml": (
        "CH2909000000250094239",
        [one("1.1.1", 150_000)],
    ),
    # Entry 2 is a debit of 77.70 whose only TxDtls says credit: details that contradict their entry are not believed,
    # so the entry is told as one that names nothing. The others are one TxDtls each without our references.
    "postfinance/camt.053_P_CH2909000000250094239_1110092698_0_2020112503071366.xml": (
        "CH2909000000250094239",
        [
            one("1.1.1", 450),
            one("1.2", -7_770),
            one("1.3.1", 150_000),
            one("1.4.1", 153_700),
            one("1.5.1", 169_222),
        ],
    ),
    # 250 + 200 + 300 + 324 + 463 = 1537.00; the last two name only an instruction. The second entry is a cash
    # withdrawal of 147.00 with charges of 4.40 told beside it (ChrgInclInd false), in the entry and in its TxDtls.
    "postfinance/200519_camt054-ESR-ASR_P_CH2909000000250094239_1110092704_0_2019042500372179.xml": (
        "CH2909000000250094239",
        [
            *orders(
                1,
                "001-02",
                (25_000, 20_000, 30_000),
                ("001-02-02", "001-02-01", "001-02-03"),
                ("001-02-02", "001-02-01", "001-02-03"),
            ),
            one("1.1.4", 32_400, msg_id="20190423-000369780", instr_id="1120718978-1-3"),
            one("1.1.5", 46_300, msg_id="20190423-000369780", instr_id="1120718978-1-4"),
            one("1.2.1", -14_700, charges_minor=440),
        ],
    ),
    # Two direct debits collected: 1.50 + 3.00 = 4.50.
    "postfinance/200519_camt054-chdd_p_ch2909000000250094239_1110097484_0_20190520700381159.xml": (
        "CH2909000000250094239",
        [
            one(
                f"1.1.{n}",
                minor,
                msg_id="MsgId-CHDD-Musterfile",
                pmt_inf_id="PmtInfId-CHDD-1",
                instr_id=f"InstrId-CHDD-{n}",
                end_to_end_id=f"E2EId-CHDD-{n}",
            )
            for n, minor in ((1, 150), (2, 300))
        ],
    ),
    # 200 + 250 + 300 = 750.00, no RvslInd, no bank reference at any level.
    "postfinance/200519_camt054-epo_p_ch5109000000250092291_1110097605_0_2019052103322231.xml": (
        "CH5109000000250092291",
        orders(
            1,
            "001-02",
            (-20_000, -25_000, -30_000),
            ("001-02-01", "001-02-02", "001-02-03"),
            ("001-02-01", "001-02-02", "001-02-03"),
        ),
    ),
    # 400 + 350 + 450 + 150 + 50 + 100 = 1500.00; six payments of two blocks, InstrId and EndToEndId number differently.
    "postfinance/200924_camt.054_P_CH2909000000250094239_1110092703_0_2019042423412214.xml": (
        "CH2909000000250094239",
        orders(
            1,
            "",
            (40_000, 35_000, 45_000, 15_000, 5_000, 10_000),
            ("001-03-02", "001-03-01", "001-03-03", "001-01-03", "001-01-01", "001-01-02"),
            ("001-03-01", "001-03-02", "001-03-03", "001-03-04", "001-03-05", "001-03-06"),
        ),
    ),
    # The same bytes were published twice under two names: 778.29 + 913.93 = 1692.22.
    "postfinance/200519_camt.054_P_CH2909000000250094239_1111091335_0_2020061900081727.xml": (
        "CH2909000000250094239",
        [
            one("1.1.1", 77_829, instr_id="1006265-25bbb3b1a", end_to_end_id="1006265-aic5dL-75dzf3jk9-cf2d5e9"),
            one("1.1.2", 91_393, instr_id="1005970-70a75515"),
        ],
    ),
    # Two reports of one account: a credit that is only pending, and one that is booked. TxId of the first is the
    # clearing's; amounts stand in AmtDtls/TxAmt alone.
    "finland/FI_camt_052_sample.xml.xml": (
        "FI7433010001222090",
        [
            one("1.1.1", 212_000, instr_id="ISSRBKREF12345678", tx_id="21892819"),
            one("2.1.1", 10_000, end_to_end_id="EndToEndIdSCT01"),
        ],
    ),
    # Ten entries: a salary batch whose TxDtls says no more than its purpose; a batch of 3 without TxDtls; our batch of
    # three, itemised (2000.02 + 1000.01 + 1230.02 = 4230.05); three sums of 2 with one TxDtls that carries the sum; two
    # credits with charges of 20.00 and 45.00 kept before; a plain credit; charges of 200.00, told as 100.00 + 100.00.
    "finland/FI_camt_053_sample.xml.xml": (
        "FI7433010001222090",
        [
            one("1.1.1", -100_012, SUM, msg_id="MSGSALA0001", pmt_inf_id="CustRefForSalaBatch", batch_count=4),
            one("1.2.d", -400_000, SUM, msg_id="MSGSCT0099", pmt_inf_id="CustRefForPmtBatch", batch_count=3),
            *(
                one(
                    f"1.3.{n}",
                    minor,
                    msg_id="MSGSCT0100",
                    pmt_inf_id="CustRefForPmtBatch9",
                    instr_id=f"TITOT1106ID0{n}",
                )
                for n, minor in ((1, -200_002), (2, -100_001), (3, -123_002))
            ),
            one("1.4.1", 200_000, SUM, msg_id="BANKFILEID998765", batch_count=2),
            one("1.5.1", 50_000, SUM, msg_id="BANKFILEID998799", batch_count=2),
            one("1.6.1", 300_000, SUM, msg_id="BANKFILEID998765", batch_count=2),
            one("1.7.1", 212_000, instr_id="ISSRBKREF12345678", tx_id="ISSRBKREF12345678", charges_minor=2_000),
            one("1.8.1", 545_500, instr_id="BKREFDBT0101010", tx_id="BKREFDBT0101010", charges_minor=4_500),
            one("1.9.1", 1_000_000, end_to_end_id="EndToEndIdSCT01"),
            one("1.10.1", -10_000),
            one("1.10.2", -10_000),
        ],
    ),
    # Thirteen entries of 1.00 to 921.00. Entry 1 has no details. 4: ten credits of 1.00. 6: written "01.00". 7: two
    # debits of 1.00 under the bank's own batch reference. 8: a salary batch without details. 10: seven collections of
    # 1.00; 11: seven without details. 12 and 13: collections that failed, RvslInd=true and DBIT, reason MS03.
    "abn_amro/camt053.xml": (
        "NL77ABNA0574908765",
        [
            one("1.1", 100),
            one("1.2.1", 100),
            one("1.3.1", 100),
            *(one(f"1.4.{n}", 100, msg_id="1202P5518750498B0AO") for n in range(1, 11)),
            one("1.5.1", 100, msg_id="IN092112014", end_to_end_id="01-04-2013 21:01 0050001248302363"),
            one("1.6.1", -100, msg_id="IB092112002"),
            one("1.7.1", -100, msg_id="1202P5518750499B0AO"),
            one("1.7.2", -100, msg_id="1202P5518750499B0AO"),
            one("1.8.d", -200, SUM, msg_id="1302P5518750499B0AO", batch_count=2),
            one("1.9.1", -100, msg_id="NCOR13031801003200001", end_to_end_id="540193918971"),
            *(
                one(
                    f"1.10.{n}",
                    100,
                    msg_id="1402P5518750498B0AO",
                    pmt_inf_id="BATCHID",
                    end_to_end_id=f"SDD SIT 024-{n}",
                )
                for n in range(1, 8)
            ),
            one("1.11.d", 700, SUM, msg_id="1402P5518750498B0AO", batch_count=7),
            one("1.12.1", -100, pmt_inf_id="PMTIDPAIN008", end_to_end_id="1234567X908303803", reason="MS03"),
            one("1.13.1", -92_100, pmt_inf_id="PMTIDPAIN008", end_to_end_id="1234567X908303804", reason="MS03"),
        ],
    ),
    # 10000.00 + 100.50 in, 700.50 + 300.00 + 400.00 + 100.00 out; NOTPROVIDED names nothing.
    "nordea/example_camt.xml": (
        "FI8529501800030574",
        [
            one("1.1.1", 1_000_000, end_to_end_id="20190501-E00005"),
            one("1.2.1", 10_050),
            one(
                "1.3.1",
                -70_050,
                msg_id="0001",
                pmt_inf_id="PMNTINFID08052019",
                instr_id="INSTRID20190508",
                end_to_end_id="20190508-E123456",
            ),
            one("1.4.1", -30_000),
            one("1.5.1", -40_000, msg_id="12345567"),
            one("1.6.1", -10_000),
        ],
    ),
    # A batch of 20 with one TxDtls that has no amount of its own: the sum of the batch, SEK 200000, is the entry's.
    "generic/camt052.v2.xml": (
        "CH2801234000123456789",
        [one("1.1.1", -20_000_000, SUM, msg_id="FINP-0055", pmt_inf_id="FINP-0055-001", batch_count=20)],
    ),
    # Decimals beyond the cent are zeros: 8.850 is 8.85. The TxDtls has no amount.
    "generic/camt053.v2.five.decimals.xml": ("NL26VAYB8060476890", [one("1.1.1", 885, end_to_end_id="000000001")]),
    "generic/camt053.v2.multi.statement.xml": (
        "NL26VAYB8060476890",
        [one("1.1.1", 885, end_to_end_id="000000001"), one("2.1.1", -700, end_to_end_id="000000002")],
    ),
}


def row_of(said: Observation) -> tuple[str, ObservationKind, int | None, dict[str, Any]]:
    path = said.path.partition("[")
    names = {name: value for name in NAMES if (value := getattr(said, name)) is not None}
    signed = said.amount_minor if said.credit or said.amount_minor is None else -said.amount_minor
    return f"[{path[2]}", said.kind, signed, names


@pytest.mark.parametrize("name", SAMPLES)
def test_every_observation_with_its_place_sign_and_names(name: str) -> None:
    account, rows = SAMPLES[name]
    told = observations((shared_dir() / "samples" / name).read_bytes())
    assert [row_of(said) for said in told] == [
        (path_of(place), kind, minor, names) for place, kind, minor, names in rows
    ]
    assert {said.account for said in told} == {account}


def test_only_the_pending_and_the_informative_are_not_booked() -> None:
    not_booked = {
        (name, said.status)
        for name in [*SAMPLES, *test_bank_samples.NOTIFICATIONS]
        for said in observations((shared_dir() / "samples" / name).read_bytes())
        if not said.booked
    }
    assert not_booked == {
        ("finland/FI_camt_052_sample.xml.xml", "PDNG"),
        ("finland/FI_camt_054_sample.xml.xml", "INFO"),
    }


def test_no_account_report_is_without_its_expected_rows() -> None:
    marks = tuple(name.encode() for name in ACCOUNTS)
    folder = shared_dir() / "samples"
    files = {str(f.relative_to(folder)) for f in folder.rglob("*.xml") if any(m in f.read_bytes() for m in marks)}
    assert files == set(SAMPLES) | set(test_bank_samples.NOTIFICATIONS)


def test_no_sample_at_all_is_without_its_expected_rows() -> None:
    """Whatever kind of message it is, and whatever its name ends in."""
    folder = shared_dir() / "samples"
    files = {str(f.relative_to(folder)) for f in folder.rglob("*") if f.is_file()} - {"SOURCES.md"}
    assert files == {*SAMPLES, *test_bank_samples.NOTIFICATIONS, *test_bank_samples.REPORTS}
