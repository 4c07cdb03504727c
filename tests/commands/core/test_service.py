"""Properties of each service."""

import importlib
import pkgutil

import greenchat.commands
from greenchat.commands.core.service import SERVICES
from tests.conftest import Target
from tests.irc import Client


def test_help_lists_whole_sentences() -> None:
    """HELP lists the first line of each command's docstring: a sentence that continues in the second would be cut."""
    for module in pkgutil.walk_packages(greenchat.commands.__path__, "greenchat.commands."):
        importlib.import_module(module.name)
    entries = [entry for service in SERVICES.values() for entry in service.entries.values()]
    assert len(entries) > 20
    assert [entry.summary for entry in entries if not entry.summary.endswith(".")] == []


def test_help_does_not_break_sentences(server: Target) -> None:
    """Docstrings are wrapped at the width of the source, notices are longer."""
    with Client(server, "alice") as alice:
        for service in SERVICES.values():
            for entry in service.entries.values():
                _, *about = [message.params[-1] for message in alice.run(f"PRIVMSG {service.name} :HELP {entry.name}")]
                assert [line for line in about if line[-1] not in ".:;" and len(line) < 300] == [], entry.name
