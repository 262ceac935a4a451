"""The partner banks of this process: what each speaks and how it is reached."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from bank_adapters.profile import Profile
from bank_adapters.spi import Adapter, Debtor
from gateway.ports.transport import Transport


@dataclass(frozen=True, slots=True, kw_only=True)
class Bank:
    """One partner bank: its profile, the adapter that translates and the transport that carries."""

    profile: Profile
    adapter: Adapter
    transport: Transport

    @property
    def slug(self) -> str:
        return self.profile.slug


Banks = Mapping[str, Bank]


@dataclass(frozen=True, slots=True, kw_only=True)
class DebtorAccounts:
    """Which account pays: configuration says it by (source, programme, currency, bank); an order never does."""

    accounts: Mapping[tuple[str, str, str, str], Debtor]

    def find(self, *, source: str, programme: str, currency: str, bank: str) -> Debtor | None:
        """Return the account; a programme of "*" in the configuration stands for every programme of the source."""
        exact = self.accounts.get((source, programme, currency, bank))
        return exact or self.accounts.get((source, "*", currency, bank))


class Workshop(Protocol):
    """Where CPU work is done: in this process, or in a pool of processes. Functions and arguments must pickle."""

    async def run(self, work: Any, /, *args: Any) -> Any:
        """Return `work(*args)`; what it raises is raised here."""
        ...
