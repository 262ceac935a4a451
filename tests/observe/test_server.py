"""The page that Prometheus scrapes, and the counting of requests."""

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from gateway.observe.metric_defs import READ
from gateway.observe.metrics import Metrics
from gateway.observe.requests import UNMATCHED, count_requests
from gateway.observe.server import metrics_app
from gateway.service.gauges import Gauges
from tests.promtool import promtool
from tests.scenario import Scene, payments


async def test_a_scrape_shows_what_was_counted_and_what_was_read(scene: Scene, metrics: Metrics) -> None:
    await scene.release(payments(range(3)))
    metrics.count("gateway_payments_total", 3, stage="ordered", bank="none")
    gauges = Gauges(store=scene.gateway.store, clock=scene.clock, incarnation="b1")
    async with TestClient(TestServer(metrics_app(metrics, gauges))) as client:
        page = await (await client.get("/metrics")).text()
        openmetrics = {"Accept": "application/openmetrics-text; version=1.0.0"}
        ending = (await (await client.get("/metrics", headers=openmetrics)).text())[-6:]
    assert 'gateway_payments_total{bank="none",stage="ordered"} 3.0' in page
    assert 'gateway_pay_day_payments{currency="EUR",position="waiting"} 3.0' in page
    assert all(f"# TYPE {definition.name} gauge" in page for definition in READ)
    assert ending == "# EOF\n"
    checked = promtool("check", "metrics", stdin=page)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


async def _order(request: web.Request) -> web.Response:
    if request.match_info["order"] == "missing":
        raise web.HTTPConflict
    return web.Response(text=str(1 // int(request.match_info["order"])))


async def test_requests_are_counted_by_template_never_by_path(metrics: Metrics) -> None:
    app = web.Application(middlewares=[count_requests(metrics)])
    app.router.add_get("/v1/orders/{order}", _order)
    async with TestClient(TestServer(app)) as client:
        for path in ("1", "1", "missing", "0"):
            await client.get(f"/v1/orders/{path}")
        await client.get("/v1/people/Maria%20Muster")

    def counted(route: str, status: int) -> float | None:
        labels = {"route": route, "method": "GET", "status": str(status)}
        return metrics.registry.get_sample_value("gateway_http_requests_total", labels)

    assert [counted("/v1/orders/{order}", status) for status in (200, 409, 500)] == [2, 1, 1]
    assert counted(UNMATCHED, 404) == 1
