"""Reports of a pay day: by day, bank, benefit or source, in the format that is asked for."""

import asyncio
from collections.abc import Mapping
from datetime import date

from aiohttp import web

from gateway.api.access import Principal, Scope
from gateway.api.doors import DOORS, narrowed
from gateway.api.formats import WIDTH, Writer, writers
from gateway.api.formats.as_json import ReportDocument
from gateway.api.routes import JSON, Route, number_of, query_of
from gateway.domain.errors import Refused
from gateway.domain.iso8601 import is_date
from gateway.domain.paper import ReportFormat, ReportKind
from gateway.service.reports import Asked

_QUERY = {
    "date": "the pay date, YYYY-MM-DD",
    "format": "json, csv, html, pdf or table; without it what Accept asks for, else json",
    "source": "which source's, for callers that see several",
    "bank": "with kind bank: only this one",
    "benefit": "with kind benefit: only this one",
    "width": "with format table: letters in a line, 40 to 400",
}
NARROWEST, WIDEST = 40, 400


async def _report(request: web.Request, principal: Principal) -> web.Response:
    query = query_of(request, _QUERY)
    kind = _kind(request.match_info["kind"])
    writer = _writer(request, query)
    asked = Asked(
        kind=kind,
        pay_date=_date(query),
        sources=narrowed(principal, query.get("source", "")),
        about=_about(query, kind),
    )
    paper = await request.app[DOORS].reports.make(asked)
    # A large page takes long enough to write that everybody else at the door would notice.
    body = await asyncio.to_thread(writer.write, paper)
    headers = {"Content-Type": writer.content_type, "Vary": "Accept", "Cache-Control": "no-store"}
    return web.Response(body=body, headers=headers)


def _kind(text: str) -> ReportKind:
    if text not in set(ReportKind):
        raise Refused.one("/kind", "kind.unknown", f"kinds of report: {', '.join(ReportKind)}")
    return ReportKind(text)


def _date(query: Mapping[str, str]) -> date:
    day = query.get("date", "")
    if not is_date(day):
        raise Refused.one("/query/date", "query.date", "say which pay date, as YYYY-MM-DD")
    return date.fromisoformat(day)


def _about(query: Mapping[str, str], kind: ReportKind) -> str:
    """Return what the report is narrowed to; a filter that its kind has no use for is refused, not ignored."""
    for name in ("bank", "benefit"):
        if name in query and name != kind:
            raise Refused.one(f"/query/{name}", "query.unknown", f"{name} narrows reports of kind {name} only")
    return query.get(str(kind), "") if kind in {ReportKind.BANK, ReportKind.BENEFIT} else ""


def _writer(request: web.Request, query: Mapping[str, str]) -> Writer:
    width = number_of(query, "width", default=WIDTH, highest=WIDEST)
    if width < NARROWEST:
        raise Refused.one("/query/width", "query.number", f"width is at least {NARROWEST}")
    known = writers(width)
    named = query.get("format")
    if named is None:
        return _accepted(request.headers.get("Accept", ""), known)
    if named not in set(ReportFormat):
        raise Refused.one("/query/format", "format.unknown", f"formats of reports: {', '.join(ReportFormat)}")
    return known[ReportFormat(named)]


def _accepted(accept: str, known: Mapping[ReportFormat, Writer]) -> Writer:
    """Choose by Accept (RFC 9110, 12.5.1): the highest quality, of equals what we name first. 406 where none fits."""
    ranges = [_range(part) for part in accept.split(",") if part.strip()] or [("*/*", 1000)]
    best = max(known.values(), key=lambda writer: _quality(writer.media, ranges))
    if not _quality(best.media, ranges):
        raise web.HTTPNotAcceptable
    return best


def _range(part: str) -> tuple[str, int]:
    """Read a media range with its quality in thousandths; a quality that is none counts as 0."""
    media, *parameters = (piece.strip() for piece in part.split(";"))
    given = [p.partition("=")[2] for p in parameters if p.partition("=")[0].strip().lower() == "q"]
    whole, _, parts = (given[0] if given else "1").partition(".")
    digits = (whole + parts.ljust(3, "0")[:3]) if len(whole) == 1 else ""
    return media.lower(), min(1000, int(digits)) if digits.isascii() and digits.isdigit() else 0


def _quality(media: str, ranges: list[tuple[str, int]]) -> int:
    """Return the quality of the range that names a media type most closely."""
    for name in (media, f"{media.partition('/')[0]}/*", "*/*"):
        found = [quality for given, quality in ranges if given == name]
        if found:
            return max(found)
    return 0


ROUTES = (
    Route(
        method="GET",
        path="/v1/reports/{kind}",
        handle=_report,
        summary="A report of a pay date by day, bank, benefit or source; json unless another format is asked for",
        answer=ReportDocument,
        also=tuple(sorted(writer.media for writer in writers().values() if writer.media != JSON)),
        scopes=(Scope.READ, Scope.OPERATE),
        query=_QUERY,
        fails=(406, 422, 503),
    ),
)
