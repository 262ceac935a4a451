"""What is read or written many at a time is what is read or written one by one, error by error, in any mixture."""

import pickle
from collections.abc import Callable, Sequence
from dataclasses import FrozenInstanceError, fields
from datetime import date
from itertools import chain
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bank_adapters.iso20022 import camt, detect, pain001, pain001_run, plain_run
from bank_adapters.observed import observed, observed_many
from bank_adapters.spi import CreditorReference, Payment
from gateway.domain.errors import GatewayError
from gateway.domain.money import Money
from gateway.domain.observation import Observation, ObservationKind
from gateway.domain.order import IbanAccount, Party
from tests.bank_adapters.material import file_bank, file_bank_parts, notification, payment, profile_of, submission

UETR = "8a562c67-ca16-48ba-b074-65581be6f011"
ENTRY = (
    '<Ntry><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>{sign}</CdtDbtInd><Sts><Cd>{status}</Cd></Sts>'
    "<BookgDt><Dt>{day}</Dt></BookgDt><AcctSvcrRef>{ref}</AcctSvcrRef>{code}<NtryDtls><TxDtls><Refs><MsgId>M1</MsgId>"
    "<AcctSvcrRef>{own}</AcctSvcrRef><EndToEndId>{name}</EndToEndId><UETR>{uetr}</UETR></Refs>"
    '<Amt Ccy="{currency}">{listed}</Amt><CdtDbtInd>{said}</CdtDbtInd>{family}</TxDtls></NtryDtls></Ntry>'
)
CODE = "<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>ICDT</Cd><SubFmlyCd>{}</SubFmlyCd></Fmly></Domn></BkTxCd>"
PLAIN = {"amount": "12.30", "listed": "12.30", "sign": "DBIT", "said": "DBIT", "status": "BOOK", "day": "2026-09-21"}
PLAIN |= {"ref": "BOOKING1", "own": "B1", "name": "E1", "uetr": UETR, "currency": "EUR", "code": "", "family": ""}
ODD: dict[str, Sequence[str]] = {
    "amount": ("12.31", "012.30", "12.3", "12", "0.00", "-1.00", "1e2", ""),
    "listed": ("12.31", "12.300", ""),
    "sign": ("CRDT", "X"),
    "said": ("CRDT", "X"),
    "status": ("PDNG", ""),
    "day": ("2026-09-22", "2026-09-21T10:00:00", "2026-13-01", ""),
    "ref": ("NOTPROVIDED", "", "R 1", "R&amp;1", "R" * 600),
    "own": ("", "nonref", " B1 "),
    "name": ("NOTPROVIDED", "", "E&lt;1", "Ünïcode", "E" * 600),
    "uetr": (UETR.upper(), "none", ""),
    "currency": ("USD", "XXX"),
    "code": (CODE.format("RRTN"), CODE.format("CHRG"), CODE.format("ESCT")),
    "family": (CODE.format("RRTN"), CODE.format("FEES")),
}


@st.composite
def entries(draw: st.DrawFn) -> str:
    said = PLAIN | draw(st.sampled_from([{}, {"sign": "CRDT", "said": "CRDT"}, {"code": CODE.format("RRTN")}]))
    odd = {place: draw(st.sampled_from(sorted(ODD))) for place in draw(st.sets(st.integers(0, 14), max_size=2))}
    number = draw(st.integers(5, 15))
    rows = [{"amount": f"{n}.10", "listed": f"{n}.10", "name": f"E{n}G1", "own": f"B{n}"} for n in range(1, number)]
    for place, name in odd.items():
        if place < len(rows):
            rows[place][name] = draw(st.sampled_from(ODD[name]))
    return "".join(ENTRY.format(**(said | row)) for row in rows)


def outcome(message: bytes) -> tuple[list[object], str]:
    told: list[object] = []
    try:
        told.extend(detect.read([message], file_bank()))
    except GatewayError as error:
        return [], str(error)  # nothing that came before may take effect
    return told, ""


@settings(max_examples=60, deadline=None)
@given(entries(), st.booleans())
def test_entries_are_read_together_as_they_are_read_alone(rows: str, statement: bool) -> None:  # noqa: FBT001
    message = notification(rows)
    if statement:
        for old, new in (
            (b"BkToCstmrDbtCdtNtfctn", b"BkToCstmrStmt"),
            (b"Ntfctn>", b"Stmt>"),
            (b"camt.054", b"camt.053"),
        ):
            message = message.replace(old, new)
    together = outcome(message)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(camt, "LEAST", 1_000)
        assert together == outcome(message)


