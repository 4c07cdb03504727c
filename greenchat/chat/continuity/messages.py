"""Messages as JSON values, for the parts of the state that have some."""

from collections.abc import Mapping, Sequence
from typing import Any

from greenchat.protocol.message import Message

Form = Mapping[str, Any]
"""A part of the state as a JSON value."""


def dump_message(message: Message) -> list[Any]:
    """Return a message as a JSON value."""
    return [message.command, list(message.params), message.source, dict(message.tags)]


def load_message(form: Sequence[Any]) -> Message:
    """Load `dump_message`'s output."""
    command, params, source, tags = form
    return Message(command, tuple(params), source, tags)
