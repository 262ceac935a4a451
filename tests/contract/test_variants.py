"""The suite asks within each bank's own limits: sound banks of every make pass, whatever their layouts and limits."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
import yaml

from bank_adapters.contract.candidate import candidate_of
from bank_adapters.contract.check import Check, run
from bank_adapters.contract.checks import CHECKS
from bank_adapters.registry import load_profile
from tests.contract.test_suite_bites import CONFIGS, sound
from tests.orders import ROOT

Parts = dict[str, Any]


def quoted(how: str) -> Callable[[Parts], None]:
    return lambda parts: parts["layout"].update(quoting=how, delimiter=";", line_end="LF")


def domestic_accounts(parts: Parts) -> None:
    parts["account_types"] = ["IBAN", "DOMESTIC"]
    payment = parts["layout"]["payment"]
    payment[3] = {"value": "creditor_iban", "required": False}
    payment += [{"value": value, "required": False} for value in ("creditor_bank_code", "creditor_number")]


def no_trailers(parts: Parts) -> None:
    for key in ("header", "trailer", "hash_total"):
        del parts["layout"][key]
    del parts["layout"]["replies"]["trailer"]


def results_alone(parts: Parts) -> None:
    parts["layout"]["replies"]["line"] = [{"value": "end_to_end_id"}, {"value": "result"}]


def no_replies(parts: Parts) -> None:
    del parts["layout"]["replies"], parts["status_overrides"], parts["reason_overrides"]


def ebcdic(parts: Parts) -> None:
    parts["alphabet"] = "cp1026"
    parts["layout"] |= {"encoding": "cp1026", "line_end": "LF", "last_line_ended": False}


def without_line_ends(parts: Parts) -> None:
    parts["layout"]["line_end"] = "none"


def in_latin_letters(parts: Parts) -> None:
    parts["alphabet"] = "SEPA-tr-upper"


def over_the_counter(parts: Parts) -> None:
    days = [{"value": f"collection_{one}", "format": "%d%m%y", "width": 6} for one in ("first", "last")]
    fields = parts["layout"]["payment"]
    fields[3:5] = [{"value": "creditor_id", "scheme": "TCKN", "width": 15}, *days]
    parts["layout"]["payment"] = [{key: value for key, value in one.items() if key != "at"} for one in fields]
    parts |= {"account_types": ["COUNTER"], "counter": {}}


def delimited_with_records(parts: Parts) -> None:
    """The same records between separators: fields keep their widths, or have none."""
    parts |= {"family": "delimited", "messages": {"initiation": "delimited"}}
    layout = parts["layout"]
    layout |= {"delimiter": "|", "quoting": "needed", "line_end": "LF"}
    records = [layout[name] for name in ("header", "debtor", "payment", "trailer")]
    for record in (*records, *(one["fields"] for one in layout["following"])):
        for field in record:
            field.pop("at", None)
    for field in layout["payment"]:
        width = field.pop("width")
        if field["value"] in {"creditor_name", "remittance"}:
            field["max_length"] = width


def narrow(parts: Parts) -> None:
    parts["limits"] |= {
        "payments_per_submission": 3,
        "payments_per_block": 2,
        "sum_per_submission": "100.00",
        "bytes_per_submission": 4096,
    }


def cents(parts: Parts) -> None:
    parts["limits"] |= {"sum_per_submission": "1.00", "payments_per_block": 10, "bytes_per_submission": 100_000}


def own_words(parts: Parts) -> None:
    parts["status_overrides"] = {"ACSP": "none", "RJCT": "none", "X1": "rejected"}
    parts["answers"] |= {"duplicate_codes": ["OWN1"], "duplicate_texts": ["schon vorhanden"]}
    parts["answers"] |= {"reason_texts": {"Konto ungültig": "AC01"}}


def own_edition(parts: Parts) -> None:
    parts["messages"]["initiation"] = "pain.001.001.03"
    parts["pain001"] = {"namespace": "urn:iso:std:iso:20022:tech:xsd:pain.001.003.03"}


VARIANTS = [
    ("anadolu", quoted("needed")),
    ("anadolu", quoted("backslash")),
    ("anadolu", domestic_accounts),
    ("anadolu", no_trailers),
    ("anadolu", results_alone),
    ("anadolu", no_replies),
    ("anadolu", narrow),
    ("toros", ebcdic),
    ("toros", without_line_ends),
    ("toros", in_latin_letters),
    ("toros", over_the_counter),
    ("toros", delimited_with_records),
    ("toros", narrow),
    ("alfa", cents),
    ("alfa", own_words),
    ("alfa", own_edition),
]


@pytest.mark.parametrize(("slug", "change"), VARIANTS)
def test_a_sound_bank_of_another_make_passes(slug: str, change: Callable[[Parts], None]) -> None:
    file = CONFIGS.get(slug, ROOT / "config") / "banks" / f"{slug}.yaml"
    parts = deepcopy(yaml.safe_load(file.read_text(encoding="utf-8")))
    parts["tier"] = "draft"
    change(parts)
    bank = candidate_of(load_profile(slug, yaml.safe_dump(parts, allow_unicode=True)))
    found = {check.name: run(check, bank).findings for check in CHECKS}
    assert {name: findings for name, findings in found.items() if findings} == {}


def test_an_error_nobody_expected_is_told_without_its_text() -> None:
    def ask(_: object) -> list[str]:
        raise KeyError("DE02120300000000202051")

    (finding,) = run(Check(name="x.y", asks="nothing", ask=ask), sound("alfa")).findings
    assert finding.startswith("an unexpected KeyError at tests.contract.test_variants line ")
    assert "DE02" not in finding


def test_of_many_findings_the_first_are_told() -> None:
    endless = Check(name="x.y", asks="nothing", ask=lambda _: (str(n) for n in iter(int, 1)))
    assert run(endless, sound("alfa")).findings == ("0",) * 5
