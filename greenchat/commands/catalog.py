"""Imports every module below `commands/`, so that the registry's table is complete: run commands through this module.

A module that raises on import fails the start.
"""

from importlib import import_module
from pkgutil import walk_packages

from greenchat import commands
from greenchat.commands.core.dispatch import run_line
from greenchat.commands.core.registry import COMMANDS, apply_step, continue_stream, is_for_anybody, resume, run

__all__ = ["COMMANDS", "apply_step", "continue_stream", "is_for_anybody", "resume", "run", "run_line"]

for _module in walk_packages(commands.__path__, f"{commands.__name__}."):
    if _module.name != __name__:
        import_module(_module.name)
