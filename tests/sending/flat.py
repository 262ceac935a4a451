"""Bank alfa as one that takes delimited files and waits for a control file beside each."""

from typing import Any

from tests.scenario import Scene

BANK = "alfa"
CONTROL: dict[str, Any] = {
    "name": "{stem}.ok",
    "delimiter": ";",
    "lines": [
        [{"value": "count", "width": 6}, {"value": "sum", "decimal_sign": ",", "width": 16}, {"value": "sha256"}],
    ],
}
LAYOUT: dict[str, Any] = {
    "encoding": "utf-8",
    "delimiter": ";",
    "line_end": "LF",
    "header": [{"value": "msg_id"}, {"value": "debtor_iban"}, {"value": "execution_date", "format": "%Y%m%d"}],
    "payment": [
        {"value": "line_number"},
        {"value": "end_to_end_id"},
        {"value": "creditor_iban"},
        {"value": "creditor_name", "max_length": 60},
        {"value": "amount", "decimal_sign": "."},
        {"value": "remittance", "max_length": 140, "required": False},
    ],
    "control_file": CONTROL,
}
PROFILE: dict[str, Any] = {
    "family": "delimited",
    "messages": {"initiation": "delimited"},
    "file_name": "{msg_id}.txt",
    "layout": LAYOUT,
}


def there(scene: Scene) -> dict[str, bytes]:
    """What lies at the bank for it to take, by the ending of its name."""
    folder = scene.root / "banks" / BANK / "in"
    found = [folder / name for name in scene.files(BANK)]
    assert len({path.suffix for path in found}) == len(found), "two files of a kind"
    return {path.suffix: path.read_bytes() for path in found}
