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
        "why": "why payments went through another bank: suspended, or tries used up",
        "bank": 'a configured bank, "none" before a bank is chosen, "all" for a limit on all together',
        "source": 'a source that has a limit of its own, or "all" together',
        "stage": "received, ordered, sealed, sent, confirmed, rejected, returned or told",
        "state": "a state of a submission, a bank message, a page of a statement, a recall or a file that a bank left",
        "answer": "what a try to send came to: sent, not sent or unknown",
        "finding": "what an inquiry found",
        "kind": "a kind of exception or of stop, as written in the code",
        "topic": "a topic that the gateway reads",
        "result": "what became of a record (stored, same again or dead letter) or of a correction (taken over or held)",
        "scope": "all, bank or source",
        "rule": "a rung of the matching ladder, or by hand",
        "proof": "a rule that closes an attempt: a name of gateway/domain/closing.py",
        "reason": "a code of config/reason_codes.yaml, unlisted, or none",
        "purpose": "an account of the ledger: control, in flight, unknown, paid, returned, charges or suspense",
        "act": "an act on an exception, ask or refuse where two people decide, raise limit or lift stop",
        "partition": "a partition of a topic that the gateway reads",
        "position": "a column of the control sheet",
        "currency": "an ISO 4217 code",
        "call": "what became of a bank's call: accepted, repeated, or the rule it broke",
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
    _counter(
        "gateway_reasons_total", "Payments rejected or returned, by the reason that the bank gave.", "stage", "reason"
    ),
    _counter("gateway_matches_total", "Observations matched to what was sent, by what made the match.", "bank", "rule"),
    _counter("gateway_attempts_closed_total", "Attempts whose money cannot move any more.", "bank", "proof"),
    _counter("gateway_presumed_payments_total", "Payments presumed executed because their bank said nothing.", "bank"),
    _counter("gateway_rerouted_payments_total", "Payments that went through another bank than theirs.", "bank", "why"),
    _counter("gateway_corrections_total", "Orders that named one they replace: taken over, or held.", "result"),
    _counter("gateway_tries_total", "Tries to send a submission, by the transport's answer.", "bank", "answer"),
    _counter("gateway_inquiries_total", "Inquiries about unknown submissions.", "bank", "finding"),
    _counter(
        "gateway_pick_up_files_total",
        "Files that a bank left for us: published, put away at the bank once stored, refused (not opened).",
        "bank",
        "state",
    ),
    _counter(
        "gateway_bank_messages_total",
        "Messages: received, read, unreadable, dead letter; archives: unpacked.",
        "bank",
        "state",
    ),
    _counter(
        "gateway_statement_pages_total", "Pages of account statements judged: proved, unbalanced.", "bank", "state"
    ),
    _counter("gateway_webhook_calls_total", "Calls of banks: accepted, repeated, or the rule broken.", "bank", "call"),
    _counter("gateway_exception_acts_total", "Acts of people on exceptions.", "act", "kind"),
    _counter("gateway_records_total", "Records of topics: stored, the same again, dead letter.", "topic", "result"),
    _counter("gateway_step_failures_total", "Steps that failed in a way that is tried again.", "step", "error"),
    _counter("gateway_http_requests_total", "Requests answered by the API.", "route", "method", "status"),
    _ages("gateway_approval_to_bank_seconds", "From the approval of an order to its delivery to the bank.", "bank"),
    _ages("gateway_approval_to_confirmation_seconds", "From the approval of an order to its booking.", "bank"),
    _gauge("gateway_consumer_lag_records", "Records of bank messages not yet received, by partition.", "partition"),
    _gauge(
        "gateway_pick_up_oldest_seconds",
        "How long this worker has known the oldest file that lies at the bank, or could not see what lies there.",
        "bank",
    ),
    _gauge("gateway_configuration_refused", "1 while the process goes on with what it read before the last reload."),
    _gauge("gateway_source_lag_records", "Orders and notices on Kafka not yet received.", "topic", "partition"),
)
"""Told by the services after their commits. Every process counts its own: sum over processes."""

