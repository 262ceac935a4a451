"""The partner banks of a process: those whose profiles can be used, connected, and why the others cannot.

What is wrong with one bank, in its profile or with a secret that this names, is that bank's alone.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from bank_adapters.profile import Profile
from bank_adapters.registry import LoadedProfiles
from gateway.api.callers import Caller
from gateway.domain.errors import ConfigError
from gateway.ports.boundary import Boundary
from gateway.ports.clock import Clock
from gateway.ports.store import Store
from gateway.runtime.configuration import Configuration, configuration_of
from gateway.runtime.connecting import connect_bank
from gateway.runtime.keys import Secrets
from gateway.runtime.material import make_material
from gateway.runtime.settings import Settings
from gateway.runtime.webhooks import callers, shared
from gateway.service import lanes, windows
from gateway.service.banks import Bank


@dataclass(frozen=True, slots=True, kw_only=True)
class Partners:
    """Banks that are connected, with what authenticates their messages; by slug.

    A bank may be connected and stand in `configuration.broken` as well: then its previous profile goes on.
    """

    configuration: Configuration
    banks: Mapping[str, Bank]
    edge_keys: Mapping[str, bytes]
    callers: Mapping[str, Caller]

    @property
    def disabled(self) -> frozenset[str]:
        """The banks that have a profile and cannot be spoken to."""
        return frozenset(slug for slug, _ in self.configuration.broken) - self.banks.keys()


@dataclass(slots=True, kw_only=True)
class Connector:
    """Connects banks, and closes whatever it has opened."""

    config: Path
    settings: Settings
    secrets: Secrets
    clock: Clock
    boundary: Boundary
    _open: list[Bank] = field(default_factory=list, init=False)

    async def connect(
        self,
        loaded: LoadedProfiles,
        store: Store,
        before: Partners | None = None,
        *,
        configuration: Configuration | None = None,
    ) -> Partners:
        """Connect the banks of these profiles and give each its lane. Raises ConfigError for what is no bank's own.

        One that cannot be connected stays as it was `before`, or is disabled. `configuration` is what these profiles
        were joined to, if that was done.
        """
        configuration = configuration or configuration_of(self.config, self.settings, loaded)
        if self.settings.mode == "sandbox":
            make_material(configuration.profiles.values(), self.settings.secrets_folder)
        partners: dict[str, _Partner] = {}
        failed = {slug: why for slug, why in configuration.broken if slug in loaded.profiles}
        for slug, profile in configuration.profiles.items():
            try:
                partners[slug] = self._connected(profile, configuration)
            except ConfigError as error:
                failed[slug] = str(error)
        kept = _kept(failed, before)
        # What goes on as it was may have the secret that another bank is given now: that one goes on as it was, too.
        while claimed := shared(_callers(partners | kept), before.callers if before else {}):
            failed |= claimed
            partners = {slug: partner for slug, partner in partners.items() if slug not in failed}
            kept = _kept(failed, before)
        if failed:
            profiles = {slug: partner.bank.profile for slug, partner in kept.items()}
            configuration = configuration_of(self.config, self.settings, loaded.without(failed, profiles))
        connected = _joined(configuration, partners | kept)
        await lanes.declare(store, connected.banks)
        await windows.declare(store, connected.banks, self.clock.now())
        return connected

    def _connected(self, profile: Profile, configuration: Configuration) -> "_Partner":
        key = self.secrets.read(profile.edge_key_secret)
        caller = callers({profile.slug: profile}, self.secrets).get(profile.slug)
        bank = connect_bank(profile, self.settings, self.secrets, self.clock, self.boundary)
        self._open.append(bank)
        place = self.settings.bank_urls.get(profile.slug)
        bank = replace(bank, calendar=configuration.calendars.of(profile), place=place)
        return _Partner(bank=bank, edge_key=key, caller=caller)

    async def close(self, *, but: Collection[Bank] = ()) -> None:
        """Close the transports of all banks but these."""
        used = {id(bank.transport) for bank in but}
        closing = [bank for bank in self._open if id(bank.transport) not in used]
        self._open = [bank for bank in self._open if id(bank.transport) in used]
        for bank in closing:
            await bank.transport.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Partner:
    """One bank that is connected."""

    bank: Bank
    edge_key: bytes
    caller: Caller | None


def _kept(failed: Collection[str], before: Partners | None) -> dict[str, _Partner]:
    """Return those that go on as they were before."""
    if before is None:
        return {}
    return {slug: _as_before(slug, before) for slug in failed if slug in before.banks}


def _as_before(slug: str, before: Partners) -> _Partner:
    return _Partner(bank=before.banks[slug], edge_key=before.edge_keys[slug], caller=before.callers.get(slug))


def _callers(partners: Mapping[str, _Partner]) -> dict[str, Caller]:
    return {slug: one.caller for slug, one in partners.items() if one.caller is not None}


def _joined(configuration: Configuration, partners: Mapping[str, _Partner]) -> Partners:
    return Partners(
        configuration=configuration,
        banks={slug: one.bank for slug, one in partners.items()},
        edge_keys={slug: one.edge_key for slug, one in partners.items()},
        callers=_callers(partners),
    )
