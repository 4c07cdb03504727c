"""The client's classes stay small, and state that belongs together stands together."""

import ast
from pathlib import Path

import greenchat.client

ROOT = Path(greenchat.client.__file__).parent
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
        f"{path.relative_to(ROOT)}:{node.name}": fields(node)
        for path in ROOT.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
    }
    assert len(classes["state/network.py:Network"]) > 15  # the fields are found at all
    assert {name: len(held) for name, held in classes.items() if len(held) > MOST_FIELDS} == {}