READ: tuple[Definition, ...] = (
    _gauge("gateway_database_up", "1 when the last reading of the database succeeded; without it the rest is absent."),
    _gauge("gateway_working_payments", "Payments in submissions not yet done with.", "bank", "state"),
    _gauge(
        "gateway_oldest_waiting_seconds",
        "Since the release of the oldest batch with payments not sent, or since the bank opened; 0 while it is shut.",
        "bank",
    ),
    _gauge("gateway_next_opening_seconds", "Until something can be sent to the bank; 0 while it is open.", "bank"),
    _gauge("gateway_window_waiting_payments", "Payments that wait for the bank's next window.", "bank"),
    _gauge("gateway_due_today_payments", "Payments to be executed today that have not left.", "bank"),
    _gauge(
        "gateway_cut_off_seconds",
        "Until the first cut-off of today for payments due today that have not left; 0 for none, or too late.",
        "bank",
    ),
    _gauge("gateway_unknown_submissions", "Submissions of which nobody knows whether they arrived.", "bank"),
    _gauge("gateway_oldest_unknown_seconds", "How long the oldest unknown submission has been unknown.", "bank"),
    _gauge("gateway_open_exceptions", "Exceptions that wait for a person.", "kind"),
    _gauge("gateway_overdue_exceptions", "Exceptions that wait for a person past their due time.", "kind"),
    _gauge("gateway_oldest_exception_seconds", "How long the oldest of them has waited; 0 without any.", "kind"),
    _gauge("gateway_bank_exceptions", "Exceptions about a bank that wait for a person.", "bank", "kind"),
    _gauge("gateway_dead_letters", "Dead letters that wait for a person.", "topic"),
    _gauge("gateway_security_alarms", "Open exceptions that are a security alarm."),
    _gauge("gateway_breaker_open", "1 while the breaker of the bank's lane is open.", "bank"),
    _gauge("gateway_bank_suspended", "1 while the bank's profile lets nothing be sent to it.", "bank"),
    _gauge("gateway_lane_waits_for_pace", "1 while something waits for nothing but the bank's pace.", "bank"),
    _gauge("gateway_ramp_used_payments", "Payments put into submissions today, of a bank with a ramp.", "bank"),
    _gauge("gateway_ramp_limit_payments", "The most that may be, by its profile; 0: it has no ramp.", "bank"),
    _gauge(
        "gateway_waiting_for_bank_payments",
        "Payments in no submission: a ramp, a suspension or a stop keeps them.",
        "bank",
    ),
    _gauge("gateway_bank_paused", "1 while nothing is sent to the bank because of a pause.", "bank"),
    _gauge("gateway_bank_profile_broken", "1 while the file of the bank's profile cannot be used.", "bank"),
    _gauge("gateway_bank_codes_contested", "Bank codes of the bank that another bank claims as well.", "bank"),
    _gauge("gateway_bank_below_tier", "1 while a live bank is not paid through: too little of it is proved.", "bank"),
    _gauge("gateway_paused_scopes", "Active pauses.", "scope"),
    _gauge("gateway_partitions_stopped", "Partitions of bank messages that wait for an operator."),
    _gauge("gateway_outbox_events", "Outcome events not yet published."),
    _gauge("gateway_outbox_oldest_seconds", "How long the oldest unpublished outcome event has waited."),
    _gauge("gateway_unsettled_statements", "Pages of proved statements that are not settled to their end.", "bank"),
    _gauge("gateway_oldest_unsettled_statement_seconds", "How long the oldest of them has been proved.", "bank"),
    _gauge("gateway_stored_statement_pages", "Pages of account statements ever received.", "bank", "state"),
    _gauge("gateway_oldest_waiting_statement_seconds", "How long the oldest page has waited to be proved.", "bank"),
    _gauge("gateway_sums_waiting", "Booked sums that fit no submission yet: the bank may still reject.", "bank"),
    _gauge("gateway_attempts_to_close", "Rejected or returned attempts that no proof closes yet.", "bank"),
    _gauge("gateway_attempts_due_to_close", "Of these, attempts that somebody must look at now.", "bank"),
    _gauge("gateway_oldest_attempt_to_close_seconds", "How long the oldest of all these has waited.", "bank"),
    _gauge("gateway_decisions_waiting", "Decisions that wait for a second person.", "act"),
    _gauge("gateway_oldest_decision_seconds", "How long the oldest of them has waited; 0 without any.", "act"),
    _gauge("gateway_recalls", "Payments that a stop reached too late, by what became of their recall.", "state"),
    _gauge("gateway_orders_to_cut_again", "Orders that will be paid by another attempt."),
    _gauge(
        "gateway_suspense_minor_units",
        "Entries in suspense, debits and credits added, in minor units.",
        "bank",
        "currency",
    ),
    _gauge("gateway_suspense_entries", "Entries in suspense that a person must explain.", "bank", "currency"),
    _gauge("gateway_oldest_suspense_seconds", "How long the oldest of them has stood there.", "bank", "currency"),
    _gauge(
        "gateway_ledger_minor_units",
        "Balances of the ledger, debit positive, in minor units.",
        "bank",
        "currency",
        "purpose",
    ),
    _gauge("gateway_ledger_imbalance_minor_units", "What all accounts do not add up to zero by.", "bank", "currency"),
    _gauge(
        "gateway_statement_difference_minor_units",
        "What settled statements of the last week and the ledger disagree by, in minor units.",
        "bank",
        "currency",
    ),
    _gauge("gateway_balance_minor_units", "Closing balances of the last proved statements.", "bank", "currency"),
    _gauge("gateway_balance_timestamp_seconds", "Day of the oldest of them, as Unix time.", "bank", "currency"),
    _gauge(
        "gateway_oldest_unstated_seconds",
        "Whole days since the first pay day, paid by the bank, that no proved statement covers; 0 without one.",
        "bank",
        "currency",
    ),
    _gauge("gateway_stops_active", "Active stops.", "kind"),
    _gauge("gateway_account_holds", "Paying accounts whose queue waits for funds.", "bank", "currency"),
    _gauge(
        "gateway_funding_shortfall_minor_units",
        "What the last proved balances lack of all in flight and to leave up to the pay day, in minor units.",
        "bank",
        "currency",
    ),
    _gauge(
        "gateway_limit_used_percent", "How much of a limit today has used, in percent.", "source", "bank", "currency"
    ),
    _gauge("gateway_kept_back_minor_units", "Money that active stops keep from leaving, each order once.", "currency"),
    _gauge("gateway_pay_day_timestamp_seconds", "The pay day that money is shown of, midnight UTC as Unix time."),
    _gauge("gateway_pay_day_payments", "Payments of the pay day by position.", "position", "currency"),
    _gauge("gateway_money_minor_units", "Money of the pay day by position, in minor units.", "position", "currency"),
)
"""Read from the database at a scrape. Every process reads the same: take the max over processes, never the sum."""

DEFINITIONS: Mapping[str, Definition] = MappingProxyType({d.name: d for d in (*COUNTED, *READ)})
"""The list, by name."""
