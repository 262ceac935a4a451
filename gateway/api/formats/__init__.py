"""The formats a report is written in: one module each, all from the same `Paper`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from gateway.api.formats import as_csv, as_html, as_json, as_pdf, as_table
from gateway.domain.paper import Paper, ReportFormat


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """How a format is written, and as which media type it is sent; every one but pdf is UTF-8."""

    media: str
    write: Callable[[Paper], bytes]

    @property
    def content_type(self) -> str:
        """The Content-Type header."""
        return f"{self.media}; charset=utf-8" if self.media.startswith("text/") else self.media


WIDTH = 120
"""Letters in a line of a table, unless somebody says otherwise."""


def writers(width: int = WIDTH) -> Mapping[ReportFormat, Writer]:
    """Return the writer of each format; tables are made for lines of `width` letters."""
    return {
        ReportFormat.JSON: Writer(media="application/json", write=as_json.write),
        ReportFormat.CSV: Writer(media="text/csv", write=as_csv.write),
        ReportFormat.HTML: Writer(media="text/html", write=as_html.write),
        ReportFormat.PDF: Writer(media="application/pdf", write=as_pdf.write),
        ReportFormat.TABLE: Writer(media="text/plain", write=partial(as_table.write, width=width)),
    }
