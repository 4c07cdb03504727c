"""Every module that declares commands, imported so that the registry's table is full: run commands through this."""

from . import (
    capabilities,
    channels,
    history,
    identity,
    invite,
    isupport,
    kick,
    listing,
    manual,
    messages,
    modes,
    monitor,
    nick,
    opers,
    presence,
    registration,
    rename,
    server,
    stats,
    topic,
    userhost,
    who,
    whois,
    whowas,
)
from .lines import run_line
from .registry import COMMANDS, resume, run

MODULES = (
    capabilities,
    channels,
    history,
    identity,
    invite,
    isupport,
    kick,
    listing,
    manual,
    messages,
    modes,
    monitor,
    nick,
    opers,
    presence,
    registration,
    rename,
    server,
    stats,
    topic,
    userhost,
    who,
    whois,
    whowas,
)

__all__ = ["COMMANDS", "MODULES", "resume", "run", "run_line"]
