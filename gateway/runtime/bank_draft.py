"""The first draft of a bank's profile: every key with what it means, and open what only the bank can say."""

from collections.abc import Iterator, Mapping
from textwrap import wrap
from typing import Any, Final

from bank_adapters.capabilities import FLAT, Family
from bank_adapters.certificate import UNWRITTEN
from bank_adapters.profile import INITIATION
from bank_adapters.profile.schema import EDITOR_LINE, Node, every_key, forms, kind_of, profile_schema
from bank_adapters.profile.wording import example, yaml_of
from gateway.domain.errors import ConfigError

OPEN: Final = frozenset(
    {
        *("name", "country", "bic", "bank_codes", "booking", "layout"),
        *("answers.positive_status", "answers.duplicate_check", "limits.payments_per_submission"),
        *("transport.host", "transport.username", "transport.base_url", "transport.auth.client_id"),
    }
)
"""What the bank's specification says and no default can: left empty, so that the profile does not load without it."""
WIDTH: Final = 100


def draft(slug: str, given: Mapping[str, Any]) -> str:
    """Write the profile of a new bank; `given` are values by the path of their keys. Raises ConfigError for no key."""
    known = {path for path, _ in every_key()}
    wrong = sorted(path for path in given if path not in known)
    if wrong:
        raise ConfigError(f"a profile has no key {', '.join(wrong)}; gateway/docs/profile.md lists them")
    if given.get("family", "iso20022") not in list(Family):
        raise ConfigError(f"family: write {', '.join(Family)}")
    values = _usual(slug, given) | dict(given)
    head = [
        EDITOR_LINE,
        f"# {values.get('name', slug)}. Every key: gateway/docs/profile.md. What is empty, the bank says.",
    ]
    return "\n".join([*head, *_mapping(profile_schema(), "", values)]) + "\n"


def _usual(slug: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what follows from the family and the kind of transport, and what every new bank begins with."""
    family, kind = Family(given.get("family", "iso20022")), given.get("transport.kind", "directory")
    files = kind != "https"
    usual: dict[str, Any] = {
        "slug": slug,
        "family": family.value,
        "tier": "draft",
        "onboarding.state": "simulated",
        "currencies": ["EUR"],
        "account_types": ["IBAN"],
        "messages.initiation": INITIATION[family],
        "alphabet": "SEPA",
        "point_of_no_return": "rename" if files else "first byte",
        "transport.kind": kind,
        "edge_key_secret": "bank-edge",
        "limits.sum_per_submission": None,
    }
    usual |= {"transport.folder": slug} if kind == "directory" else {}
    usual |= {} if files else {"limits.payments_per_submission": 1, "transport.timeout_seconds": 10}
    usual |= {"layout": None} if family in FLAT else {}
    for path, _ in every_key():
        key = path.rpartition(".")[2]
        if key.endswith("_secret") and path not in usual:
            usual |= (
                {path: f"{slug}-{key.removesuffix('_secret').replace('_', '-')}"}
                if path in _needed(given, kind)
                else {}
            )
    return usual


def _needed(given: Mapping[str, Any], kind: str) -> set[str]:
    """Return the secrets without which no transport of this kind works."""
    auth = given.get("transport.auth.kind", "bearer")
    https = {"transport.auth.token_secret"} if auth == "bearer" else {"transport.auth.client_secret"}
    return {"sftp": {"transport.private_key_secret", "transport.host_keys_secret"}, "https": https}.get(kind, set())


def _mapping(node: Node, above: str, values: Mapping[str, Any]) -> Iterator[str]:
    indent = "  " * above.count(".")
    for key, shape in node["properties"].items():
        path = f"{above}{key}"
        yield from (f"{indent}# {line}" for line in wrap(str(shape.get("description", "")), WIDTH))
        there = key in node.get("required", ()) or any(one == path or one.startswith(f"{path}.") for one in values)
        if there:
            yield from _key(key, shape, path, values)
        else:
            yield f"{indent}# {key}: {_default(shape)}".rstrip()


def _key(key: str, shape: Node, path: str, values: Mapping[str, Any]) -> Iterator[str]:
    indent, form = "  " * path.count("."), _form(shape, path, values)
    if "properties" in form and path not in values:
        yield f"{indent}{key}:"
        yield from _mapping(form, f"{path}.", values)
        return
    value = yaml_of(values[path]) if path in values else "" if path in OPEN else example(shape)
    if path == "layout":
        value = ""
    yield f"{indent}{key}: {value}".rstrip()


def _form(shape: Node, path: str, values: Mapping[str, Any]) -> Node:
    """Choose among the forms of a key by the kind that is given, else take the first that says anything."""
    said = [form for form in forms(shape) if form.get("type") != "null"]
    kind = values.get(f"{path}.kind")
    return next((form for form in said if kind_of(form) == kind), said[0])


def _default(shape: Node) -> str:
    return yaml_of(shape["default"]) if "default" in shape else example(shape) or "{}"


def source_page(slug: str, name: str) -> str:
    """Write the page that says where the bank's evidence is from, for a person to fill in."""
    return f"""# {name}: where this comes from

* Specification (title, version, date): {UNWRITTEN}
* Who at the bank gave it, and to whom of us: {UNWRITTEN}
* `inbound/`: messages the bank wrote, each beside what it says (`x.xml` + `x.expected.yaml`): {UNWRITTEN}
* What was removed from them (names, accounts), and how: {UNWRITTEN}
* `roundtrip/`: a submission through the bank's own test system, for tier `certified`: {UNWRITTEN}

`gateway bank check {slug}` says what is missing.
"""
