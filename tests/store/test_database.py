import asyncpg

from gateway.store.migrate import migrate, migrations
from gateway.store.postgres import PostgresStore
from tests.database import Server, run_sql


async def test_a_second_migration_finds_nothing_to_do(database_url: str, store: PostgresStore) -> None:
    connection = await asyncpg.connect(database_url)
    try:
        assert await migrate(connection) == []
        assert await connection.fetchval("SELECT count(*) FROM migration") == len(migrations())
    finally:
        await connection.close()


async def test_each_copy_is_its_own(postgres: Server, database_url: str) -> None:
    with postgres.fresh() as other:
        await run_sql(database_url, "UPDATE installation SET restore_epoch = 7")
        connection = await asyncpg.connect(other)
        try:
            assert await connection.fetchval("SELECT restore_epoch FROM installation") == 1
        finally:
            await connection.close()
