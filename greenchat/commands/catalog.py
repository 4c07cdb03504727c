"""Every module that declares commands, imported so that the registry's table is full: run commands through this."""

from . import (
    capabilities,
    channels,
    invite,
    kick,
    listing,
    messages,
    modes,
    queries,
    registration,
    server,
    topic,
)
from .registry import COMMANDS, resume, run

MODULES = (
    capabilities,
    channels,
    invite,
    kick,
    listing,
    messages,
    modes,
    queries,
    registration,
    server,
    topic,
)

__all__ = ["COMMANDS", "MODULES", "resume", "run"]
