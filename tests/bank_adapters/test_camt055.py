"""Cancellation requests: valid against ISO's own schemas, the same bytes for ever, every rule by its id."""

from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from bank_adapters.iso20022.adapter import Iso20022Adapter
from bank_adapters.iso20022.camt055 import REASONS
from bank_adapters.profile import Profile
from bank_adapters.spi import CancellationRequest, CancelledPayment, CancellingAdapter
from gateway.domain.errors import CannotRender
from gateway.domain.identity import uetr
from gateway.domain.money import Money
from tests.bank_adapters.material import file_bank, file_bank_parts, profile_of, submission
from tests.shared import shared_dir

ADAPTER = Iso20022Adapter()
VERSIONS = ("camt.055.001.08", "camt.055.001.09")


@cache
def schema(version: str) -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(shared_dir() / "xsd" / f"{version}.xsd"))


def bank(version: str = VERSIONS[0], **keys: Any) -> Profile:
    messages = {"initiation": "pain.001.001.09", "cancellation": version}
    return profile_of(file_bank_parts() | {"messages": messages} | keys)


def cancelled(number: int, **changes: Any) -> CancelledPayment:
    name = f"E{number:020d}G1"
    plain = CancelledPayment(
        cancellation_id=f"R{number}",
        payment_information_id="G1ALFA260921S00001P1",
        end_to_end_id=name,
        uetr=uetr(name),
        amount=Money(51240, "EUR"),
        requested_execution_date=date(2026, 9, 21),
    )
    return replace(plain, **changes)


def request(*payments: CancelledPayment, **changes: Any) -> CancellationRequest:
    plain = CancellationRequest(
        assignment_id="C1ALFA260922S00001",
        created_at=datetime(2026, 9, 22, 8, 0, 1, tzinfo=UTC),
        debtor=submission().debtor,
        original_msg_id="G1ALFA260921S00001",
        original_message="pain.001.001.09",
        original_created_at=datetime(2026, 9, 18, 9, 30, 5, tzinfo=UTC),
        reason="DUPL",
        payments=payments,
    )
    return replace(plain, **changes)


def written(content: CancellationRequest, profile: Profile) -> bytes:
    return b"".join(ADAPTER.cancel(content, profile))


GOLDEN = (
    '<?xml version="1.0" encoding="UTF-8"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.055.001.08">'
    "<CstmrPmtCxlReq><Assgnmt><Id>C1ALFA260922S00001</Id><Assgnr><Pty><Nm>Social Insurance Institution</Nm></Pty>"
    "</Assgnr><Assgne><Agt><FinInstnId><BICFI>ALFADEFFXXX</BICFI></FinInstnId></Agt></Assgne>"
    "<CreDtTm>2026-09-22T08:00:01Z</CreDtTm></Assgnmt><CtrlData><NbOfTxs>1</NbOfTxs><CtrlSum>512.40</CtrlSum>"
    "</CtrlData><Undrlyg><OrgnlPmtInfAndCxl><OrgnlPmtInfId>G1ALFA260921S00001P1</OrgnlPmtInfId><OrgnlGrpInf>"
    "<OrgnlMsgId>G1ALFA260921S00001</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId>"
    "<OrgnlCreDtTm>2026-09-18T09:30:05Z</OrgnlCreDtTm></OrgnlGrpInf><NbOfTxs>1</NbOfTxs><CtrlSum>512.40</CtrlSum>"
    "<PmtInfCxl>false</PmtInfCxl><TxInf><CxlId>R1</CxlId><OrgnlEndToEndId>E00000000000000000001G1</OrgnlEndToEndId>"
    f"<OrgnlUETR>{uetr('E00000000000000000001G1')}</OrgnlUETR>"
    '<OrgnlInstdAmt Ccy="EUR">512.40</OrgnlInstdAmt><OrgnlReqdExctnDt><Dt>2026-09-21</Dt></OrgnlReqdExctnDt>'
    "<CxlRsnInf><Orgtr><Nm>Social Insurance Institution</Nm></Orgtr><Rsn><Cd>DUPL</Cd></Rsn></CxlRsnInf></TxInf>"
    "</OrgnlPmtInfAndCxl></Undrlyg></CstmrPmtCxlReq></Document>"
)


def test_one_payment_is_asked_back_by_all_its_names() -> None:
    assert written(request(cancelled(1)), bank()).decode() == GOLDEN
    assert isinstance(ADAPTER, CancellingAdapter)


@pytest.mark.parametrize(
    ("original", "habits", "told"),
    [("pain.001.001.11", {}, 1), ("pain.001.001.03", {}, 0), ("pain.001.001.09", {"uetr": False}, 0)],
)
def test_a_uetr_is_named_only_where_the_payment_had_one(original: str, habits: dict[str, Any], told: int) -> None:
    document = written(request(cancelled(1), original_message=original), bank(pain001=habits))
    assert document.count(b"<OrgnlUETR>") == told
    schema(VERSIONS[0]).assertValid(etree.fromstring(document))


