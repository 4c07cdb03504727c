"""The name under which plugins import what they need; see `greenchat.client.plugins.api`."""

from greenchat.client.plugins.api import Chat, ChatMessage

__all__ = ["Chat", "ChatMessage"]
