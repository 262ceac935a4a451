"""A partition that stopped is started by an operator: where it stood, or behind what cannot be read."""

import asyncio

import pytest
from typer.testing import CliRunner

from gateway.domain.errors import NotFound, Refused
from gateway.ports.bus import ORDERS
from gateway.runtime.cli import app
from gateway.service.restart import Restart
from tests.api.conftest import Api, api
from tests.scenario import payment
from tests.stopping.post import Post

__all__ = ["api"]  # a fixture by being here


async def stopped(post: Post) -> Restart:
    """Two records; the broker forgot the first before it was read."""
    await post.open()
    post.write_order(payment(1))
    post.write_order(payment(2))
    post.orders.first = 1
    await post.hear(ORDERS)
    return Restart(store=post.scene.gateway.store, clock=post.scene.clock)


async def start(post: Post, restart: Restart, offset: int | None = None) -> None:
    await restart.start(incarnation=post.orders.incarnation, topic=ORDERS, partition=0, offset=offset, by="officer-1")


async def test_it_goes_on_where_it_stood_when_the_trouble_is_over(post: Post) -> None:
    restart = await stopped(post)
    (row,) = await restart.stopped()
    assert (row.topic, row.partition, row.next_offset, row.why[:19]) == (ORDERS, 0, 0, "offset out of range")
    post.orders.first = 0
    await start(post, restart)
    await post.hear(ORDERS)
    assert await post.came(ORDERS) == (2, 0, 0)
    assert await restart.stopped() == []
    ended = "SELECT state, closed_by, closed_how FROM exception"
    assert await post.scene.rows(ended) == [("closed", "officer-1", "started")]


async def test_what_is_passed_over_is_told_for_ever(post: Post) -> None:
    restart = await stopped(post)
    await start(post, restart, 1)
    await post.hear(ORDERS)
    assert await post.scene.column("SELECT order_id FROM payment_order") == ["SICK-000002"]
    row = await post.topic(ORDERS)
    assert (row.records, row.stored, row.dead, row.unlettered) == (2, 1, 1, 1)
    assert await post.scene.column("SELECT closed_how FROM exception") == ["records passed over"]


async def test_one_that_stops_again_is_another_exception(post: Post) -> None:
    restart = await stopped(post)
    await start(post, restart)
    await post.hear(ORDERS)
    assert await post.scene.column("SELECT state FROM exception ORDER BY exception_no") == ["closed", "open"]


async def test_nothing_is_read_twice_and_nothing_is_started_that_runs(post: Post) -> None:
    restart = await stopped(post)
    await start(post, restart, 1)
    await post.hear(ORDERS)
    with pytest.raises(NotFound):
        await start(post, restart)
    post.orders.first = 9
    await post.step(ORDERS).release()
    await post.hear(ORDERS)
    with pytest.raises(Refused, match="read up to 2"):
        await start(post, restart, 0)


async def test_an_operator_of_every_source_starts_it_at_the_desk(api: Api) -> None:
    async with api.store._pool.acquire() as connection:
        await connection.execute(
            "INSERT INTO partition_lease (incarnation, topic, partition, next_offset, stopped)"
            " VALUES ('c-1', 'gateway.orders.v1', 3, 7, 'Unreadable, 3 times at offset 7')"
        )
    body = {"incarnation": "c-1", "topic": ORDERS, "partition": 3}
    narrow, wide = (api.token(scope="operate", sub="anna", source=None, sources=[s]) for s in ("benefits-north", "*"))
    assert (await api.call("POST", "/v1/partitions/start", json=body, token=narrow)).status == 403
    behind = await api.call("POST", "/v1/partitions/start", json=body | {"offset": 6}, token=wide)
    assert (behind.status, behind.rules) == (422, ["offset.behind"])

    async def gateway(*arguments: str) -> str:
        environment = {"GATEWAY_URL": str(api.client.make_url("")), "GATEWAY_TOKEN": wide, "COLUMNS": "200"}
        return (await asyncio.to_thread(CliRunner().invoke, app, ["topic", *arguments], env=environment)).output

    assert "3 times at offset 7" in await gateway("stopped")
    assert "3 times at offset 7" not in await gateway("start", "c-1", ORDERS, "3", "--offset", "9")
    assert ORDERS in await gateway()
    assert (await api.call("POST", "/v1/partitions/start", json=body, token=wide)).status == 404
    async with api.store._pool.acquire() as connection:
        assert await connection.fetchval("SELECT next_offset FROM partition_lease") == 9
