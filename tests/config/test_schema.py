"""The JSON Schema that editors use: fresh, named by every profile, and as strict as the model where a schema can be."""

import json
from typing import Any

import jsonschema_rs
import pytest
import yaml

from bank_adapters.profile.schema import EDITOR_LINE, profile_schema, schema_text
from tests.bank_adapters.material import file_bank_parts
from tests.bank_adapters.test_profile import WRONG, changed
from tests.orders import ROOT

FOLDER = ROOT / "config" / "banks"
SLUGS = sorted(path.stem for path in FOLDER.glob("*.yaml"))
SCHEMA = jsonschema_rs.validator_for(profile_schema())
BEYOND_A_SCHEMA = {
    "limits.sum_per_submission": "1000.001",
    "limits.min_payments_per_submission": 20_000_000,
    "timings.lease_seconds": 20,
    "point_of_no_return": "first byte",
}
"""What contradicts another key: no schema says that, the model does."""


def test_the_shipped_copy_is_fresh() -> None:
    shipped = ROOT / "config" / "bank.schema.json"
    assert shipped.read_text(encoding="utf-8") == schema_text(), "write it: gateway bank schema"


@pytest.mark.parametrize("slug", SLUGS)
def test_each_profile_names_the_schema_and_fits_it(slug: str) -> None:
    text = (FOLDER / f"{slug}.yaml").read_text(encoding="utf-8")
    assert text.partition("\n")[0] == EDITOR_LINE
    assert [error.message for error in SCHEMA.iter_errors(yaml.safe_load(text))] == []


@pytest.mark.parametrize(("path", "value"), [(path, value) for path, value, _ in WRONG])
def test_what_the_model_refuses_the_schema_refuses(path: str, value: object) -> None:
    assert SCHEMA.is_valid(file_bank_parts())
    wrong = changed(file_bank_parts(), path, value)
    assert SCHEMA.is_valid(wrong) == (BEYOND_A_SCHEMA.get(path) == value)


def mappings(node: Any) -> list[dict[str, Any]]:
    inner = (
        [one for part in (node.values() if isinstance(node, dict) else node) for one in mappings(part)]
        if isinstance(node, dict | list)
        else []
    )
    return [node, *inner] if isinstance(node, dict) and node.get("type") == "object" else inner


def test_no_mapping_of_the_schema_is_open() -> None:
    found = mappings(json.loads(schema_text()))
    assert len(found) > 20
    assert [one for one in found if one.get("additionalProperties", True) is True] == []
