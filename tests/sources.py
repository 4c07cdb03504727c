"""The source as syntax trees, for the tests of its structure: parsed on first use, once for all of them."""

import ast
from functools import cache
from pathlib import Path

import greenchat

ROOT = Path(greenchat.__file__).parent
MODULES = frozenset(ROOT.rglob("*.py"))
TESTS = frozenset(Path(__file__).parent.rglob("*.py"))


@cache
def tree(path: Path) -> ast.Module:
    """Return a module's tree."""
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """Return every node of a tree."""
    return tuple(ast.walk(tree(path)))
