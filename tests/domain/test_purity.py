"""What the layers promise and import-linter cannot see: the domain is pure, and there is no float near money."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOMAIN = sorted((ROOT / "gateway" / "domain").rglob("*.py"))
MONEY = sorted(
    file for folder in ("gateway/service", "gateway/store", "bank_adapters") for file in (ROOT / folder).rglob("*.py")
)
ALLOWED = {"base64", "bisect", "collections", "collections.abc", "dataclasses", "datetime", "enum", "functools"}
ALLOWED |= {"hashlib", "itertools", "json", "operator", "re", "types", "typing"}
"""Modules without I/O, clock, randomness, logging or concurrency."""
CLOCKS = frozenset({"now", "today", "utcnow"})
SECONDS = ("deadline", "seconds", "timeout")
"""How names end that carry seconds of the monotonic clock: the only floats the money packages may have."""


def name_of(file: Path) -> str:
    return str(file.relative_to(ROOT))


def nodes(file: Path) -> Iterator[ast.AST]:
    return ast.walk(ast.parse(file.read_text(encoding="utf-8"), str(file)))


def imports(file: Path) -> Iterator[str]:
    for node in nodes(file):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")


def float_names(tree: ast.AST) -> Iterator[ast.Name]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == "float")


def seconds(file: Path) -> Iterator[ast.Name]:
    """Yield each `float` that only annotates seconds of the monotonic clock."""
    for node in nodes(file):
        target = node.target if isinstance(node, ast.AnnAssign) else node
        called = target.arg if isinstance(target, ast.arg) else target.id if isinstance(target, ast.Name) else ""
        annotation = getattr(node, "annotation", None)
        if called.endswith(SECONDS) and annotation is not None:
            yield from float_names(annotation)


def places(found: Iterator[ast.Name]) -> set[tuple[int, int]]:
    return {(node.lineno, node.col_offset) for node in found}


@pytest.mark.parametrize("file", DOMAIN, ids=name_of)
def test_the_domain_imports_only_what_is_pure(file: Path) -> None:
    foreign = {name for name in imports(file) if name not in ALLOWED and not name.startswith("gateway.domain.")}
    assert not foreign, f"{name_of(file)} imports {sorted(foreign)}"


@pytest.mark.parametrize("file", DOMAIN, ids=name_of)
def test_the_domain_is_synchronous_and_reads_no_clock(file: Path) -> None:
    for node in nodes(file):
        assert not isinstance(node, ast.AsyncFunctionDef | ast.Await | ast.AsyncFor | ast.AsyncWith), name_of(file)
        if (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id in {"date", "datetime"}
        ):
            assert node.attr not in CLOCKS, f"{name_of(file)}:{node.lineno} reads a clock"


@pytest.mark.parametrize("file", DOMAIN, ids=name_of)
def test_the_domain_knows_no_float(file: Path) -> None:
    for node in nodes(file):
        line = getattr(node, "lineno", 0)
        assert not (isinstance(node, ast.Name) and node.id == "float"), f"{name_of(file)}:{line} names float"
        assert not (isinstance(node, ast.Constant) and isinstance(node.value, float)), f"{name_of(file)}:{line} literal"
        division = isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div)
        assert not division, f"{name_of(file)}:{line} divides with /, which makes a float of two integers"


@pytest.mark.parametrize("file", MONEY, ids=name_of)
def test_money_packages_use_float_for_seconds_only(file: Path) -> None:
    found = places(float_names(ast.parse(file.read_text(encoding="utf-8")))) - places(seconds(file))
    assert not found, f"{name_of(file)} names float in lines {sorted(line for line, _ in found)}"


def test_the_rules_would_find_what_they_forbid(tmp_path: Path) -> None:
    file = tmp_path / "bad.py"
    file.write_text("import os\nfrom time import time\ndef f(amount: float, deadline: float) -> None: float(1)\n")
    assert list(imports(file)) == ["os", "time"]
    assert len(places(seconds(file))) == 1
    assert len(places(float_names(ast.parse(file.read_text())))) == 3
    assert len(DOMAIN) > 10
    assert len(MONEY) > 1
