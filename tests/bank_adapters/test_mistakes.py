"""A broken profile is answered with every mistake at once, by its place, and with what to write instead."""

import pytest

from bank_adapters.profile.reading import read_profile
from gateway.domain.errors import ConfigError
from tests.bank_adapters.material import FILE_BANK

FILLS = "not YAML for us: line 1: nested too deeply, or more values than anybody writes"
ALIASES = "{" + ", ".join(f"k{n}: &k{n} [{', '.join([f'*k{n - 1}' if n else 'x'] * 10)}]" for n in range(12)) + "}"

MANY = """\
slug: alfa
name:
country: DE
bic: ALFA
bank_codes: {de: ["10010001"], AT: [99001]}
family: iso20022
tier: certfied
onboarding: {state: live, payments_per_day: 0}
currencies: EUR
account_types: []
messages: {initiation: pain.001.001.09}
payments_per_submission: 500
limits:
  payments_per_submission: many
  sum_per_submission: 250000.00
  submissions_in_fligt: 4
  submissions_in_flight: 4
  min_payments_per_submission: 2.5
alphabet: SEPA
booking: single
answers: {positive_status: yes, trusts_actc: "no", duplicate_check: msgid}
timngs: {}
breaker: {failures: 3, open_seconds: 0}
hours: {zone: Europe/Nowhere, products: {"*": {closes: 15:30}}}
point_of_no_return: rename
transport: {folder: alfa}
edge_key_secret: -----BEGIN EC PRIVATE KEY-----
"""

TOLD = """\
timings: is missing; write a mapping with send_deadline_seconds, lease_seconds, authoritative_after_seconds, \
inquire_after_seconds, retry_after_seconds, tries_max, reject_final_after_hours - When to give up, ask, try again and \
believe
name: is empty; write text, such as Alfa Bank (line 2)
bic: does not have its form; write text, such as ALFADEFFXXX - ISO 9362 BIC of the bank (line 4)
bank_codes.AT.0: is a number; quote it, such as "10010001" (line 5)
bank_codes.de: the key does not have its form; write a mapping, such as {DE: ["10010001"]} (line 5)
tier: is none of its choices; write draft, sandbox or certified (line 7)
onboarding.payments_per_day: is out of range; write a whole number from 1 or null (line 8)
currencies: is text; write a list, such as [EUR] (line 9)
account_types: holds too little; write at least 1 entry, such as [IBAN] (line 10)
payments_per_submission: is an unknown key here; write it as limits.payments_per_submission (line 12)
limits.payments_per_submission: is text; write a whole number from 1 to 20000 (line 14)
limits.sum_per_submission: is a number; quote it, such as "250000.00" (line 15)
limits.submissions_in_fligt: is an unknown key; did you mean submissions_in_flight? (it is there already) (line 16)
limits.min_payments_per_submission: is a number; write a whole number from 1 (line 18)
answers.trusts_actc: is text; write true or false (line 21)
timngs: is an unknown key; did you mean timings? (line 22)
breaker.open_seconds: is out of range; write a whole number from 1 to 2592000 (line 23)
hours.products.*.closes: is a number; quote it, such as "15:30" (line 24)
hours.zone: not a time zone that is known here; write text, such as Europe/Berlin (line 24)
transport.kind: is missing; write directory, https or sftp (line 26)
edge_key_secret: does not have its form; write text, such as bank-edge - Name of the secret by which the bank's \
messages on the topic are signed (line 27)"""


def told(text: str, stem: str = "alfa") -> str:
    with pytest.raises(ConfigError) as caught:
        read_profile(stem, text)
    return str(caught.value)


def test_every_mistake_is_told_at_once_with_what_to_write() -> None:
    assert told(MANY) == TOLD


@pytest.mark.parametrize(
    ("good", "bad", "line"),
    [
        ("lease_seconds: 60", "lease_seconds: 20", 23),
        ("min_payments_per_submission: 1", "min_payments_per_submission: 20001", 16),
        ("point_of_no_return: rename", "point_of_no_return: first byte", 30),
    ],
)
def test_a_contradiction_is_told_where_it_stands(good: str, bad: str, line: int) -> None:
    assert good in FILE_BANK
    assert told(FILE_BANK.replace(good, bad)).endswith(f"(line {line})")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name: [a\nhidden: hush", "not YAML: line 2: expected ',' or ']', but got ':'"),
        ("a: &x [*x]", "not YAML: line 1: found unconstructable recursive node"),
        ("&x [*x]", "not a profile: an anchor refers to itself; write it out"),
        ("name: Alfa\non_date: 2026-02-30", "not YAML: line 2: no such timestamp; quote it if it is text"),
        (f"name: {'1' * 5000}", "not YAML: line 1: no such int; quote it if it is text"),
        ('name: "\\UFFFFFFFF"', "not YAML: an escape that stands for no character"),
        ("name: " + "[" * 5000, FILLS),
        (ALIASES, FILLS),
        ("just text", "(profile): is text; write a mapping of keys"),
        ("", "(profile): is empty; write a mapping of keys"),
        ("slug: a\nslug: b", "line 1: the key 'slug' stands twice; leave one out"),
        ("bank_codes:\n  NO: []", "line 2: the key False is not text; quote it"),
        ("name: 2026-09-21", 'name: is a date or no finite number; quote it, such as "Alfa Bank" (line 1)'),
    ],
)
def test_what_is_no_profile_at_all(text: str, said: str) -> None:
    assert told(text) == said


@pytest.mark.parametrize(
    "place",
    ["edge_key_secret: {}", "transport: {}", "name: [{}]", "limits: {}", "{}: 1", "bic: {}\nedge_key_secret: {}"],
)
def test_no_value_is_repeated(place: str) -> None:
    secret = "Hush-9f86d081884c7d659a2f"
    answer = told(place.replace("{}", secret))
    assert answer
    assert secret not in answer or place.startswith("{}")  # the name of a key is no secret: it must be found
