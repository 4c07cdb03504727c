"""Classes stay small, and state that belongs together stands together."""

import ast
from collections import defaultdict

from tests.sources import MODULES, ROOT, nodes

MOST_FIELDS = 25


def fields(found: ast.ClassDef) -> set[str]:
    """The attributes that a class declares or assigns to itself."""
    declared = {
        node.target.id for node in found.body if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }
    assigned = {
        node.attr
        for node in ast.walk(found)
        if isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and isinstance(node.value, ast.Name)
        and node.value.id == "self"
    }
    return declared | assigned


def test_no_class_holds_too_much() -> None:
    classes = {
        f"{path.relative_to(ROOT)}:{node.name}": len(fields(node))
        for path in MODULES
        for node in nodes(path)
        if isinstance(node, ast.ClassDef)
    }
    assert classes["client/state/network.py:ClientNetwork"] > 15  # the fields are found at all
    assert {name: count for name, count in classes.items() if count > MOST_FIELDS} == {}


def test_a_name_of_a_class_has_one_meaning() -> None:
    """Also across programs: whoever searches for a name finds one class, and a signature says which it is."""
    places = defaultdict(list)
    for path in MODULES:
        for node in nodes(path):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert len(places) > 500
    assert {name: found for name, found in places.items() if len(found) > 1} == {}
