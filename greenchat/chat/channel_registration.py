"""To whom a channel belongs."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ChannelRegistration:
    """founder: folded account. registered: ms since the epoch. access: folded account -> letter of a member mode."""

    founder: str
    registered: int
    access: Mapping[str, str] = field(default_factory=dict)
