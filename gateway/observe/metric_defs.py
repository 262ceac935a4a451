"""Every metric of the gateway: name, type, labels, meaning. Dashboards and alert rules are tested against this list.

A label is allowed only where it is listed in LABELS with what bounds its values; none may say who is paid.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from gateway.ports.metrics import AGES_SECONDS


class Kind(StrEnum):
    """How a metric behaves, in Prometheus' words."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """One metric. `buckets` are the upper bounds of a histogram, without the unbounded last one."""

    name: str
    kind: Kind
    meaning: str
    labels: tuple[str, ...] = ()
    buckets: tuple[int, ...] = ()


LABELS: Mapping[str, str] = MappingProxyType(
    {
        "bank": 'a configured bank, or "none" before a bank is chosen',
        "stage": "received, ordered, sealed, sent, confirmed, rejected, returned or told",
        "state": "a state of a submission or of a bank message",
        "answer": "what a try to send came to: sent, not sent or unknown",
        "finding": "what an inquiry found",
        "kind": "a kind of exception, as written in the code",
        "scope": "all, bank or source",
        "partition": "a partition of the topic of bank messages",
        "position": "a column of the control sheet",
        "currency": "an ISO 4217 code",
        "step": "a step of the process loops",
        "error": "a class of gateway/domain/errors.py",
        "route": "a path of the API as a template, never the path as called",
        "method": "an HTTP method",
        "status": "an HTTP status",
    }
)
"""Label -> what bounds its values."""


def _counter(name: str, meaning: str, *labels: str) -> Definition:
    return Definition(name=name, kind=Kind.COUNTER, meaning=meaning, labels=labels)


def _gauge(name: str, meaning: str, *labels: str) -> Definition:
    return Definition(name=name, kind=Kind.GAUGE, meaning=meaning, labels=labels)


def _ages(name: str, meaning: str, *labels: str) -> Definition:
    return Definition(name=name, kind=Kind.HISTOGRAM, meaning=meaning, labels=labels, buckets=AGES_SECONDS)


COUNTED: tuple[Definition, ...] = (
    _counter(
        "gateway_payments_total",
        "Payments that reached a stage: received (stored at intake), ordered (released under a manifest), sealed, "
        "sent (delivered to the bank), confirmed (booked), rejected, returned; told counts outcome events.",
        "stage",
        "bank",
    ),
    _counter("gateway_tries_total", "Tries to send a submission, by the transport's answer.", "bank", "answer"),
    _counter("gateway_inquiries_total", "Inquiries about unknown submissions.", "bank", "finding"),
    _counter("gateway_bank_messages_total", "Messages: received, read, unreadable, dead letter.", "bank", "state"),
    _counter("gateway_step_failures_total", "Steps that failed in a way that is tried again.", "step", "error"),
    _counter("gateway_http_requests_total", "Requests answered by the API.", "route", "method", "status"),
    _ages("gateway_approval_to_bank_seconds", "From the approval of an order to its delivery to the bank.", "bank"),
    _ages("gateway_approval_to_confirmation_seconds", "From the approval of an order to its booking.", "bank"),
    _gauge("gateway_consumer_lag_records", "Records of bank messages not yet received, by partition.", "partition"),
)
"""Told by the services after their commits. Every process counts its own: sum over processes."""

READ: tuple[Definition, ...] = (
    _gauge("gateway_database_up", "1 when the last reading of the database succeeded; without it the rest is absent."),
    _gauge("gateway_working_payments", "Payments in submissions not yet done with.", "bank", "state"),
    _gauge("gateway_oldest_waiting_seconds", "Since the release of the oldest batch with payments not sent.", "bank"),
    _gauge("gateway_unknown_submissions", "Submissions of which nobody knows whether they arrived.", "bank"),
    _gauge("gateway_oldest_unknown_seconds", "How long the oldest unknown submission has been unknown.", "bank"),
    _gauge("gateway_open_exceptions", "Exceptions that wait for a person.", "kind"),
    _gauge("gateway_security_alarms", "Open exceptions that are a security alarm."),
    _gauge("gateway_breaker_open", "1 while the breaker of the bank's lane is open.", "bank"),
    _gauge("gateway_bank_paused", "1 while nothing is sent to the bank because of a pause.", "bank"),
    _gauge("gateway_paused_scopes", "Active pauses.", "scope"),
    _gauge("gateway_partitions_stopped", "Partitions of bank messages that wait for an operator."),
    _gauge("gateway_outbox_events", "Outcome events not yet published."),
    _gauge("gateway_outbox_oldest_seconds", "How long the oldest unpublished outcome event has waited."),
    _gauge("gateway_pay_day_timestamp_seconds", "The pay day that money is shown of, midnight UTC as Unix time."),
    _gauge("gateway_pay_day_payments", "Payments of the pay day by position.", "position", "currency"),
    _gauge("gateway_money_minor_units", "Money of the pay day by position, in minor units.", "position", "currency"),
)
"""Read from the database at a scrape. Every process reads the same: take the max over processes, never the sum."""

DEFINITIONS: Mapping[str, Definition] = MappingProxyType({d.name: d for d in (*COUNTED, *READ)})
"""The list, by name."""
