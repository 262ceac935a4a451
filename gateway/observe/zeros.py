"""Counters that start at zero for every bank, so that the first of anything is seen as a rise from nothing.

Prometheus takes the first sample of a series for its beginning: what was counted before it is in no rate.
"""

from collections.abc import Iterable, Mapping
from itertools import product
from types import MappingProxyType

from gateway.domain.closing import Rule as Proof
from gateway.domain.errors import StoreBusy, StoreDown
from gateway.domain.matching import LADDER
from gateway.observe.metrics import Metrics
from gateway.ports.bus import BANK_MESSAGES, ORDERS, STOPS
from gateway.ports.transport import Arrival, Sent
from gateway.service.entry_in_hand import BY_HAND
from gateway.service.reroute import GAVE_UP, SUSPENDED

_STAGES = ("sealed", "sent", "confirmed", "rejected", "returned")
STEPS = (
    *("cut", "seal", "sweep", "stops", "limits", "collect", "send", "inquire", "probe"),
    *("share", "pick up", "receive", "hear again", "read", "apply", "prove", "settle", "hear orders", "hear stops"),
    *("close", "silence", "relay"),
)
"""The steps of a worker."""
_PASSING = (StoreBusy, StoreDown)
"""What may happen to any step and passes; a step's own trouble is counted when it comes."""
_BEFORE_BANKS = ("received", "ordered", "told")

OF_A_BANK: Mapping[str, Mapping[str, Iterable[str]]] = MappingProxyType(
    {
        "gateway_payments_total": {"stage": _STAGES},
        "gateway_matches_total": {"rule": (*LADDER, BY_HAND)},
        "gateway_attempts_closed_total": {"proof": tuple(proof.word for proof in Proof)},
        "gateway_presumed_payments_total": {},
        "gateway_rerouted_payments_total": {"why": (SUSPENDED, GAVE_UP)},
        "gateway_tries_total": {"answer": tuple(Sent)},
        "gateway_inquiries_total": {"finding": tuple(Arrival)},
        "gateway_pick_up_files_total": {"state": ("published", "put away", "refused")},
        "gateway_bank_messages_total": {"state": ("received", "unpacked", "read", "unreadable")},
        "gateway_statement_pages_total": {"state": ("proved", "unbalanced")},
    }
)
"""Counter -> the label beside `bank`, with its values."""

AGES_OF_A_BANK = ("gateway_approval_to_bank_seconds", "gateway_approval_to_confirmation_seconds")
"""Histograms: a bank that is sent to once would show nothing of it."""

OF_NO_BANK: Mapping[str, Mapping[str, Iterable[str]]] = MappingProxyType(
    {
        "gateway_corrections_total": {"result": ("taken over", "held")},
        "gateway_records_total": {
            "topic": (BANK_MESSAGES, ORDERS, STOPS),
            "result": ("stored", "same again", "dead letter"),
        },
        "gateway_step_failures_total": {"step": STEPS, "error": tuple(error.__name__ for error in _PASSING)},
        "gateway_payments_total": {"stage": _BEFORE_BANKS, "bank": ("none",)},
    }
)
"""Counter -> all its labels, with their values."""


def from_zero(banks: Iterable[str]) -> Metrics:
    """Make the metrics of a process that serves these banks."""
    metrics = Metrics()
    count_from_zero(metrics, banks)
    return metrics


def count_from_zero(metrics: Metrics, banks: Iterable[str]) -> None:
    """Show zero of whatever was not counted yet; the rest stays as it is."""
    slugs = tuple(banks)
    for name, labels in (*((name, {"bank": slugs, **of}) for name, of in OF_A_BANK.items()), *OF_NO_BANK.items()):
        for values in product(*labels.values()):
            metrics.count(name, 0, **dict(zip(labels, map(str, values), strict=True)))
    for name, slug in product(AGES_OF_A_BANK, slugs):
        metrics.observe(name, 0, 0, bank=slug)
