from dataclasses import dataclass, field

import pytest

from gateway.api.signatures import JwsApprovals
from gateway.service.batches import Batches, BatchView
from gateway.service.intake import ChunkAnswer, Intake
from gateway.store.postgres import PostgresStore
from tests.clock import StillClock
from tests.orders import PAY_DATE, SOURCE, Signer, catalogue, manifest_of

CATALOGUE = catalogue()


@dataclass(slots=True, kw_only=True)
class Door:
    """Intake and batches of one database, with the benefits system's side of the conversation."""

    store: PostgresStore
    clock: StillClock = field(default_factory=StillClock)
    signer: Signer = field(default_factory=Signer)

    @property
    def intake(self) -> Intake:
        return Intake(store=self.store, clock=self.clock, catalogue=CATALOGUE)

    @property
    def batches(self) -> Batches:
        approvals = JwsApprovals({SOURCE: [self.signer.public()], "benefits-south": [Signer(kid="south").public()]})
        return Batches(store=self.store, clock=self.clock, approvals=approvals)

    async def open(self, batch: str = "B-1", source: str = SOURCE) -> BatchView:
        return await self.batches.open(
            source=source, batch_id=batch, programme="SICKNESS", pay_date=PAY_DATE, by="benefits"
        )

    async def push(self, lines: list[bytes], batch: str = "B-1", source: str = SOURCE) -> ChunkAnswer:
        return await self.intake.append(source=source, batch_id=batch, lines=lines)

    async def close(self, batch: str = "B-1") -> BatchView:
        return await self.batches.close(source=SOURCE, batch_id=batch, by="benefits")

    async def release(self, manifest: bytes, batch: str = "B-1", signature: str | None = None) -> BatchView:
        signed = self.signer.sign(manifest) if signature is None else signature
        return await self.batches.release(
            source=SOURCE, batch_id=batch, manifest=manifest, signature=signed, by="benefits"
        )

    async def close_and_release(self, batch: str = "B-1") -> BatchView:
        return await self.release(manifest_of(await self.close(batch)), batch)

    async def withdraw(self, batch: str = "B-1") -> BatchView:
        return await self.batches.withdraw(source=SOURCE, batch_id=batch, by="benefits")

    async def rows(self, sql: str, *args: object) -> list[tuple[object, ...]]:
        async with self.store._pool.acquire() as connection:
            return [tuple(row) for row in await connection.fetch(sql, *args)]


@pytest.fixture
def door(store: PostgresStore) -> Door:
    return Door(store=store)


@pytest.fixture
async def opened(door: Door) -> Door:
    await door.open()
    return door
