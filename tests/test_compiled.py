"""The compiled build: the named modules exist, and are compiled where requested."""

import ast
import os
from importlib import import_module

import pytest

from greenchat import compiled
from tests.sources import MODULES, ROOT, nodes

EXPECTED = os.environ.get("GREENCHAT_EXPECT_COMPILED") == "1"
NAMES = {path: path.relative_to(ROOT).with_suffix("").as_posix() for path in MODULES}


def classes(*, in_compiled: bool) -> dict[str, list[str]]:
    """Return the names of classes and of their bases."""
    return {
        node.name: [base.id for base in node.bases if isinstance(base, ast.Name)]
        for path, name in NAMES.items()
        if (name in compiled.MODULES) is in_compiled
        for node in nodes(path)
        if isinstance(node, ast.ClassDef)
    }


def test_modules_to_compile_exist() -> None:
    assert compiled.MODULES.keys() <= set(NAMES.values())


def test_a_compiled_class_has_no_interpreted_subclass() -> None:
    """Python refuses to create an object of such a class in the compiled build: this test finds it in any build."""
    bases = classes(in_compiled=True)
    assert bases["NodeTurn"] == ["Turn"]  # bases are found at all
    native = {name for name, its in bases.items() if all(base in bases for base in its)}
    found = {name for name, its in classes(in_compiled=False).items() if native.intersection(its)}
    assert found == set(), "compile these modules, too: greenchat/compiled.py"


@pytest.mark.parametrize("name", compiled.MODULES)
def test_modules_are_compiled_where_requested(name: str) -> None:
    module = import_module("greenchat." + name.replace("/", "."))
    assert str(module.__file__).endswith(".so" if EXPECTED else ".py")


def test_the_build_reports_whether_it_is_compiled() -> None:
    assert compiled.is_compiled() is EXPECTED
    assert compiled.kind_of_build() == (", compiled" if EXPECTED else "")
