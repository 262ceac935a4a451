"""Sound MT banks of every make pass the suite, and a broken reader or writer of MT101 does not."""

from collections.abc import Iterator
from typing import Any

import pytest

from bank_adapters.contract.candidate import Candidate, candidate_of
from bank_adapters.contract.check import run
from bank_adapters.contract.checks import CHECKS
from bank_adapters.contract.mt_witness import mt101
from bank_adapters.contract.seen import WitnessError
from bank_adapters.mt.adapter import MtAdapter
from bank_adapters.profile import Profile
from bank_adapters.spi import SubmissionContent
from tests.bank_adapters.mt_bank import bank, changed, golden, rendered

LIRA: dict[str, Any] = {
    "currencies": ["TRY", "KWD", "ISK"],
    "scheme": "domestic",
    "limits": {"sum_per_submission": None},
    "country": "TR",
    "bank_codes": {"TR": ["00999"]},
}
BARE = {"envelope": "none", "sender": None, "receiver": None}
VARIANTS: dict[str, dict[str, Any]] = {
    "as it is": {},
    "without an envelope": {"mt": BARE},
    "sums": {"booking": "batch", "mt": {"payments_per_message": None}},
    "other currencies": LIRA,
    "domestic accounts": {"account_types": ["DOMESTIC", "IBAN"], "mt": {"clearing": "BL"}},
    "capitals": {"alphabet": "SWIFT-X-tr-upper", "mt": {"remittance_cut": True, "ultimate_parties": "refuse"}},
    "camt statements": {"messages": {"statements": "camt"}},
    "small": {"limits": {"payments_per_submission": 3, "sum_per_submission": "100.00", "bytes_per_submission": 4096}},
}


@pytest.mark.parametrize("name", VARIANTS)
def test_a_sound_bank_of_every_make_passes(name: str) -> None:
    sound = candidate_of(changed(**({"tier": "draft"} | VARIANTS[name])))
    found = {check.name: run(check, sound).findings for check in CHECKS}
    assert {check: findings for check, findings in found.items() if findings} == {}


class _Changed(MtAdapter):
    """Writes something else than it was asked for."""

    old, new = b"", b""

    def render(self, submission: SubmissionContent, profile: Profile) -> Iterator[bytes]:
        document = b"".join(super().render(submission, profile))
        yield document.replace(self.old, self.new, 1)


@pytest.mark.parametrize(
    ("old", "new", "check"),
    [
        (b":28D:1/", b":28D:2/", "rendering.valid"),
        (b":71A:SHA\r\n", b"", "rereading.agrees-with-orders"),
        (b"/ROC/E", b"/ROC/F", "rendering.each-order-once"),
        (b":59:/DE", b":59:/AT", "rendering.each-order-once"),
        (b":32B:EUR1", b":32B:EUR2", "rendering.each-order-once"),
        (b":20:R01", b":20:R02", "rendering.ids-as-given"),
        (b"-}\r\n", b"", "rendering.valid"),
    ],
)
def test_a_writer_that_writes_something_else_is_found_out(old: bytes, new: bytes, check: str) -> None:
    adapter = _Changed()
    adapter.old, adapter.new = old, new
    sound = candidate_of(bank())
    broken = Candidate(profile=sound.profile, adapter=adapter, meanings=sound.meanings)
    asked = next(one for one in CHECKS if one.name == check)
    assert run(asked, broken).findings


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"Maria", b"M\xc3\xa4ria"),
        (b"Beispielhausen", b"-x"),
        (b":30:260921\r\n", b":30:260921\r\n:30:260921\r\n"),
        (b":70:/ROC/", b":70:/RFB/"),
    ],
)
def test_the_suite_s_own_reader_refuses_what_is_no_mt101(old: bytes, new: bytes) -> None:
    with pytest.raises(WitnessError):
        mt101(rendered(golden()).replace(old, new), bank())


def test_the_suite_s_own_reader_sees_the_payments() -> None:
    seen = mt101(rendered(golden()), bank())
    assert [one.name for one in seen.payments] == [
        "Mueller, Juergen",
        "Karl Friedrich Hieronymus von Beispielhausen",
        "Maria Muster",
    ]
    assert seen.ids == (golden().msg_id,)
    assert "Max Muster" in seen.texts
