"""The part of the state that somebody owns; all nodes agree on it."""

from greenchat.chat.owned.files import Files
from greenchat.chat.owned.push_subscriptions import PushSubscriptions
from greenchat.chat.owned.webhooks import Webhooks


class OwnedState:
    """All uploaded files, all devices that are pushed to, and all webhooks of channels."""

    __slots__ = ("files", "pushes", "webhooks")

    def __init__(self) -> None:
        self.files = Files()
        self.pushes = PushSubscriptions()
        self.webhooks = Webhooks()
