"""The page that Prometheus scrapes: a port of its own in every process."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web
from prometheus_client.exposition import choose_encoder

from gateway.observe.metrics import Metrics
from gateway.service.gauges import Gauges

_PATIENCE_SECONDS = 5.0


def metrics_app(metrics: Metrics, gauges: Gauges) -> web.Application:
    """Make the application that answers GET /metrics."""

    async def page(request: web.Request) -> web.Response:
        metrics.replace_readings(await gauges.read())
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        return web.Response(body=encode(metrics.registry), headers={"Content-Type": content_type})

    app = web.Application()
    app.router.add_get("/metrics", page)
    return app


@asynccontextmanager
async def serve_metrics(metrics: Metrics, gauges: Gauges, *, host: str, port: int) -> AsyncIterator[int]:
    """Serve while the context lasts; yield the port (`port` 0: any free one). Raises OSError when it is taken."""
    runner = web.AppRunner(metrics_app(metrics, gauges), access_log=None, shutdown_timeout=_PATIENCE_SECONDS)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()
