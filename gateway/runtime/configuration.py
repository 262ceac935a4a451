"""What the files of a configuration folder say, checked and joined."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bank_adapters.profile import Profile, terms
from bank_adapters.profile.reading import load_yaml
from bank_adapters.registry import LoadedProfiles, load_profile, load_profiles
from bank_adapters.spi import Debtor
from gateway.domain.benefits import Catalogue, catalogue_from
from gateway.domain.errors import ConfigError
from gateway.domain.reasons import Reasons, reasons_from
from gateway.domain.routing import NO_PREFERENCES, Preferences, RoutingTable, preferences_from, routing_table
from gateway.runtime.brakes import limits_of
from gateway.runtime.calendars import Calendars, read_calendars
from gateway.runtime.settings import Settings
from gateway.runtime.tiers import below_demand
from gateway.service.banks import DebtorAccounts
from gateway.service.limits import Limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """What the files of a configuration folder say, checked and joined."""

    profiles: Mapping[str, Profile]
    broken: Sequence[tuple[str, str]]
    catalogue: Catalogue
    reasons: Reasons
    routing: RoutingTable
    accounts: DebtorAccounts
    limits: Sequence[Limit] = ()
    calendars: Calendars = field(default_factory=Calendars)
    contested: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    """The banks that claim one (country, bank code) together."""
    unproved: Mapping[str, str] = field(default_factory=dict)
    """Live banks that production does not pay through, each with the reason (docs/contract.md)."""


def read_configuration(config: Path, settings: Settings) -> Configuration:
    """Read banks, benefits and reason codes.

    A broken profile disables its bank; anything else that is broken raises ConfigError.
    """
    return configuration_of(config, settings, read_profiles(config))


def read_profiles(config: Path) -> LoadedProfiles:
    """Read the profiles of all banks."""
    # What is not UTF-8 becomes characters that YAML refuses: one bank's broken profile, not ours.
    folder = sorted((config / "banks").glob("*.yaml"))
    texts: dict[str, str] = {}
    unread: dict[str, str] = {}
    for path in folder:
        try:
            texts[path.stem] = path.read_text(encoding="utf-8", errors="surrogateescape")
        except OSError as error:
            unread[path.stem] = f"{path}: {error.strerror}"
    return load_profiles(texts).without(unread, {})


def configuration_of(config: Path, settings: Settings, loaded: LoadedProfiles) -> Configuration:
    """Join these profiles with the other files of the folder. Raises ConfigError for what is wrong in those."""
    calendars = read_calendars(config, loaded.profiles)
    loaded = loaded.without(calendars.broken, {})
    profiles = loaded.profiles
    unproved = below_demand(config, settings, profiles)
    return Configuration(
        profiles=profiles,
        broken=loaded.broken,
        contested=loaded.contested,
        unproved=unproved,
        catalogue=read_catalogue(config),
        reasons=replace(
            read_reasons(config),
            banks={slug: profile.reason_overrides for slug, profile in profiles.items()},
        ),
        routing=routing_table(
            (
                replace(told, live=told.live and told.slug not in unproved)
                for told in (terms(p, production=settings.mode == "production") for p in profiles.values())
            ),
            _preferences(config / "routing.yaml", {*loaded.profiles, *dict(loaded.broken)}),
            loaded.waiting,
            loaded.unread,
        ),
        accounts=debtor_accounts(settings, profiles),
        limits=limits_of(settings),
        calendars=calendars,
    )


def read_profile_of(config: Path, slug: str) -> Profile:
    """Read the profile of one bank. Raises ConfigError with every mistake in it, or where there is none."""
    file = config / "banks" / f"{slug}.yaml"
    if not file.is_file():
        raise ConfigError(f"no profile {file}; write one: gateway bank new {slug}")
    return load_profile(slug, file.read_text(encoding="utf-8", errors="surrogateescape"))


def read_catalogue(config: Path) -> Catalogue:
    """Read the benefits. Raises ConfigError."""
    return catalogue_from(_document(config / "benefits.yaml"))


def read_reasons(config: Path) -> Reasons:
    """Read what reason codes make the gateway do. Raises ConfigError."""
    return reasons_from(_reason_codes(config / "reason_codes.yaml"))


def _document(file: Path) -> Any:
    """Read a file that the whole gateway needs. Raises ConfigError that names it."""
    try:
        return load_yaml(file.read_text(encoding="utf-8"))
    except (ConfigError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: {error}") from error
    except OSError as error:
        raise ConfigError(f"{file}: {error.strerror}") from error


def _preferences(file: Path, banks: Collection[str]) -> Preferences:
    """Read which banks are preferred; without the file none is."""
    if not file.exists():
        return NO_PREFERENCES
    return preferences_from(_document(file), banks)


def _reason_codes(file: Path) -> Mapping[str, str]:
    document = _document(file)
    codes = document.get("codes", document) if isinstance(document, dict) else None
    if not isinstance(codes, dict):
        raise ConfigError(f"{file}: write a mapping of reason codes to actions")
    return codes


def debtor_accounts(settings: Settings, profiles: Mapping[str, Profile]) -> DebtorAccounts:
    """Return the paying accounts of these banks."""
    accounts = {}
    for entry in settings.debtor_accounts:
        for bank, iban in entry.accounts.items():
            if bank not in profiles:
                continue  # its profile is broken or removed: that bank pays nothing
            debtor = Debtor(name=entry.name, iban=iban, bic=profiles[bank].bic)
            accounts[entry.source, entry.programme, entry.currency, bank] = debtor
    return DebtorAccounts(accounts=accounts)
