"""Troubles: list, look, and every act on them. Whose word it is stands in the token alone."""

from collections.abc import Mapping

from aiohttp import web
from pydantic import BaseModel

from gateway.api.access import Principal, Scope
from gateway.api.case_models import (
    Assign,
    Case,
    Decide,
    DeclareIt,
    GiveItBack,
    MatchTo,
    Say,
    Trouble,
    Troubles,
)
from gateway.api.doors import DOORS, narrowed
from gateway.api.routes import Handle, Route, answered, body_of, number_of, query_of
from gateway.domain.errors import NotFound, Refused
from gateway.domain.exceptions import Act, CaseState
from gateway.service.casework import CaseView, Casework, Filter, Person

_LIST = {
    "source": "which source's, for callers that see several",
    "state": "open, assigned, waiting for a second person or closed; without it all that are not closed",
    "kind": "of this kind only",
    "bank": "about this bank only",
    "owner": "of this person, or of this role while no person has it",
    "overdue": "true: past their due time only",
    "after": "the `next` of the page before",
    "limit": "1 to 1000",
}
_PAGE, _PAGE_MAX = 100, 1_000
_LARGEST = 2**63 - 1
_OVERDUE: Mapping[str, bool] = {"": False, "false": False, "true": True}


async def _list(request: web.Request, principal: Principal) -> web.Response:
    query = query_of(request, _LIST)
    sources = narrowed(principal, query.get("source", ""))
    after = number_of(query, "after", default=0, highest=_LARGEST)
    limit = max(1, number_of(query, "limit", default=_PAGE, highest=_PAGE_MAX))
    doors = request.app[DOORS]
    rows = await doors.casework.cases(_filter(query), after=after, limit=limit, sources=sources)
    now, reached = doors.clock.now(), rows[-1].exception_no if rows else after
    return answered(Troubles(exceptions=[Trouble.of(row, now) for row in rows], next=reached))


def _filter(query: Mapping[str, str]) -> Filter:
    state, overdue = query.get("state", ""), query.get("overdue", "")
    if state and state not in set(CaseState):
        raise Refused.one("/query/state", "query.state", f"state is one of: {', '.join(CaseState)}")
    if overdue not in _OVERDUE:
        raise Refused.one("/query/overdue", "query.overdue", "overdue is true or false")
    texts = {name: query.get(name, "") for name in ("kind", "bank", "owner")}
    return Filter(state=state, overdue=_OVERDUE[overdue], **texts)


async def _look(request: web.Request, principal: Principal) -> web.Response:
    return _answer(await _casework(request).case(_number(request), sources=principal.sources))


async def _assign(request: web.Request, principal: Principal) -> web.Response:
    body, person = await body_of(request, Assign), _person(principal)
    number = _number(request)
    return _answer(await _casework(request).assign(number, owner=body.owner, comment=body.comment, person=person))


async def _comment(request: web.Request, principal: Principal) -> web.Response:
    body = await body_of(request, Say)
    return _answer(await _casework(request).comment(_number(request), comment=body.comment, person=_person(principal)))


def _deed(act: Act, takes: type[BaseModel]) -> Handle:
    """Make the handler of a deed: every field of its body but the comment is what is wanted."""

    async def handle(request: web.Request, principal: Principal) -> web.Response:
        wanted = (await body_of(request, takes)).model_dump(by_alias=True, exclude_none=True)
        comment = wanted.pop("comment")
        view = await _casework(request).act(
            _number(request), act, wanted=wanted, comment=comment, person=_person(principal)
        )
        return _answer(view)

    return handle


async def _confirm(request: web.Request, principal: Principal) -> web.Response:
    body = await body_of(request, Decide)
    if body.digest is None:
        raise Refused.one("/digest", "decision.digest", "say what you confirm: the digest of the decision")
    view = await _casework(request).confirm(
        _number(request),
        decision_no=_of_bigint(body.decision),
        digest=body.digest,
        comment=body.comment,
        person=_person(principal),
    )
    return _answer(view)


async def _refuse(request: web.Request, principal: Principal) -> web.Response:
    body = await body_of(request, Decide)
    number, decision = _number(request), _of_bigint(body.decision)
    person = _person(principal)
    return _answer(await _casework(request).refuse(number, decision_no=decision, comment=body.comment, person=person))


def _casework(request: web.Request) -> Casework:
    return request.app[DOORS].casework


def _person(principal: Principal) -> Person:
    return Person(subject=principal.subject, sources=principal.sources)


def _answer(view: CaseView) -> web.Response:
    return answered(Case.of_view(view))


def _number(request: web.Request) -> int:
    number = request.match_info["no"]
    if not number.isascii() or len(number) > len(str(_LARGEST)):
        raise NotFound("no such exception")
    return _of_bigint(int(number))


def _of_bigint(number: int) -> int:
    if not 0 <= number <= _LARGEST:
        raise NotFound("no such thing")
    return number


def _post(path: str, handle: Handle, summary: str, takes: type[BaseModel]) -> Route:
    return Route(
        method="POST",
        path=rf"/v1/exceptions/{{no:\d+}}/{path}",
        handle=handle,
        summary=summary,
        answer=Case,
        scopes=(Scope.OPERATE,),
        takes=takes,
        fails=(404, 409, 422, 503),
    )


_DEEDS: tuple[tuple[str, Act, type[BaseModel], str], ...] = (
    ("match", Act.MATCH, MatchTo, "Match an entry to a payment by hand; two people where the amounts differ"),
    ("declare", Act.DECLARE, DeclareIt, "Declare that an unknown submission arrived or not: asks a second person"),
    ("release", Act.RELEASE, Say, "Release the hold of an order; two people after a conflict"),
    ("give-back", Act.GIVE_BACK, GiveItBack, "Give an order back to the benefits system"),
    ("write-off", Act.WRITE_OFF, Say, "Write money off to suspense: asks a second person"),
    ("close-attempt", Act.CLOSE_ATTEMPT, Say, "Say that an attempt's money cannot move: asks a second person"),
    ("close", Act.CLOSE, Say, "Close an exception whose trouble is over"),
)

ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/v1/exceptions",
        handle=_list,
        summary="List what needs a person",
        answer=Troubles,
        scopes=(Scope.OPERATE,),
        query=_LIST,
        fails=(422, 503),
    ),
    Route(
        method="GET",
        path=r"/v1/exceptions/{no:\d+}",
        handle=_look,
        summary="Read an exception: evidence, decisions, history",
        answer=Case,
        scopes=(Scope.OPERATE,),
        fails=(404, 503),
    ),
    _post("assign", _assign, "Give an exception to a person", Assign),
    _post("comment", _comment, "Add words to an exception", Say),
    *(_post(path, _deed(act, takes), summary, takes) for path, act, takes, summary in _DEEDS),
    _post("confirm", _confirm, "Confirm what another person asked, and do it", Decide),
    _post("refuse", _refuse, "Refuse what was asked, or withdraw it", Decide),
)
