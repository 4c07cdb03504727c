"""What the server offers beside a capability's name, by capability."""

from collections.abc import Callable

from greenchat.chat.user import Session
from greenchat.config.settings import Settings

# What a capability is worth to a session: its value ("" for none), or None where it is not offered. All others are
# offered to everybody, without a value.
OFFERS: dict[int, Callable[[Settings, Session], str | None]] = {}
