"""Where profiles become banks: loads them, picks the adapter of their family, and is the only importer of `banks`."""

import pickle
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from importlib import import_module

from bank_adapters.capabilities import SUPPORT, Capability, Family, Level
from bank_adapters.families import FAMILIES
from bank_adapters.iso20022.status import StatusTable, status_table
from bank_adapters.profile import Profile
from bank_adapters.profile.reading import claimed_codes, read_profile
from bank_adapters.spi import Adapter, RequestAdapter
from gateway.domain.errors import ConfigError
from gateway.domain.reasons import Reasons

_BANKS = "bank_adapters.banks"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedProfiles:
    """Profiles by slug, and (file stem, error) of each that is broken: one broken profile disables one bank."""

    profiles: Mapping[str, Profile]
    broken: tuple[tuple[str, str], ...]
    contested: Mapping[tuple[str, str], tuple[str, ...]]
    """The banks that claim one (country, bank code) together, one whose profile can be used among them: nobody is paid
    through any of them for it."""
    waiting: Mapping[str, Mapping[str, Collection[str]]] = field(default_factory=dict)
    """The bank codes, by country, that broken profiles claim, by slug, as far as they can be read."""
    unread: Collection[str] = ()
    """The banks whose broken profile does not say all that it claims: any code that nobody claims may be theirs."""

    def without(
        self, why: Mapping[str, str], kept: Mapping[str, Profile], yielding: Collection[str] = ()
    ) -> "LoadedProfiles":
        """Return these without some that cannot be used, and why; what is `kept` stands in their place.

        Those `yielding` are refused for what they claim: of that they claim nothing that a profile in use does.
        """
        profiles = {slug: profile for slug, profile in self.profiles.items() if slug not in why} | dict(kept)
        broken = (*((slug, said) for slug, said in self.broken if slug not in why), *why.items())
        gone = {slug: profile.bank_codes for slug, profile in self.profiles.items() if slug not in profiles}
        waiting = {slug: codes for slug, codes in {**self.waiting, **gone}.items() if slug not in profiles}
        unknown = why.keys() - self.profiles.keys() - self.waiting.keys()  # files that could not even be opened
        unread = sorted(({*self.unread} | unknown) - profiles.keys())
        claimed = _claims(profiles)
        for slug in waiting.keys() & set(yielding):
            waiting[slug] = {
                country: [code for code in codes if (country, code) not in claimed]
                for country, codes in waiting[slug].items()
            }
        return LoadedProfiles(
            profiles=profiles,
            broken=broken,
            contested=contested(profiles, waiting),
            waiting=waiting,
            unread=unread,
        )


def load_profiles(texts: Mapping[str, str]) -> LoadedProfiles:
    """Load profiles from YAML texts by file stem.

    A profile that cannot be used is reported with every mistake and leaves the others alone, but for what it claims. A
    bank code that two profiles claim is contested, also when only one can be used: no choice would be safe.
    """
    profiles: dict[str, Profile] = {}
    broken: list[tuple[str, str]] = []
    for stem, text in sorted(texts.items()):
        try:
            profiles[stem] = load_profile(stem, text)
        except ConfigError as error:
            broken.append((stem, str(error)))
    told = {stem: claimed_codes(texts[stem]) for stem, _ in broken}
    waiting = {stem: codes for stem, (codes, _) in told.items()}
    return LoadedProfiles(
        profiles=profiles,
        broken=tuple(broken),
        contested=contested(profiles, waiting),
        waiting=waiting,
        unread=[stem for stem, (_, whole) in told.items() if not whole],
    )


def load_profile(stem: str, text: str) -> Profile:
    """Load one profile. Raises ConfigError with every mistake, one a line."""
    profile = read_profile(stem, text)
    status_table(profile)
    adapter_for(profile)
    return profile


def contested(
    profiles: Mapping[str, Profile], waiting: Mapping[str, Mapping[str, Collection[str]]]
) -> Mapping[tuple[str, str], tuple[str, ...]]:
    """Return the banks that claim one bank code together, by (country, bank code): a good one with any other."""
    claims = _claims(profiles)
    for slug, bank_codes in waiting.items():
        for country, codes in bank_codes.items():
            for code in set(codes):
                if (country, code) in claims:
                    claims[country, code].append(slug)
    return {claim: tuple(sorted(slugs)) for claim, slugs in sorted(claims.items()) if len(slugs) > 1}


def _claims(profiles: Mapping[str, Profile]) -> dict[tuple[str, str], list[str]]:
    claims: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for slug, profile in profiles.items():
        for country, codes in profile.bank_codes.items():
            for code in dict.fromkeys(codes):
                claims[country, code].append(slug)
    return dict(claims)


def adapter_for(profile: Profile) -> Adapter:
    """Return the adapter of the bank's own module, where the profile names one, else that of its family.

    It keeps no state and can be pickled. Raises ConfigError where the module offers no such adapter.
    """
    if profile.adapter is None:
        return FAMILIES[profile.family]()
    kind = _own_adapter(profile.adapter)
    where = f"adapter: ADAPTER of bank_adapters/banks/{profile.adapter}.py"
    astray = unsupported(profile.family, kind)
    if astray:
        names = ", ".join(astray)
        raise ConfigError(f"{where} and family {profile.family} disagree about {names}; derive it from the family's")
    try:
        adapter = kind()
        pickle.dumps(adapter)
    except Exception as error:
        raise ConfigError(
            f"{where} cannot be made and sent to another process ({type(error).__name__}); write a class at the top of"
            " its module that is made without arguments"
        ) from error
    return adapter


def _own_adapter(name: str) -> type[Adapter]:
    """Import the class that a bank's module offers. Whatever is wrong with it disables that one bank."""
    where, full = f"bank_adapters/banks/{name}.py", f"{_BANKS}.{name}"
    try:
        module = import_module(full)
    except Exception as error:
        if isinstance(error, ModuleNotFoundError) and error.name == full:
            raise ConfigError(f"adapter: there is no {where}; write it, or leave adapter out") from None
        raise ConfigError(f"adapter: {where} cannot be imported: {type(error).__name__}: {error}") from error
    kind = getattr(module, "ADAPTER", None)
    if not isinstance(kind, type):
        raise ConfigError(f"adapter: {where} offers no class ADAPTER; write ADAPTER = <its adapter class>")
    return kind


def request_adapter_for(profile: Profile) -> RequestAdapter:
    """Return the adapter of a bank that is spoken to by requests. Raises ConfigError for any other bank."""
    adapter = adapter_for(profile)
    if not isinstance(adapter, RequestAdapter):
        raise ConfigError(f"bank {profile.slug}: family {profile.family} is not spoken to by requests")
    return adapter


def meanings_for(profile: Profile, reasons: Reasons) -> StatusTable:
    """Return what the bank's status and reason codes mean, the configured duplicate codes included."""
    return status_table(profile, reasons)


def unsupported(family: Family, adapter: type[Adapter] | None = None) -> list[Capability]:
    """Return capabilities in which the family's declaration and an adapter's methods disagree; empty when sound.

    The adapter is a bank's own, or the family's.
    """
    adapter = adapter or FAMILIES[family]
    return [c for c, level in SUPPORT[family].items() if (level is Level.FULL) != hasattr(adapter, c.value)]
