"""Reading the configuration folder again, on SIGHUP, while a process runs.

Profiles and what stands beside them in the folder are read again; the settings (gateway.yaml) are not. A profile that
is broken, claims what another one does or names another transport while something is under way keeps its previous
version. Loops come to rest at the end of their steps, so no effect is under way when they are made anew; a step that
hangs is cut off as at the end of a process, and what it had begun is an intent that is settled as after a crash.
"""

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import structlog

from gateway.domain.errors import GatewayError
from gateway.runtime.assembly import Gateway
from gateway.runtime.configuration import read_profiles
from gateway.service.profiles import replacing

_log = structlog.get_logger(__name__)


@dataclass(slots=True, kw_only=True)
class Reload:
    """The wish of an operator to have the configuration read again; `told` hears of every gateway that came of it."""

    asked: asyncio.Event = field(default_factory=asyncio.Event)
    told: list[Callable[[Gateway], None]] = field(default_factory=list)

    @contextmanager
    def on_hangup(self) -> Iterator[None]:
        """Ask at every SIGHUP while the context lasts."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGHUP, self.asked.set)
        try:
            yield
        finally:
            loop.remove_signal_handler(signal.SIGHUP)

    async def done(self, gateway: Gateway) -> Gateway:
        """Read again and return the gateway that goes on: the same one where the folder as a whole cannot be used."""
        self.asked.clear()
        try:
            after = await reloaded(gateway)
        except (GatewayError, OSError) as error:
            _log.error("configuration not read again: the previous one goes on", why=str(error))
            gateway.metrics.show("gateway_configuration_refused", 1)
            await gateway.connector.close(but=gateway.banks.values())
            return gateway
        after.metrics.show("gateway_configuration_refused", 0)
        for tell in self.told:
            tell(after)
        await gateway.connector.close(but=after.banks.values())
        _log.info("configuration read again", count=len(after.banks))
        tell_broken(after)
        return after


async def reloaded(gateway: Gateway) -> Gateway:
    """Return the gateway as its configuration folder says now. Raises ConfigError and leaves everything as it was."""
    before = {slug: bank.profile for slug, bank in gateway.banks.items()}
    contested = gateway.configuration.contested
    places, profiles = gateway.settings.bank_urls, read_profiles(gateway.connector.config)
    read = await replacing(gateway.store, before, places, profiles, contested)
    return gateway.speaking_to(await gateway.connector.connect(read, gateway.store, gateway.partners))


def tell_broken(gateway: Gateway) -> None:
    """Log each bank whose profile cannot be used, and each bank code that nobody is paid through for."""
    for bank, error in gateway.configuration.broken:
        what = "profile not used: the previous one goes on" if bank in gateway.banks else "bank disabled"
        _log.error(what, bank=bank, why=error)
    for bank, why in gateway.configuration.unproved.items():
        _log.error("bank not paid through", bank=bank, why=why)
    for (country, code), banks in gateway.configuration.contested.items():
        _log.error("bank code claimed twice: nobody is paid through for it", country=country, code=code, banks=banks)
