"""The compiled build: the modules it names are there, and compiled where that is asked for."""

import ast
import os
from importlib import import_module

import pytest

from greenchat import compiled
from tests.sources import MODULES, ROOT, nodes

EXPECTED = os.environ.get("GREENCHAT_EXPECT_COMPILED") == "1"
NAMES = {path: path.relative_to(ROOT).with_suffix("").as_posix() for path in MODULES}


def classes(*, in_compiled: bool) -> dict[str, list[str]]:
    """The names of classes and of their bases."""
    return {
        node.name: [base.id for base in node.bases if isinstance(base, ast.Name)]
        for path, name in NAMES.items()
        if (name in compiled.MODULES) is in_compiled
        for node in nodes(path)
        if isinstance(node, ast.ClassDef)
    }


def test_what_is_compiled_is_there() -> None:
    assert compiled.MODULES.keys() <= set(NAMES.values())


def test_a_compiled_class_has_no_subclass_that_is_not() -> None:
    """Python refuses to make an object of such a class, where it is compiled: here it is found at once."""
    bases = classes(in_compiled=True)
    assert bases["NodeTurn"] == ["Turn"]  # they are found at all
    native = {name for name, its in bases.items() if all(base in bases for base in its)}
    found = {name for name, its in classes(in_compiled=False).items() if native.intersection(its)}
    assert found == set(), "compile their modules, too: greenchat/compiled.py"


@pytest.mark.parametrize("name", compiled.MODULES)
def test_it_is_compiled_where_that_was_asked_for(name: str) -> None:
    module = import_module("greenchat." + name.replace("/", "."))
    assert str(module.__file__).endswith(".so" if EXPECTED else ".py")


def test_the_build_tells_what_it_is() -> None:
    assert compiled.is_compiled() is EXPECTED
    assert compiled.kind_of_build() == (", compiled" if EXPECTED else "")
