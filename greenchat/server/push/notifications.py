"""Pushes and webhooks of a server, by its settings."""

from greenchat.config.settings import Settings
from greenchat.server.push.pusher import Pusher, PushServerParts, start_push
from greenchat.server.push.webhook_sender import WebhookSender, start_webhooks
from greenchat.storage.interface import Store


class Notifications:
    """The senders of one server. push: to devices; webhooks: of channels; each None if the settings disable it."""

    def __init__(self, server: PushServerParts, settings: Settings, store: Store, new: bytes) -> None:
        """Start the senders. new: 32 random bytes, the key if none is stored yet. Raises StoreError."""
        self.push: Pusher | None = start_push(server, settings.outbound.push, store, new)
        self.webhooks: WebhookSender | None = start_webhooks(server, settings.outbound.webhooks)
