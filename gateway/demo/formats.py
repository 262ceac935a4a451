"""In which formats gateway and banks spoke: found out from the very bytes that went to and fro, without any profile."""

import re
import zipfile
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

from gateway.sandbox import Books

_HEAD = 4_096
_MESSAGE = re.compile(rb'"urn:iso:std:iso:20022:tech:xsd:((?:pain|camt|pacs)\.[0-9]{3}\.[0-9]{3}\.[0-9]{2})"')
_MT = ((b":50H:", "MT101"), (b":13D:", "MT942"), (b":60F:", "MT940"))
_ENCODED = re.compile(rb'encoding="(?!UTF-8)([A-Z0-9-]+)"')

UNKNOWN = "unknown"


def formats_of(content: bytes) -> Iterator[str]:
    """Name the format of what is in a message: of a zip, of each member."""
    if not content.startswith(b"PK"):
        yield _format(content)
        return
    with zipfile.ZipFile(BytesIO(content)) as archive:
        for name in archive.namelist():
            yield f"{_format(archive.read(name))} in a zip"


def _format(content: bytes) -> str:
    wide = content.startswith((BOM_UTF16_LE, BOM_UTF16_BE))
    head = content.replace(b"\0", b"")[:_HEAD] if wide else content[:_HEAD]
    message = _MESSAGE.search(head)
    if message is not None:
        return " ".join((message[1].decode(), *_dress(content, head)))
    if head.startswith((b":20:", b"{1:")):
        return next((name for mark, name in _MT if mark in content), UNKNOWN)
    if head.startswith(b"{"):
        return "JSON"
    first = head.partition(b"\n")[0]
    return "delimited" if b";" in first else "fixed width" if first.strip() else UNKNOWN


def _dress(content: bytes, head: bytes) -> Iterator[str]:
    """Name what is unusual about the bytes of an XML message."""
    encoded = _ENCODED.search(head)
    if encoded is not None:
        yield encoded[1].decode()
    if content.startswith(BOM_UTF8):
        yield "with mark"
    if b"<Document" not in head:
        yield "with prefix"
    if b"<AppHdr" in head:
        yield "behind a header"
    if b"<![CDATA[" in head:
        yield "as text"


def formats_document(banks_folder: Path, books: Mapping[str, Books]) -> dict[str, Any]:
    """Count messages by format: what each bank was sent, as it came out of its envelope, and what it said."""
    return {
        slug: {"sent": _counted(_received(banks_folder / slug)), "heard": _counted(of_bank.said())}
        for slug, of_bank in sorted(books.items())
    }


def spoken(document: Mapping[str, Any]) -> list[str]:
    """Return the names of all formats in either direction, whatever they were dressed in."""
    names = (name for of_bank in document.values() for counts in of_bank.values() for name in counts)
    return sorted({re.sub(r"^([a-z]{4}[0-9.]+) .*", r"\1", name) for name in names})


def _received(folder: Path) -> Iterator[bytes]:
    opened = folder / "opened"
    for path in sorted((opened if opened.is_dir() else folder / "collected").iterdir()):
        yield path.read_bytes()


def _counted(contents: Iterable[bytes]) -> dict[str, int]:
    return dict(sorted(Counter(name for content in contents for name in formats_of(content)).items()))
