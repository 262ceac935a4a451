"""Takes a sandbox bank's message out of its dress, without the gateway's readers: what it says, as plain UTF-8."""

import io
import re
import zipfile

_PREFIX = re.compile(r"(</?)[a-z0-9]+:")
_ENCODING = re.compile(rb'encoding="([A-Za-z0-9-]+)"')


def plain(content: bytes) -> bytes:
    """Return XML as if it had been written without dress, a zip as its members in a row, and all else as it is."""
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return b"".join(plain(archive.read(name)) for name in archive.namelist())
    if content[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        text = content.decode("utf-16")
    elif not content.removeprefix(b"\xef\xbb\xbf").startswith(b"<"):
        return content
    else:
        found = _ENCODING.search(content[:100])
        text = content.removeprefix(b"\xef\xbb\xbf").decode(found[1].decode() if found else "utf-8")
    return _PREFIX.sub(r"\1", text).encode()
