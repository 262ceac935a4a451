"""`gateway bank`: what its commands write, print and refuse."""

import json
import shutil
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner, Result

from bank_adapters.profile import Profile
from bank_adapters.profile.schema import schema_text
from bank_adapters.registry import load_profile
from gateway.runtime.cli import app
from tests.orders import ROOT, line, order

ALFA_IBAN = "DE12100100010000000001"
AT = "2026-09-18T08:00:00"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration as it ships, to write into."""
    made = shutil.copytree(ROOT / "config", tmp_path / "config", ignore=shutil.ignore_patterns("evidence"))
    shutil.copytree(ROOT / "config" / "evidence" / "alfa", made / "evidence" / "alfa")
    return made


def bank(*words: str) -> Result:
    return CliRunner().invoke(app, ["bank", *words])


def orders(folder: Path, *changes: dict[str, Any]) -> str:
    file = folder / "orders.ndjson"
    file.write_bytes(b"\n".join(line(order(n, **change)) for n, change in enumerate(changes, start=1)) + b"\n")
    return str(file)


# ------------------------------------------------------------------------------------------------------------- new


def values(options: dict[str, str]) -> list[str]:
    return [word for key, value in options.items() for word in ("--set", f"{key}={value}")]


SAID = {
    "booking": "single",
    "limits.payments_per_submission": "500",
    "answers.positive_status": "true",
    "answers.duplicate_check": "msgid",
}
WHO = ("--name", 'Banca "Romeo"', "--country", "IT", "--bic", "ROMEITMMXXX", "--bank-code", "09102")
WAYS: list[tuple[Sequence[str], dict[str, str]]] = [
    (("--transport", "directory"), SAID),
    ((), SAID | {"transport.host": "sftp.romeo.example", "transport.username": "us", "envelope.kind": "pgp"}),
    (
        ("--family", "rest"),
        SAID
        | {
            "transport.base_url": "https://romeo.example/v1",
            "answers.duplicate_check": "idempotency-key",
            "limits.payments_per_submission": "1",
        },
    ),
    (
        ("--family", "rest"),
        SAID
        | {
            "transport.base_url": "https://romeo.example/v1",
            "transport.auth.kind": "oauth2",
            "transport.auth.client_id": "us",
            "limits.payments_per_submission": "1",
        },
    ),
]


@pytest.mark.parametrize(("options", "said"), WAYS)
def test_a_new_profile_loads_once_the_bank_has_said_its_part(
    config: Path, options: Sequence[str], said: dict[str, str]
) -> None:
    done = bank("new", "romeo", "--config", str(config), *WHO, *options, *values(said))
    assert done.exit_code == 0, done.output
    assert "The profile loads" in done.output
    profile = load_profile("romeo", (config / "banks" / "romeo.yaml").read_text(encoding="utf-8"))
    assert (profile.name, profile.tier, profile.onboarding.state) == ('Banca "Romeo"', "draft", "simulated")
    assert "(to be written)" in (config / "evidence" / "romeo" / "SOURCE.md").read_text(encoding="utf-8")


def test_every_key_of_a_new_profile_has_its_comment(config: Path) -> None:
    bank("new", "romeo", "--config", str(config), *WHO, "--transport", "directory", *values(SAID))
    text = (config / "banks" / "romeo.yaml").read_text(encoding="utf-8")
    assert all(f"{name}:" in text for name in Profile.model_fields)
    assert all(
        field.description.split(" ", 3)[0] in text for field in Profile.model_fields.values() if field.description
    )


def test_what_only_the_bank_can_say_is_listed(config: Path) -> None:
    done = bank("new", "romeo", "--config", str(config))
    assert done.exit_code == 0
    listed = {row.strip().partition(":")[0] for row in done.output.splitlines() if "; write " in row}
    assert listed == {
        *("name", "country", "bic", "bank_codes", "booking", "answers.positive_status", "answers.duplicate_check"),
        *("limits.payments_per_submission", "transport.host", "transport.username"),
    }


def test_nothing_is_written_over(config: Path) -> None:
    before = (config / "banks" / "alfa.yaml").read_bytes()
    done = bank("new", "alfa", "--config", str(config))
    assert (done.exit_code, "is there already" in done.output) == (2, True)
    assert (config / "banks" / "alfa.yaml").read_bytes() == before


@pytest.mark.parametrize(
    "words",
    [
        ("Romeo",),
        ("../romeo",),
        ("romeo", "--set", "colour=red"),
        ("romeo", "--set", "x"),
        ("romeo", "--set", "family=morse"),
    ],
)
def test_what_is_no_slug_or_no_key_writes_nothing(config: Path, words: Sequence[str]) -> None:
    assert bank("new", *words, "--config", str(config)).exit_code == 2
    assert not (config / "banks" / "romeo.yaml").exists()


# ----------------------------------------------------------------------------------------------------------- render


def test_the_bytes_are_those_whose_digests_are_told(tmp_path: Path) -> None:
    file = orders(tmp_path, {}, {"amount": "17.00"})
    config = str(ROOT / "config")
    twice = [bank("render", "alfa", "--orders", file, "--at", AT, "--config", config) for _ in range(2)]
    assert twice[0].exit_code == 0, twice[0].output
    assert twice[0].stdout == twice[1].stdout
    assert f"sha256   {sha256(twice[0].stdout_bytes).hexdigest()}" in twice[0].stderr
    assert "2 payments, 529.40 EUR" in twice[0].stderr
    assert "<CtrlSum>529.40</CtrlSum>" in twice[0].stdout


def test_orders_that_cannot_be_paid_are_refused_by_line_and_nothing_is_written(tmp_path: Path) -> None:
    file = orders(tmp_path, {}, {"amount": "-1.00"}, {"creditorAccount": {"type": "IBAN", "iban": "DE00"}})
    with Path(file).open("ab") as more:
        more.write(b"{\n")
    done = bank("render", "alfa", "--orders", file, "--out", str(tmp_path / "sent"), "--config", str(ROOT / "config"))
    assert done.exit_code == 2
    assert [row.split()[:2] for row in done.stderr.splitlines()[1:]] == [
        ["line", "2/amount"],
        ["line", "3/creditorAccount/iban"],
        ["line", "4"],
    ]
    assert not (tmp_path / "sent").exists()


def test_what_routing_would_refuse_and_what_stands_twice_is_refused_by_line(tmp_path: Path) -> None:
    counter = {"creditorAccount": {"type": "COUNTER", "scheme": "NIDN", "id": "ID000002"}}
    file = orders(tmp_path, {}, {"orderId": "SICK-000001"}, counter)
    done = bank("render", "alfa", "--orders", file, "--at", AT, "--config", str(ROOT / "config"))
    assert done.exit_code == 2
    assert "line 2/orderId order.twice" in done.stderr
    assert "line 3/" in done.stderr
    assert done.stdout == ""


def test_a_pay_date_on_a_closed_day_is_the_banks_next_one(tmp_path: Path) -> None:
    saturday = {"requestedExecutionDate": "2026-09-26"}
    file = orders(tmp_path, saturday, saturday)
    done = bank("render", "alfa", "--orders", file, "--at", AT, "--config", str(ROOT / "config"))
    assert "<ReqdExctnDt><Dt>2026-09-28</Dt></ReqdExctnDt>" in done.stdout
    assert "G1ALFA260928S00001" in done.stderr


def test_a_letter_that_the_bank_does_not_know_is_refused_by_line(tmp_path: Path) -> None:
    creditor = {"name": "Мария", "identifications": [{"scheme": "NIDN", "id": "ID1"}]}
    done = bank(
        "render", "alfa", "--orders", orders(tmp_path, {}, {"creditor": creditor}), "--config", str(ROOT / "config")
    )
    if done.exit_code == 0:  # transliterated by rule
        assert "Мария" not in done.stdout
    else:
        assert "line 2 render.refused" in done.stderr
        assert "Мария" not in done.output


def test_more_than_one_submission_wants_a_folder(tmp_path: Path) -> None:
    file = orders(tmp_path, *[{"creditorAccount": {"type": "IBAN", "iban": "NL91ABNA0417164300"}}] * 3)
    words = ("render", "kilo", "--orders", file, "--at", AT, "--config", str(ROOT / "config"))
    assert "become 3 submissions" in bank(*words).stderr
    done = bank(*words, "--out", str(tmp_path / "sent"))
    assert done.exit_code == 0, done.output
    bodies = [json.loads(path.read_bytes()) for path in sorted((tmp_path / "sent").iterdir())]
    assert len(bodies) == 3


def test_a_bank_without_a_paying_account_says_where_to_write_it(tmp_path: Path, config: Path) -> None:
    bank("new", "romeo", "--config", str(config), *WHO, "--transport", "directory", *values(SAID))
    words = ("render", "romeo", "--orders", orders(tmp_path, {}), "--config", str(config))
    assert "debtor_accounts: no account of SSI pays EUR through romeo" in bank(*words).stderr
    assert bank(*words, "--debtor-iban", ALFA_IBAN).exit_code == 0


# ------------------------------------------------------------------------------------------- read, check, the pages


def test_what_was_understood_is_shown_without_accounts_or_names() -> None:
    folder = ROOT / "config" / "evidence" / "charlie" / "inbound"
    done = bank("read", "charlie", str(folder / "statement.xml"), "--config", str(ROOT / "config"))
    assert done.exit_code == 0
    assert "MD07: hold payee" in done.output
    assert "+77.07 EUR" in done.output
    assert "adds up" in done.output
    account = yaml.safe_load((folder / "statement.expected.yaml").read_text())["statements"][0]["account"]
    assert account not in done.output
    assert account[-2:] in done.output
    rejected = bank("read", "charlie", str(folder / "payment-status.xml"), "--config", str(ROOT / "config")).output
    assert "RJCT: rejected" in rejected
    assert "AC01: back to the" in rejected


def test_a_statement_that_does_not_add_up_and_a_file_that_is_none(tmp_path: Path) -> None:
    text = (ROOT / "config" / "evidence" / "charlie" / "inbound" / "statement.xml").read_text(encoding="utf-8")
    file = tmp_path / "statement.xml"
    file.write_text(text.replace(">9999337.00<", ">9999337.01<"), encoding="utf-8")
    done = bank("read", "charlie", str(file), "--config", str(ROOT / "config"))
    assert "DOES NOT ADD UP" in done.output
    file.write_text(text[: len(text) // 2], encoding="utf-8")
    done = bank("read", "charlie", str(file), "--config", str(ROOT / "config"))
    assert done.exit_code == 1
    assert "rule: xml.malformed" in done.output


def test_a_check_ends_with_what_is_wrong(config: Path) -> None:
    assert bank("check", "alfa", "--config", str(config)).exit_code == 0
    file = config / "banks" / "alfa.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("tier: sandbox", "tier: certified"), encoding="utf-8")
    done = bank("check", "alfa", "--config", str(config), "--certify", "--by", "M. Bianchi")
    assert (done.exit_code, "covers sandbox only" in done.output) == (1, True)
    assert "certificate of" not in done.output
    file.write_text(text.replace("tries_max: 10", "tries_max: many"), encoding="utf-8")
    done = bank("check", "alfa", "--config", str(config))
    assert (done.exit_code, "timings.tries_max: is text; write" in done.output) == (1, True)
    assert bank("check", "nobody", "--config", str(config)).exit_code == 2


@pytest.mark.parametrize("words", [("check",), ("schema",), ("new", "romeo")])
def test_a_folder_that_is_not_there_is_told_in_a_line(words: Sequence[str]) -> None:
    done = bank(*words, "--config", "/proc/nowhere")
    assert done.exit_code == 2
    assert done.output.startswith("gateway: ")
    assert "/proc/nowhere" in done.output


def test_a_code_that_two_banks_claim_is_told_by_the_check(config: Path) -> None:
    file = config / "banks" / "bravo.yaml"
    file.write_text(file.read_text("utf-8").replace('"10010002"', '"10010001"'), encoding="utf-8")
    done = bank("check", "alfa", "--config", str(config))
    assert done.exit_code == 1
    assert "bank code 10010001 of DE is claimed by alfa and bravo" in done.output


def test_the_matrix_and_the_schema(tmp_path: Path, config: Path) -> None:
    table = bank("table", "--config", str(config))
    assert all(path.stem in table.output for path in (config / "banks").glob("*.yaml"))
    assert bank("schema", "--config", str(config), "--out", str(tmp_path / "s.json")).exit_code == 0
    assert (tmp_path / "s.json").read_text(encoding="utf-8") == schema_text()
    (config / "banks" / "alfa.yaml").write_text("slug: [", encoding="utf-8")
    assert bank("table", "--config", str(config)).exit_code == 2
