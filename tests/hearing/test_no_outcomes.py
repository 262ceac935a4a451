"""What a bank says that is no outcome of a payment: stored, shown where a person must act, never taken for a fact.

No database: what an observation establishes is judged by a pure function.
"""

from typing import Any

import pytest

from bank_adapters.iso20022.status import status_table
from gateway.domain.exceptions import KINDS
from gateway.domain.facts import Fact
from gateway.domain.matching import LADDER
from gateway.domain.observation import ObservationKind
from gateway.service.judge import HARMLESS, MUTE, NAMED, Heard, Judgement, Verdict, Ways, judge
from tests.bank_adapters.material import file_bank

K, V = ObservationKind, Verdict


class Ladder:
    """Every rung, no tolerance."""

    rules = LADDER

    def tolerance_minor(self, currency: str) -> int:
        return len(currency) * 0


WAYS = Ways(statuses=status_table(file_bank()), matching=Ladder())
SILENT: dict[str, Any] = dict.fromkeys(
    (
        *("reason", "reason_text", "credit", "booked", "currency", "charges_minor", "statement", "page_no"),
        *("short_minor", "currency_agrees"),
    )
) | dict.fromkeys(("charged", "unproved", "sent_again", "names_two", "only_charges"), False)


def heard(kind: ObservationKind, status: str | None, *, ours: bool = True, **more: Any) -> Heard:
    """An observation that names a payment sent to this bank, or nothing of ours."""
    naming = {
        "rule": "end_to_end_id" if ours else None,
        "submission_no": 1 if ours else None,
        "sent_to": "alfa" if ours else None,
        "account_agrees": True,
        "attempt_nos": [1 if ours else None],
        "state": "delivered" if ours else None,
    }
    return Heard(kind=kind, status=status, ordinals=[1], entry_refs=[None], tx_ids=[None], **(SILENT | naming | more))


@pytest.mark.parametrize(
    ("kind", "status", "verdict"),
    [
        (K.RETURN_ADVICE, None, V.RETURN_ADVISED),
        (K.RETURN_ADVICE, "RJCT", V.RETURN_ADVISED),
        *(
            (K.RECALL_ANSWER, word, V.RECALL_ANSWERED)
            for word in ("CNCL", "RJCR", "PDCR", "RJCT", "CANC", "ACCC", None)
        ),
        *((K.PAYEE_CHECK, code, V.PAYEE_CHECKED) for code in ("RCVC", "RVNA", None)),
        *((K.PAYEE_CHECK, code, V.PAYEE_DIFFERS) for code in ("RVNM", "RVMC", "RVCM", "RVNC", "RJCT")),
        *((K.OVERRULED_STATUS, status, V.OVERRULED) for status in ("RJCT", "ACCC", "CANC")),
        (K.TRANSPORT_STEP, "FILE_UPLOAD", V.TRANSPORT),
        (K.TRANSPORT_STEP, "RJCT", V.TRANSPORT),
        (K.TRANSPORT_REFUSAL, "ORDER_HAC_FINAL_NEG", V.TRANSPORT_REFUSED),
    ],
)
@pytest.mark.parametrize("reason", [None, "AC04", "DU01", "FOCR"])
def test_it_establishes_nothing_whatever_its_code(
    kind: ObservationKind, status: str | None, verdict: Verdict, reason: str | None
) -> None:
    judgement = judge(heard(kind, status, reason=reason), "alfa", WAYS)
    assert (judgement.verdict, judgement.fact) == (verdict, Fact.NONE)


def test_the_same_codes_of_a_payment_are_facts() -> None:
    """So it is the kind that keeps them from being one."""
    assert judge(heard(K.PAYMENT_STATUS, "RJCT"), "alfa", WAYS).fact is Fact.REJECTED
    assert judge(heard(K.PAYMENT_STATUS, "ACCC"), "alfa", WAYS).fact is Fact.CREDITED


@pytest.mark.parametrize("kind", [K.RETURN_ADVICE, K.RECALL_ANSWER, K.PAYEE_CHECK, K.OVERRULED_STATUS])
def test_what_names_nothing_of_ours_is_an_orphan(kind: ObservationKind) -> None:
    assert judge(heard(kind, "RJCR", ours=False), "alfa", WAYS).verdict is V.ORPHAN


def test_a_transport_tells_of_much_that_is_not_ours() -> None:
    """Downloads, keys, other users: stored without a word, but for what was refused."""
    assert judge(heard(K.TRANSPORT_STEP, "FILE_DOWNLOAD", ours=False), "alfa", WAYS).verdict is V.TRANSPORT
    assert judge(heard(K.TRANSPORT_REFUSAL, "ES_VERIFICATION", ours=False), "alfa", WAYS).verdict is V.TRANSPORT_REFUSED


@pytest.mark.parametrize("kind", [K.RECALL_ANSWER, K.PAYEE_CHECK, K.TRANSPORT_REFUSAL, K.RETURN_ADVICE])
def test_of_another_banks_payments_it_is_an_alarm(kind: ObservationKind) -> None:
    assert judge(heard(kind, "RJCR", sent_to="beta"), "alfa", WAYS).verdict is V.FOREIGN


def test_what_needs_a_person_is_work_for_somebody() -> None:
    assert {V.RECALL_ANSWERED, V.PAYEE_DIFFERS, V.OVERRULED, V.TRANSPORT_REFUSED} & HARMLESS == set()
    assert {V.RECALL_ANSWERED, V.PAYEE_DIFFERS, V.OVERRULED, V.TRANSPORT_REFUSED} <= set(map(V, KINDS.keys() & {*V}))


def test_a_step_of_the_transport_proves_no_arrival() -> None:
    """The others do: who speaks of a payment has it. A transport may speak of what it threw away."""
    assert V.TRANSPORT in MUTE
    assert V.TRANSPORT_REFUSED not in NAMED | HARMLESS
    assert {V.RECALL_ANSWERED, V.PAYEE_DIFFERS, V.OVERRULED} <= NAMED
    assert {V.RETURN_ADVISED, V.PAYEE_CHECKED} <= HARMLESS - MUTE


@pytest.mark.parametrize("rule", ["position", "bank_reference"])
def test_a_status_with_another_amount_is_of_another_payment(rule: str) -> None:
    """A number in a list is soon one off: what is rejected then would be paid again."""
    for short, same in ((1, True), (-1, True), (0, False)):
        other = heard(K.PAYMENT_STATUS, "RJCT", rule=rule, short_minor=short, currency_agrees=same)
        assert judge(other, "alfa", WAYS) == Judgement(verdict=V.AMOUNT_DIFFERS)
    for untold in (
        heard(K.PAYMENT_STATUS, "RJCT", rule=rule),
        heard(K.PAYMENT_STATUS, "RJCT", rule=rule, short_minor=0),
    ):
        assert judge(untold, "alfa", WAYS).fact is Fact.REJECTED


def test_a_status_that_names_its_payment_by_identity_may_tell_another_amount() -> None:
    """Of ACWC it is what was changed; of an equivalent amount, another currency."""
    assert judge(heard(K.PAYMENT_STATUS, "ACWC", short_minor=7), "alfa", WAYS).fact is Fact.ACCEPTED


def test_a_word_of_a_block_that_the_file_does_not_have_is_not_of_the_file() -> None:
    judgement = judge(heard(K.SUBMISSION_STATUS, "RJCT", rule="batch_reference", beyond=True), "alfa", WAYS)
    assert (judgement.verdict, judgement.fact) == (V.NO_SUCH_LINE, Fact.NONE)
