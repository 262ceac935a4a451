"""What is told of all banks and of all keys: the capability matrix and the reference of profiles, as pages too."""

from collections.abc import Iterable, Mapping, Sequence

from bank_adapters.capabilities import SUPPORT, Capability, Level
from bank_adapters.profile import Profile
from bank_adapters.profile.schema import Node, choice_of, choices_of, forms, profile_schema
from bank_adapters.profile.wording import either, what_to_write, yaml_of

COLUMNS = (
    *("bank", "country", "language", "transport", "envelope", "tier", "onboarding", "pays", "to accounts"),
    *("most in one", "under way", "hours", "knows again", "absent, and why"),
)


def rows(profiles: Iterable[Profile]) -> list[Sequence[str]]:
    """Return the row of each bank, under COLUMNS."""
    return [_row(profile) for profile in sorted(profiles, key=lambda one: one.slug)]


def _row(profile: Profile) -> Sequence[str]:
    state, ramp = profile.onboarding.state, profile.onboarding.payments_per_day
    return (
        profile.slug,
        profile.country,
        profile.messages.initiation + (f" ({profile.adapter})" if profile.adapter else ""),
        profile.transport.kind + (", picked up" if profile.pick_up else ""),
        profile.envelope.kind if profile.envelope else "none",
        profile.tier.value,
        state + (f", {ramp} a day" if ramp else ""),
        f"{profile.scheme} {', '.join(profile.currencies)}",
        ", ".join(profile.account_types) + _elsewhere(profile),
        _most(profile),
        str(profile.limits.submissions_in_flight),
        _hours(profile),
        profile.answers.duplicate_check.value + _memory(profile),
        "; ".join(f"{service.value}: {why}" for service, why in sorted(profile.absent.items())) or "nothing",
    )


def _elsewhere(profile: Profile) -> str:
    return f", interbank {', '.join(profile.interbank.countries)}" if profile.interbank else ""


def _most(profile: Profile) -> str:
    limits = profile.limits
    parts = [f"{limits.payments_per_submission} payments"]
    parts += [f"sum {limits.sum_per_submission}"] if limits.sum_per_submission else []
    parts += [f"{limits.bytes_per_submission} bytes"] if limits.bytes_per_submission else []
    return ", ".join(parts)


def _hours(profile: Profile) -> str:
    if profile.hours is None:
        return f"any, {profile.calendar} days"
    times = [f"{product} {day.opens}-{day.closes}" for product, day in sorted(profile.hours.products.items())]
    return f"{', '.join(times)} {profile.hours.zone}"


def _memory(profile: Profile) -> str:
    days = profile.answers.duplicate_memory_days
    return f", {days} days" if days else ""


def markdown(columns: Sequence[str], table: Iterable[Sequence[str]]) -> str:
    """Write a table; what a cell holds cannot end it."""
    lines = [columns, ["---"] * len(columns), *table]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def banks_page(profiles: Iterable[Profile]) -> str:
    """Write gateway/docs/banks.md."""
    marks = {Level.FULL: "yes", Level.IMPOSSIBLE: "impossible"}
    families = [
        (family.value, *(marks[levels[capability]] for capability in Capability if capability in levels))
        for family, levels in SUPPORT.items()
    ]
    return f"""# Banks

What each partner bank takes and offers, as its profile says. Written by `gateway bank table --markdown`; a test
compares. `*` in the hours stands for every product.

{markdown(COLUMNS, rows(profiles))}

## Families

What an adapter of each family does. A file is asked about through its folder, not through its language.

{markdown(("family", *(capability.value for capability in Capability)), families)}
"""


def profile_page() -> str:
    """Write gateway/docs/profile.md: every key of a profile."""
    kept: dict[int, tuple[list[str], Node]] = {}
    for title, node in _parts(profile_schema()):  # what stands at several places is described once
        kept.setdefault(id(node["properties"]), ([], node))[0].append(title)
    parts = [_section("Profile", profile_schema())]
    parts += [_section(", ".join(dict.fromkeys(titles)), node) for titles, node in kept.values()]
    return f"""# Every key of a profile

A profile is `config/banks/<slug>.yaml`. Editors complete and check it by `config/bank.schema.json`, which the first
line of each profile names; `gateway bank schema` writes that file and `gateway bank keys` this page, and tests compare
both. Secrets are named here and never written. A key without a default must be there.

{"".join(parts)}"""


def _section(title: str, node: Node) -> str:
    table = [
        (f"`{key}`", _default(node, key, shape), what_to_write(shape), str(shape.get("description", "")))
        for key, shape in node["properties"].items()
    ]
    return f"## {title}\n\n{markdown(('key', 'default', 'write', 'meaning'), table)}\n\n"


def _default(node: Node, key: str, shape: Node) -> str:
    if key in node.get("required", ()):
        return "none"
    default = shape.get("default")
    return "each its own" if isinstance(default, Mapping) or "default" not in shape else f"`{yaml_of(default)}`"


def _parts(node: Node, above: str = "") -> Iterable[tuple[str, Node]]:
    """Yield the mappings within a mapping, depth first, each with the title of its section."""
    for key, shape in node["properties"].items():
        for form in _mappings(shape):
            choice, path = choice_of(form), f"{above}{key}"
            yield f"`{path}`" + (f" with {choice[0]} {either(choices_of(form))}" if choice else ""), form
            yield from _parts(form, f"{path}.")


def _mappings(shape: Node) -> Iterable[Node]:
    """Yield the mappings of known keys that a value is, or holds as its entries."""
    for form in forms(shape):
        if "properties" in form:
            yield form
        inner = [form.get("items"), *form.get("patternProperties", {}).values()]
        for one in inner:
            yield from _mappings(one) if one else ()
