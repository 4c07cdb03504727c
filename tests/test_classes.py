"""Limits on classes, and one meaning for each name of a type."""

import ast
import re
from collections import defaultdict

from tests.sources import MODULES, ROOT, nodes, tree

MOST_FIELDS = 25
_CAMEL = re.compile(r"_?[A-Z][A-Za-z]*[a-z][A-Za-z]*")


def fields(found: ast.ClassDef) -> set[str]:
    """Return the attributes that a class declares or assigns to itself."""
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


def test_no_class_has_too_many_fields() -> None:
    classes = {
        f"{path.relative_to(ROOT)}:{node.name}": len(fields(node))
        for path in MODULES
        for node in nodes(path)
        if isinstance(node, ast.ClassDef)
    }
    assert classes["client/state/network.py:ClientNetwork"] > 15  # the fields are found at all
    assert {name: count for name, count in classes.items() if count > MOST_FIELDS} == {}


def aliases(module: ast.Module) -> set[str]:
    """Return the CamelCase names that a module gives to other types: `Form = Mapping[str, Any]`."""
    found = {
        target.id: node.value
        for node in module.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name) and _CAMEL.fullmatch(target.id)
    }
    return {name for name, value in found.items() if isinstance(value, ast.Subscript | ast.BinOp)}


def test_a_name_of_a_type_has_one_meaning() -> None:
    """Also across programs: searching for a name finds one type, and a signature says which it is."""
    places: dict[str, list[str]] = defaultdict(list)
    for path in MODULES:
        for node in nodes(path):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(f"{path.relative_to(ROOT)}:{node.lineno}")
        for name in aliases(tree(path)):
            places[name].append(f"{path.relative_to(ROOT)}")
    assert len(places) > 700
    assert "Form" in places  # aliases are found at all
    assert {name: found for name, found in places.items() if len(found) > 1} == {}
