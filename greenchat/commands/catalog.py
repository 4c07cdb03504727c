"""Every module that declares commands, imported so that the registry's table is full: run commands through this."""

from . import capabilities, channels, messages, modes, queries, registration, server
from .registry import COMMANDS, resume, run

MODULES = (capabilities, channels, messages, modes, queries, registration, server)

__all__ = ["COMMANDS", "MODULES", "resume", "run"]
