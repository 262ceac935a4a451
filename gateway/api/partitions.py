"""Topics over REST: what became of every record, and partitions that wait for an operator."""

from typing import Annotated

from aiohttp import web
from pydantic import Field, StringConstraints

from gateway.api.access import Principal, Scope
from gateway.api.doors import DOORS
from gateway.api.models import Model
from gateway.api.routes import Route, answered, body_of
from gateway.service.restart import Restart
from gateway.service.stops import EVERY_SOURCE

Name = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,249}$")]


class Topic(Model):
    """What became of every record of a topic; nothing is `unaccounted` or `unlettered`, or something was lost."""

    topic: str
    partitions: int
    stopped: int
    records: int
    stored: int
    same_again: int
    dead: int
    unaccounted: int
    unlettered: int


class Topics(Model):
    """The topics that the gateway reads."""

    topics: list[Topic]


class StoppedPartition(Model):
    """A partition that is read no further from `next_offset`, and why."""

    incarnation: str
    topic: str
    partition: int
    next_offset: int
    why: str


class StoppedPartitions(Model):
    """Partitions that wait for an operator."""

    partitions: list[StoppedPartition]


class StartPartition(Model):
    """Start a stopped partition where it stood, or at `offset`: what is passed over stays *unlettered*."""

    incarnation: Name
    topic: Name
    partition: Annotated[int, Field(ge=0, le=2**31 - 1)]
    offset: Annotated[int, Field(ge=0, le=2**63 - 1)] | None = None


async def _topics(request: web.Request, _principal: Principal) -> web.Response:
    return answered(Topics(topics=[Topic.like(row) for row in await request.app[DOORS].look.topics()]))


async def _stopped(request: web.Request, _principal: Principal) -> web.Response:
    return await _answer(_restart(request))


async def _start(request: web.Request, principal: Principal) -> web.Response:
    """Records of every source and bank wait in a partition, so only who may act for all of them starts one."""
    principal.acts_for(EVERY_SOURCE)
    wanted = await body_of(request, StartPartition)
    restart = _restart(request)
    await restart.start(
        incarnation=wanted.incarnation,
        topic=wanted.topic,
        partition=wanted.partition,
        offset=wanted.offset,
        by=principal.subject,
    )
    return await _answer(restart)


def _restart(request: web.Request) -> Restart:
    doors = request.app[DOORS]
    return Restart(store=doors.stops.store, clock=doors.clock)


async def _answer(restart: Restart) -> web.Response:
    rows = [
        StoppedPartition.model_validate({name: getattr(row, name) for name in StoppedPartition.model_fields})
        for row in await restart.stopped()
    ]
    return answered(StoppedPartitions(partitions=rows))


_OPERATE = (Scope.OPERATE,)

ROUTES = (
    Route(
        method="GET",
        path="/v1/topics",
        handle=_topics,
        summary="What became of every record of the topics that are read",
        answer=Topics,
        scopes=_OPERATE,
        fails=(503,),
    ),
    Route(
        method="GET",
        path="/v1/partitions/stopped",
        handle=_stopped,
        summary="Partitions that are read no further until an operator starts them",
        answer=StoppedPartitions,
        scopes=_OPERATE,
        fails=(503,),
    ),
    Route(
        method="POST",
        path="/v1/partitions/start",
        handle=_start,
        summary="Start a stopped partition where it stood, or behind records that cannot be read",
        answer=StoppedPartitions,
        scopes=_OPERATE,
        takes=StartPartition,
        fails=(404, 422, 503),
    ),
)
