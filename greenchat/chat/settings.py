"""What an operator may decide about the chat, as values: the configuration file fills them, `Network` holds them.

A reload puts a new `Settings` in the place of the old one; nothing else keeps a copy.
"""

from dataclasses import dataclass, field

from .. import __version__
from ..protocol.modes import ModeTable


@dataclass(frozen=True, slots=True)
class Limits:
    """Lengths are in characters, as ISUPPORT announces them; counts are per user or per channel."""

    nick: int = 32
    username: int = 18
    host: int = 64
    realname: int = 150
    channel: int = 64
    topic: int = 390
    away: int = 200
    kick: int = 300
    key: int = 32
    channels: int = 100
    targets: int = 4
    modes: int = 20
    list_entries: int = 100
    monitor: int = 100
    whowas: int = 1000


@dataclass(frozen=True, slots=True)
class Settings:
    """The server as it presents itself, and its rules."""

    name: str = "greenchat.local"
    version: str = f"greenchat-{__version__}"
    network: str = "greenchat"
    description: str = "greenchat, group chat for the terminal"
    motd: tuple[str, ...] = ()
    password: str = ""
    lobby: str = "#lobby"
    casemapping: str = "ascii"
    channel_flags: str = "nt"
    mode_table: ModeTable = field(default_factory=ModeTable)
    limits: Limits = field(default_factory=Limits)
