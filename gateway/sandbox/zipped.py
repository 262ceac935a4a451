"""Packs messages into one zip, as EBICS delivers statements: the same members give the same bytes."""

import zipfile
from collections.abc import Iterable
from io import BytesIO


def packed(members: Iterable[tuple[str, bytes]]) -> bytes:
    """Return a zip of (file name, content), in that order; it knows no time of day."""
    whole = BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return whole.getvalue()
