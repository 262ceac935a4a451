"""Named SQL: files under `sql/` hold queries headed by `-- name: <name>`; they are called "<file>.<name>"."""

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

_HEADER = re.compile(r"^-- name: (\w+)[^\n]*$", re.MULTILINE)


@cache
def queries() -> Mapping[str, str]:
    """Read all queries once; the SQL text keeps its header line as a comment for the database's own logs."""
    found: dict[str, str] = {}
    for file in sorted(files("gateway.store").joinpath("sql").iterdir(), key=lambda f: f.name):
        text = file.read_text(encoding="utf-8")
        heads = list(_HEADER.finditer(text))
        for head, following in zip(heads, [*heads[1:], None], strict=True):
            end = following.start() if following else len(text)
            found[f"{file.name.removesuffix('.sql')}.{head[1]}"] = text[head.start() : end].strip().rstrip(";")
    return MappingProxyType(found)
