"""Which orders a signed manifest covers, order by order: digests recomputed from rows up to the signature."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from gateway.domain.errors import SealMismatch
from gateway.ports.store import Session

CHUNKS_KEPT = 64
"""Authenticated chunks kept in memory: 64 x 1,024 digests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """One chunk of a released batch's manifest: where it begins and ends among the order ids."""

    chunk_no: int
    first_order_id: str
    last_order_id: str


class ApprovedDigests:
    """Order digests found under signed manifests, a bounded number of chunks at a time."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, int], frozenset[bytes]] = OrderedDict()

    async def require(
        self, session: Session, batch_no: int, signed: Sequence[str], documents: Mapping[str, bytes]
    ) -> None:
        """Raise SealMismatch unless each document is covered by the manifest whose chunk digests are `signed` (hex).

        `documents` maps order ids to canonical documents as stored.
        """
        wanted = {order_id: sha256(document).digest() for order_id, document in documents.items()}
        for chunk in await session.all(Chunk, "seal.chunks", batch_no, min(wanted), max(wanted)):
            inside = [o for o in wanted if chunk.first_order_id <= o <= chunk.last_order_id]
            if inside and not {wanted[o] for o in inside} <= await self._covered(session, batch_no, signed, chunk):
                raise SealMismatch("an order's document is not the one that was signed")
            for order_id in inside:
                del wanted[order_id]
        if wanted:
            raise SealMismatch("an order is not under the signed manifest")

    async def _covered(self, session: Session, batch_no: int, signed: Sequence[str], chunk: Chunk) -> frozenset[bytes]:
        """Return the digests of a chunk once they were found to add up to the digest that was signed."""
        if chunk.chunk_no >= len(signed):
            raise SealMismatch(f"the signed manifest has no chunk {chunk.chunk_no}")
        key = (signed[chunk.chunk_no], chunk.chunk_no)
        if key not in self._kept:
            digests = await session.column("seal.digests", batch_no, chunk.first_order_id, chunk.last_order_id)
            if sha256(b"".join(digests)).hexdigest() != signed[chunk.chunk_no]:
                raise SealMismatch(f"chunk {chunk.chunk_no} of the batch no longer matches the signed manifest")
            self._kept[key] = frozenset(digests)
        self._kept.move_to_end(key)
        while len(self._kept) > CHUNKS_KEPT:
            self._kept.popitem(last=False)
        return self._kept[key]
