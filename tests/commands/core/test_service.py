"""What is true of every service."""

import importlib
import pkgutil

import greenchat.commands
from greenchat.commands.core.service import SERVICES


def test_help_tells_whole_sentences() -> None:
    """HELP lists the first line of each command's docstring: a sentence that goes on in the second would be cut."""
    for module in pkgutil.walk_packages(greenchat.commands.__path__, "greenchat.commands."):
        importlib.import_module(module.name)
    entries = [entry for service in SERVICES.values() for entry in service.entries.values()]
    assert len(entries) > 20
    assert [entry.summary for entry in entries if not entry.summary.endswith(".")] == []
