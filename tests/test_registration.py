"""Tables of commands, capabilities, and kinds of document are complete."""

import ast
from collections.abc import Callable

import pytest

from greenchat.chat import documents
from greenchat.client.handlers.registry import on
from greenchat.client.slash import registry as slash
from greenchat.commands.catalog import COMMANDS
from greenchat.commands.core import registry
from greenchat.commands.core.service import SERVICES, service
from greenchat.commands.core.steps import STEPS, step
from greenchat.protocol import caps
from greenchat.protocol.plain import slash as plain
from tests.sources import MODULES, ROOT, nodes


def calls(folder: str) -> list[ast.Call]:
    """Return every call below a folder of the package."""
    paths = [path for path in MODULES if ROOT / folder in path.parents]
    return [node for path in paths for node in nodes(path) if isinstance(node, ast.Call)]


def test_every_command_that_is_declared_is_in_the_table() -> None:
    """Also commands of modules that no other imports by name, and those declared in a loop."""
    declared = set()
    for path in (ROOT / "commands").rglob("*.py"):
        named = [
            call.args[0]
            for call in nodes(path)
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "command"
        ]
        if named and path.name != "registry.py":
            module = ".".join(path.relative_to(ROOT.parent).with_suffix("").parts)
            assert any(row.handler.__module__ == module for row in COMMANDS.values()), module
        declared |= {name.value for name in named if isinstance(name, ast.Constant)}
    assert len(declared) > 50
    assert declared <= COMMANDS.keys()


def test_every_kind_of_document_has_a_name_of_its_own() -> None:
    assert len(documents.KINDS) > 10
    assert len({kind.name for kind in documents.KINDS}) == len(documents.KINDS)


def test_documents_are_stored_and_read_by_their_kind() -> None:
    """No bare string names a kind of document: two spellings would make two kinds."""
    wrong = [
        ast.unparse(call)
        for folder in ("commands", "server")
        for call in calls(folder)
        if (
            (isinstance(call.func, ast.Attribute) and call.func.attr in ("keep", "document", "documents"))
            or (isinstance(call.func, ast.Name) and call.func.id == "Document")
        )
        and call.args
        and isinstance(call.args[0], ast.Constant)
    ]
    assert wrong == []


def test_a_start_restores_every_kind_that_is_read_at_the_start() -> None:
    source = (ROOT / "server/data/restore.py").read_text(encoding="utf-8")
    for name, value in vars(documents).items():
        if isinstance(value, documents.DocumentKind) and value.at_start:
            assert f"documents.{name}" in source, name


def test_capabilities_are_named_in_their_table_only() -> None:
    """Server and client use the rows of `protocol.caps`: a set of capabilities is an int of their bits."""
    # words of the protocol that are also names of other things: a batch type, a command, a file's key
    other_things = {
        "batch",
        "chghost",
        "sasl",
        "sts",
        "setname",
        "labeled-response",
        "soju.im/search",
        "znc.in/playback",
    }
    names = caps.CAPABILITIES.keys() - other_things
    wrong = [
        f"{path.relative_to(ROOT)}:{node.lineno}: {node.value}"
        for folder in ("chat", "commands", "server", "client")
        for path in (ROOT / folder).rglob("*.py")
        for node in nodes(path)
        if isinstance(node, ast.Constant) and node.value in names
    ]
    assert wrong == []


def test_nothing_is_declared_twice() -> None:
    """A second declaration of a name would replace the first without an error, as of a command that exists already."""
    some = next(iter(SERVICES.values()))
    declare: list[Callable[[], object]] = [
        lambda: registry.command("MAP")(lambda ctx: None),
        lambda: service(some.name, "the same again"),
        lambda: some.command(next(iter(some.entries)))(lambda ctx, words: None),
        lambda: step(next(iter(STEPS)))(lambda ctx: None),
        lambda: caps._capability(1, "example.org/new", "a number that is in use"),
        lambda: caps._capability(57, "batch", "a name that is in use"),
        lambda: slash.command("join")(lambda order: None),
        lambda: slash.command("new", next(iter(slash.ALIASES)))(lambda order: None),
        lambda: plain._slash("/nick NAME", "the same again")(lambda rest, lobby: None),
        lambda: on("PRIVMSG")(lambda incoming: None),
    ]
    for each in declare:
        with pytest.raises(AssertionError):
            each()
