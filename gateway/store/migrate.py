"""Plain-SQL migrations, applied once each, in the order of their numbers (see adr/0001)."""

from hashlib import sha256
from importlib.resources import files

import asyncpg

from gateway.domain.errors import ConfigError

_LOCK = 0x6761746577617901  # "gateway" and 1: one migrator at a time


def migrations() -> list[tuple[str, str]]:
    """Return (name, SQL) of every migration, oldest first."""
    folder = files("gateway.store").joinpath("migrations")
    found = sorted((f for f in folder.iterdir() if f.name.endswith(".sql")), key=lambda f: f.name)
    return [(f.name.removesuffix(".sql"), f.read_text(encoding="utf-8")) for f in found]


async def migrate(connection: asyncpg.Connection) -> list[str]:
    """Bring the schema up to date and return the names applied now.

    Raises ConfigError when a migration that was applied has another text now, the database knows one that we do not, or
    this login may not do what a migration does.
    """
    try:
        return await _migrate(connection)
    except asyncpg.InsufficientPrivilegeError as error:
        raise ConfigError(
            f"the database cannot be brought up to date: {error}; migrate with a login that owns the schema"
            " (database.owner_url), on a server that an administrator has prepared as gateway/docs/ledger.md says"
        ) from error


async def _migrate(connection: asyncpg.Connection) -> list[str]:
    applied_now: list[str] = []
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
        await connection.execute("CREATE TABLE IF NOT EXISTS migration (name text PRIMARY KEY, sha256 bytea NOT NULL)")
        known = {r["name"]: r["sha256"] for r in await connection.fetch("SELECT name, sha256 FROM migration")}
        for name, text in migrations():
            digest = sha256(text.encode()).digest()
            if known.pop(name, digest) != digest:
                raise ConfigError(f"migration {name} was applied with another text; restore the file that was applied")
            if not await connection.fetchval("SELECT true FROM migration WHERE name = $1", name):
                await connection.execute(text)
                await connection.execute("INSERT INTO migration VALUES ($1, $2)", name, digest)
                applied_now.append(name)
        if known:
            raise ConfigError(f"the database is newer than this gateway: it has {', '.join(sorted(known))}")
    return applied_now