def test_plain_entries_are_indeed_read_together(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = "".join(ENTRY.format(**(PLAIN | {"name": f"E{n}"})) for n in range(20))
    met: list[int] = []
    plain: Callable[..., Any] = plain_run.plain_entries

    def counted(*given: Any) -> Any:
        found = plain(*given)
        met.append(len(found))
        return found

    monkeypatch.setattr(camt, "plain_entries", counted)
    told, _ = outcome(notification(rows))
    assert met == [19]
    assert [(one.end_to_end_id, one.entry, one.amount_minor) for one in told if isinstance(one, Observation)] == [
        (f"E{n}", n + 1, 1230) for n in range(20)
    ]


CHANGES: tuple[dict[str, Any], ...] = (
    {},
    {"amount": Money(7, "EUR")},
    {"amount": Money(0, "EUR")},
    {"amount": Money(10**12, "EUR")},
    {"amount": Money(100, "USD")},
    {"creditor": Party(name="Jürgen Groß")},
    {"creditor": Party(name="A\nB")},
    {"creditor": Party(name="")},
    {"creditor": Party(name=" A")},
    {"creditor": Party(name="漢字")},
    {"remittance_information": ""},
    {"remittance_information": "a & b < c"},
    {"remittance_information": "x" * 141},
    {"purpose": "SSBE"},
    {"purpose": ""},
    {"purpose": "ssbe"},
    {"uetr": "8A562C67-CA16-48BA-B074-65581BE6F011"},
    {"end_to_end_id": "/E1"},
    {"end_to_end_id": "E//1"},
    {"end_to_end_id": "E1\n"},
    {"instruction_id": "I1"},
    {"creditor_account": IbanAccount(iban="DE02120300000000202052")},
    {"creditor_account": IbanAccount(iban="MT84MALT011000012345MTLCAST001S")},
    {"creditor_account": IbanAccount(iban="XX02120300000000202051")},
    {"creditor_account": IbanAccount(iban="CH9300762011623852957")},
    {"creditor_agent": "BRAVDE2HXXX"},
    {"ultimate_creditor": Party(name="Erika Mustermann")},
    {"ultimate_debtor": Party(name="Ministry")},
    {"creditor_reference": CreditorReference(reference="RF18539007547034"), "remittance_information": ""},
)
BANKS = [
    profile_of(file_bank_parts() | {"pain001": habits})
    for habits in (
        {},
        {"instruction_id": True, "purpose": "own code"},
        {"uetr": False, "remittance": "required", "creditor_agent": "BIC or NOTPROVIDED"},
        {"creditor_id": "as given"},
    )
]


def written(payments: Sequence[Payment], bank: Any) -> tuple[bytes, str, dict[str, str]]:
    content = submission(*payments)
    told = dict(pain001.refusals(content, bank))
    try:
        return b"".join(pain001.render(content, bank)), "", told
    except GatewayError as error:
        return b"", str(error), told


@settings(max_examples=80, deadline=None)
@given(st.lists(st.sampled_from(CHANGES[:2] * 8 + CHANGES), min_size=1, max_size=6), st.sampled_from(BANKS))
def test_payments_are_written_together_as_they_are_written_alone(changes: list[dict[str, Any]], bank: Any) -> None:
    payments = [payment(number, **change) for number, change in enumerate(changes, start=1)]
    together = written(payments, bank)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pain001_run.RunWriter, "text", lambda *_: None)
        assert together == written(payments, bank)


@pytest.mark.parametrize("change", CHANGES)
def test_one_payment_alone_is_judged_alike(change: dict[str, Any]) -> None:
    test_payments_are_written_together_as_they_are_written_alone.hypothesis.inner_test([{}, change], BANKS[0])  # type: ignore[attr-defined]


def test_every_part_of_a_payment_is_looked_at_before_it_passes_for_plain() -> None:
    looked_at = {name.partition(".")[0] for name in chain(pain001_run._WRITTEN, pain001_run._SELDOM)}
    never_written_there = {"collection", "creditor_kind"}
    assert looked_at | never_written_there == {one.name for one in fields(Payment)}


def test_observations_made_fast_are_those_of_their_constructor() -> None:
    said: dict[str, Any] = {
        "kind": ObservationKind.ENTRY,
        "path": "/1",
        "amount_minor": 5,
        "booking_date": date(2026, 9, 21),
    }
    one, plain = observed(**said), Observation(**said)
    assert type(one) is Observation
    assert one == plain
    assert (repr(one), hash(one)) == (repr(plain), hash(plain))
    assert pickle.loads(pickle.dumps(one)) == plain  # noqa: S301 - our own
    with pytest.raises(FrozenInstanceError):
        one.path = "/2"  # type: ignore[misc]
    assert observed_many(**{name: [value] for name, value in said.items()}) == [plain]
