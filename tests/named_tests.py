"""Whether tests that are named elsewhere exist."""

import ast
from collections.abc import Iterable
from pathlib import Path

TESTS = Path(__file__).parent


def missing_tests(names: Iterable[str]) -> list[str]:
    """Return the names that are not tests: `client/test_main.py`, or that with `::test_function`."""
    found = []
    for name in sorted(set(names)):
        file, _, test = name.partition("::")
        path = TESTS / file
        if not path.exists() or (test and test not in _functions(path)):
            found.append(name)
    return found


def _functions(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
