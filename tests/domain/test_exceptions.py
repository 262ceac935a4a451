"""The table of kinds: complete, and every kind that the code opens stands in it."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

import gateway
from gateway.domain.exceptions import ALWAYS, KINDS, Act, kind_of
from gateway.service.judge import HARMLESS, Verdict
from gateway.service.judge import KINDS as CALLED
from gateway.service.send import TRIES_USED_UP

PACKAGE = Path(gateway.__file__).parent


def _texts(node: ast.AST) -> set[str]:
    return {n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str)}


def _names(node: ast.AST) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}


class _Module:
    """The kinds that one module opens: as texts, choices, names of texts, or handed to who opens what it is told."""

    def __init__(self, file: Path) -> None:
        self.nodes = list(ast.walk(ast.parse(file.read_text(encoding="utf-8"))))
        self.named: defaultdict[str, set[str]] = defaultdict(set)
        for node in self.nodes:
            if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                for name in (name for target in targets for name in _names(target)):
                    self.named[name] |= self._chosen(node.value)
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("gateway."):
                module = import_module(node.module or "")
                for alias in node.names:
                    value = getattr(module, alias.name, None)
                    self.named[alias.asname or alias.name] |= {value} if type(value) is str else set()

    def _chosen(self, value: ast.expr) -> set[str]:
        """Return the texts that a value can be."""
        if isinstance(value, ast.Constant):
            return {value.value} if isinstance(value.value, str) else set()
        parts = [value.body, value.orelse] if isinstance(value, ast.IfExp) else getattr(value, "elts", [])
        return {text for part in parts for text in self._chosen(part)}

    def _calls(self, *names: str) -> Iterator[ast.Call]:
        for node in self.nodes:
            if isinstance(node, ast.Call) and (getattr(node.func, "id", "") or getattr(node.func, "attr", "")) in names:
                yield node

    def kinds(self) -> set[str]:
        opened = [k.value for call in self._calls("Trouble") for k in call.keywords if k.arg == "kind"]
        if not opened:
            return set()
        handed = [argument for call in self._calls("_trouble", "_later") for argument in call.args]
        written = {text for kind in opened for text in _texts(kind)}
        written |= {a.value for a in handed if isinstance(a, ast.Constant) and isinstance(a.value, str)}
        names = {name for kind in opened for name in _names(kind)} | {a.id for a in handed if isinstance(a, ast.Name)}
        return written | {text for name in names for text in self.named[name]}


def _opened() -> set[str]:
    """Every kind that the package opens."""
    return {kind for file in sorted((PACKAGE / "service").glob("*.py")) for kind in _Module(file).kinds()}


def test_every_kind_that_is_opened_has_a_row() -> None:
    of_each_form = {
        "conflict",
        "held order",
        "mandate ended",
        "funds missing",
        "limit reached",
        "seal mismatch",
        "officer",
    }
    assert of_each_form | {"silent bank", "unknown past deadline", "hold payee"} <= _opened()
    assert _opened() - KINDS.keys() == set()


def test_what_voids_a_submission_and_needs_a_person_has_a_row() -> None:
    assert TRIES_USED_UP in KINDS


def test_every_verdict_that_needs_a_person_has_a_row() -> None:
    kinds = {CALLED.get(verdict, verdict.value) for verdict in set(Verdict) - HARMLESS} | set(CALLED.values())
    assert kinds - KINDS.keys() == set()


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_a_row_is_whole(kind: object) -> None:
    row = kind_of(getattr(kind, "name", ""))
    assert row is kind
    assert row.suggestion in row.allowed
    assert row.due_after.total_seconds() > 0
    assert row.why
    assert row.allowed >= ALWAYS


def test_what_nobody_foresaw_still_gets_an_owner_and_a_time() -> None:
    row = kind_of("something new")
    assert (row.role.value, row.suggestion) == ("operations", Act.COMMENT)
    assert row.due_after.total_seconds() > 0
