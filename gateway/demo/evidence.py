"""What a run leaves behind, so that anybody can check it with other tools.

orders.ndjson (as pushed), outbound/<bank>/ (byte for byte what each bank received; an API request is a file; taken out
of its envelope where there is one), wire/<bank>/ (such envelopes), inbound/<bank>/ (what each bank said), banks.ndjson
(the banks' own books), outcomes.ndjson (what the benefits system received), refusals.ndjson (what the door refused),
gateway.log, metrics.txt, result.json.
"""

import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from gateway.demo.benefits_system import Reply
from gateway.demo.orders import DemoOrder
from gateway.sandbox import Books

FOLDERS = ("outbound", "wire", "inbound")
FILES = (
    "orders.ndjson",
    "banks.ndjson",
    "outcomes.ndjson",
    "refusals.ndjson",
    "gateway.log",
    "metrics.txt",
    "result.json",
)


def make_room(out: Path) -> None:
    """Make the folder, without what an earlier run left in it; anything else in it stays."""
    out.mkdir(parents=True, exist_ok=True)
    for name in FOLDERS:
        shutil.rmtree(out / name, ignore_errors=True)
    for name in FILES:
        (out / name).unlink(missing_ok=True)


def write_orders(out: Path, orders: Iterable[DemoOrder]) -> None:
    """Write the lines as they are pushed."""
    with (out / "orders.ndjson").open("wb") as file:
        file.writelines(order.line() + b"\n" for order in orders)


def write_outbound(out: Path, banks_folder: Path, slugs: Iterable[str]) -> None:
    """Copy what each bank collected; of a bank with an envelope what it held, and the envelope apart.

    An envelope is never the same twice: two runs are compared by what is in it.
    """
    for slug in slugs:
        collected, opened = banks_folder / slug / "collected", banks_folder / slug / "opened"
        if opened.is_dir():
            shutil.copytree(collected, out / "wire" / slug)
        shutil.copytree(opened if opened.is_dir() else collected, out / "outbound" / slug)
        (out / "inbound" / slug).mkdir(parents=True, exist_ok=True)


def write_documents(out: Path, name: str, documents: Iterable[Mapping[str, Any]]) -> None:
    """Write JSON objects, one a line."""
    with (out / name).open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(document, ensure_ascii=False) + "\n" for document in documents)


def bank_entries(books: Mapping[str, Books]) -> Iterator[Mapping[str, Any]]:
    """Yield every payment of every bank's books, by bank and EndToEndId: the order of asking depends on the run."""
    for slug, of_bank in books.items():
        for entry in sorted(of_bank.export(), key=lambda entry: str(entry["endToEndId"])):
            yield {"bank": slug, **entry}


def refusals(answers: Iterable[tuple[str, Reply]]) -> Iterator[Mapping[str, Any]]:
    """Yield what was tried at the door and how it answered."""
    for tried, reply in answers:
        yield {"tried": tried, "status": reply.status, "answer": reply.body}
