"""The page that Prometheus scrapes: a port of its own in every process."""

from aiohttp import web
from prometheus_client.exposition import choose_encoder

from gateway.observe.metrics import Metrics
from gateway.service.gauges import Gauges


def metrics_app(metrics: Metrics, gauges: Gauges) -> web.Application:
    """Make the application that answers GET /metrics."""

    async def page(request: web.Request) -> web.Response:
        metrics.replace_readings(await gauges.read())
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        return web.Response(body=encode(metrics.registry), headers={"Content-Type": content_type})

    app = web.Application()
    app.router.add_get("/metrics", page)
    return app