REQUESTS = st.builds(
    request,
    reason=st.sampled_from(sorted(REASONS)),
    additional_information=st.text("abcÄß <&>", max_size=90).map(lambda one: one.translate({60: 40, 62: 41})),
    payments=st.lists(
        st.builds(
            cancelled,
            st.integers(1, 10**9),
            payment_information_id=st.sampled_from(["P1", "P2", "P3"]),
            instruction_id=st.none() | st.just("I1"),
            amount=st.builds(Money, st.integers(1, 99_999_999_999), st.just("EUR")),
        ),
        min_size=1,
        max_size=6,
        unique_by=lambda one: one.end_to_end_id,
    ),
)
WHOLE = st.builds(
    request, whole=st.tuples(st.integers(1, 20_000), st.builds(Money, st.integers(1, 10**15), st.just("EUR")))
)


@pytest.mark.parametrize("version", VERSIONS)
@settings(max_examples=40, deadline=None)
@given(REQUESTS | WHOLE)
def test_every_request_is_valid_and_holds_every_payment_once(version: str, content: CancellationRequest) -> None:
    document = written(content, bank(version))
    tree = etree.fromstring(document)
    schema(version).assertValid(tree)
    ids = [one.text for one in tree.iter("{*}OrgnlEndToEndId")]
    assert sorted(map(str, ids)) == sorted(one.end_to_end_id for one in content.payments)
    counts = [int(one.text or "") for one in tree.iter("{*}OrgnlPmtInfAndCxl/{*}NbOfTxs")]
    assert sum(counts) in {0, len(content.payments)}
    assert document == written(content, bank(version))


def test_a_whole_message_is_asked_back_by_its_count_and_sum() -> None:
    tree = etree.fromstring(written(request(whole=(3, Money(128, "EUR"))), bank()))
    (group,) = tree.iter("{*}OrgnlGrpInfAndCxl")
    told = {etree.QName(one).localname: one.text for one in group}
    assert told["OrgnlMsgId"] == "G1ALFA260921S00001"
    assert (told["NbOfTxs"], told["CtrlSum"], told["GrpCxl"]) == ("3", "1.28", "true")


NAIVE = datetime(2026, 9, 22, 8)  # noqa: DTZ001 - that is the point


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (request(cancelled(1), reason="MD07"), "recall.reason"),  # a death is none (reference 3.4)
        (request(cancelled(1), reason="dupl"), "recall.reason"),
        (request(), "recall.scope"),
        (request(cancelled(1), whole=(1, Money(1, "EUR"))), "recall.scope"),
        (request(whole=(0, Money(1, "EUR"))), "count.positive"),
        (request(whole=(1, Money(0, "EUR"))), "sepa.amount"),
        (request(cancelled(1), cancelled(2, cancellation_id="R1")), "reference.unique"),
        (request(cancelled(1), cancelled(1, cancellation_id="R2")), "reference.unique"),
        (request(cancelled(1), cancelled(2, amount=Money(1, "TRY"))), "currency.one"),
        (request(cancelled(1, uetr="x")), "uetr.form"),
        (request(cancelled(1, cancellation_id="/R")), "reference.slash"),
        (request(cancelled(1, instruction_id="")), "reference.length"),
        (request(cancelled(1), assignment_id="C" * 36), "reference.length"),
        (request(cancelled(1), assignment_id="G1ALFA260922S00001"), "recall.id"),
        (request(cancelled(1), original_message="pain.001.001.02"), "recall.message"),
        (request(cancelled(1), created_at=NAIVE), "time.zone"),
        (request(cancelled(1), additional_information="x" * 106), "sepa.length"),
        (request(cancelled(1), debtor=replace(submission().debtor, name="@")), "sepa.charset"),
    ],
)
def test_what_breaks_a_rule_is_not_asked(content: CancellationRequest, rule: str) -> None:
    with pytest.raises(CannotRender, match=rf"rule {rule}, at"):
        ADAPTER.cancel(content, bank())


def test_outside_sepa_other_reasons_may_be_agreed() -> None:
    domestic = bank(scheme="domestic", currencies=["TRY"])
    assert b"<Cd>SVNR</Cd>" in written(request(cancelled(1, amount=Money(1, "TRY")), reason="SVNR"), domestic)


def test_a_bank_that_is_not_asked_by_message_is_not_asked() -> None:
    with pytest.raises(CannotRender, match="not asked by message"):
        ADAPTER.cancel(request(cancelled(1)), file_bank())
