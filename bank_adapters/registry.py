"""Where profiles become banks: loads them, picks the adapter of their family, and is the only importer of `banks`."""

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml
from pydantic import ValidationError

from bank_adapters.banks.api import ApiBankAdapter
from bank_adapters.capabilities import SUPPORT, Capability, Family, Level
from bank_adapters.iso20022.adapter import Iso20022Adapter
from bank_adapters.iso20022.status import StatusTable, status_table
from bank_adapters.profile import Profile, key_path
from bank_adapters.spi import Adapter, RequestAdapter
from gateway.domain.errors import ConfigError
from gateway.domain.reasons import Reasons

_ADAPTERS: Mapping[Family, type[Adapter]] = {Family.ISO20022: Iso20022Adapter, Family.REST: ApiBankAdapter}


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedProfiles:
    """Profiles by slug, and (file stem, error) of each that is broken: one broken profile disables one bank."""

    profiles: Mapping[str, Profile]
    broken: tuple[tuple[str, str], ...]


class _StrictLoader(yaml.SafeLoader):
    """YAML without silently overwritten keys."""


def _mapping(loader: _StrictLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    keys = [loader.construct_object(key, deep=True) for key, _ in node.value]
    for key in keys:
        if not isinstance(key, str):
            raise ConfigError(f"line {node.start_mark.line + 1}: the key {key!r} is not text (quote it)")
        if keys.count(key) > 1:
            raise ConfigError(f"line {node.start_mark.line + 1}: the key {key!r} stands twice")
    return loader.construct_mapping(node, deep=True)


_StrictLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def load_yaml(text: str) -> Any:
    """Read YAML text. Raises ConfigError for a syntax error, a key that is not text and a key that stands twice."""
    try:
        return yaml.load(text, Loader=_StrictLoader)  # noqa: S506 - a SafeLoader with stricter mappings
    except yaml.YAMLError as error:
        raise ConfigError(f"not YAML: {error}") from error


def load_profiles(texts: Mapping[str, str]) -> LoadedProfiles:
    """Load profiles from YAML texts by file stem.

    A profile that cannot be used is reported with the path of each wrong key and leaves the others alone. Raises
    ConfigError, naming both, when two profiles claim one bank code: no choice between them would be safe.
    """
    profiles: dict[str, Profile] = {}
    broken: list[tuple[str, str]] = []
    for stem, text in sorted(texts.items()):
        try:
            profiles[stem] = load_profile(stem, text)
        except ConfigError as error:
            broken.append((stem, str(error)))
    _refuse_double_claims(profiles)
    return LoadedProfiles(profiles=profiles, broken=tuple(broken))


def load_profile(stem: str, text: str) -> Profile:
    """Load one profile. Raises ConfigError with every wrong key."""
    try:
        # Through JSON, so that strict types are those of the JSON Schema: text for enumerations, lists for tuples.
        profile = Profile.model_validate_json(json.dumps(load_yaml(text), allow_nan=False))
    except ValidationError as error:
        found = [
            f"{key_path(one['loc'])}: {one['msg']}" for one in error.errors(include_url=False, include_input=False)
        ]
        raise ConfigError("; ".join(found)) from error
    except (TypeError, ValueError) as error:
        raise ConfigError("holds a value that is neither text, number, true/false, list nor mapping") from error
    if profile.slug != stem:
        raise ConfigError(f"slug: is {profile.slug!r} but the file is named {stem!r}")
    status_table(profile)
    return profile


def _refuse_double_claims(profiles: Mapping[str, Profile]) -> None:
    claims: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for slug, profile in profiles.items():
        for country, codes in profile.bank_codes.items():
            for code in dict.fromkeys(codes):
                claims[country, code].append(slug)
    twice = [f"{country} {code}: {' and '.join(slugs)}" for (country, code), slugs in claims.items() if len(slugs) > 1]
    if twice:
        raise ConfigError(f"bank codes claimed by more than one profile: {'; '.join(sorted(twice))}")


def adapter_for(profile: Profile) -> Adapter:
    """Return the adapter of the profile's family. It keeps no state and can be pickled."""
    return _ADAPTERS[profile.family]()


def request_adapter_for(profile: Profile) -> RequestAdapter:
    """Return the adapter of a bank that is spoken to by requests. Raises ConfigError for any other bank."""
    adapter = adapter_for(profile)
    if not isinstance(adapter, RequestAdapter):
        raise ConfigError(f"bank {profile.slug}: family {profile.family} is not spoken to by requests")
    return adapter


def meanings_for(profile: Profile, reasons: Reasons) -> StatusTable:
    """Return what the bank's status and reason codes mean, the configured duplicate codes included."""
    return status_table(profile, reasons)


def unsupported(family: Family) -> list[Capability]:
    """Return capabilities in which the family's declaration and its adapter's methods disagree; empty when sound."""
    adapter = _ADAPTERS[family]
    return [c for c, level in SUPPORT[family].items() if (level is Level.FULL) != hasattr(adapter, c.value)]
