"""To whom a channel belongs."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ChannelRegistration:
    """founder: an account's id, "" for nobody's. registered: ms since the epoch. access: id -> letter of a mode."""

    founder: str
    registered: int
    access: Mapping[str, str] = field(default_factory=dict)
