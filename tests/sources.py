"""The source as trees, for the tests of its structure: parsed when the first of them asks, and once for all of them."""

import ast
from functools import cache
from pathlib import Path

import greenchat

ROOT = Path(greenchat.__file__).parent
MODULES = frozenset(ROOT.rglob("*.py"))


@cache
def tree(path: Path) -> ast.Module:
    """A module's tree."""
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """Every node of it."""
    return tuple(ast.walk(tree(path)))
