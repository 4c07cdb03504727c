"""The capabilities offered to a session, and their values."""

from collections.abc import Callable

from greenchat.chat.user import Session
from greenchat.config.settings import Settings

# Capability -> function of a session: its value ("" for none), or None if it is not offered. All others are
# offered to everybody, without a value.
OFFERS: dict[int, Callable[[Settings, Session], str | None]] = {}
