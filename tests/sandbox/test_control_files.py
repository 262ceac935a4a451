"""A bank that waits for a control file beside each file."""

from hashlib import sha256
from pathlib import Path

import pytest

from bank_adapters.contract import scenarios
from bank_adapters.registry import adapter_for, load_profile
from bank_adapters.spi import CompanionAdapter
from gateway.sandbox import Books, books_path, read_parameters
from gateway.sandbox.control import control_fault
from gateway.sandbox.readers import read
from tests.orders import ROOT
from tests.sandbox.material import NOW, File, bank, drop, open_bank

CONTENT = File().bytes()
DIGEST = sha256(CONTENT).hexdigest()
GOOD = f"3;30.51;{DIGEST}\r\n".encode()
NAME = "f.xml"


def reasons(root: Path) -> list[object]:
    """Why each payment was refused, None where it was not."""
    books = Books(books_path(root, "alfa"))
    found = [row["reason"] for row in books.export()]
    books.close()
    return found


def test_a_file_waits_until_its_control_file_is_there(tmp_path: Path) -> None:
    opened = open_bank(tmp_path, control_suffix=".ok")
    path = drop(tmp_path, "alfa", NAME, CONTENT)
    drop(tmp_path, "alfa", "other.xml.ok", GOOD)
    assert (opened.collect(NOW), path.read_bytes()) == (False, CONTENT)
    control = drop(tmp_path, "alfa", f"{NAME}.ok", GOOD)
    assert (opened.collect(NOW), path.exists(), control.exists()) == (True, False, False)
    assert not opened.collect(NOW)
    opened.close()
    assert reasons(tmp_path) == [None] * 3


@pytest.mark.parametrize(
    ("control", "reason"),
    [
        (f"4;30.51;{DIGEST}", "AM18"),
        (f"3;30.50;{DIGEST}", "AM10"),
        (f"3;30.51;{DIGEST[:-1]}0", "FF01"),
        ("", "FF01"),
        (f"3;thirty;{DIGEST}", "FF01"),
    ],
)
def test_one_that_disagrees_refuses_the_file(tmp_path: Path, control: str, reason: str) -> None:
    opened = open_bank(tmp_path, control_suffix=".ok")
    drop(tmp_path, "alfa", NAME, CONTENT)
    drop(tmp_path, "alfa", f"{NAME}.ok", control.encode())
    assert opened.collect(NOW)
    opened.close()
    assert reasons(tmp_path) == [reason] * 3


def test_a_bank_that_was_killed_between_the_two_takes_the_other_afterwards(tmp_path: Path) -> None:
    (tmp_path / "alfa" / "collected").mkdir(parents=True)
    (tmp_path / "alfa" / "collected" / NAME).write_bytes(CONTENT)
    left = drop(tmp_path, "alfa", f"{NAME}.ok", GOOD)
    opened = open_bank(tmp_path, control_suffix=".ok")
    assert (opened.collect(NOW), left.exists()) == (True, False)
    opened.close()
    assert reasons(tmp_path) == [None] * 3


def test_a_bank_that_waits_for_none_takes_a_file_as_it_is(tmp_path: Path) -> None:
    assert bank().control_suffix == ""
    opened = open_bank(tmp_path)
    drop(tmp_path, "alfa", NAME, CONTENT)
    assert opened.collect(NOW)
    opened.close()


def test_it_reads_what_the_gateway_tells_bank_hotel() -> None:
    profile = load_profile("hotel", (ROOT / "config" / "banks" / "hotel.yaml").read_text(encoding="utf-8"))
    (waits,) = [one for one in read_parameters(ROOT / "config" / "sandbox.yaml", seed=7) if one.slug == "hotel"]
    adapter, content = adapter_for(profile), scenarios.content(profile, [scenarios.payment(profile, 1)])
    document = b"".join(adapter.render(content, profile))
    assert isinstance(adapter, CompanionAdapter)
    (control,) = adapter.companions(content, adapter.reread([document], profile), profile)
    assert control.name == content.file_name + waits.control_suffix
    assert control_fault(control.content, read(document, waits.initiation), document) is None
    assert control_fault(control.content, read(document, waits.initiation), document + b" ") == "FF01"
