"""The property of accounts; all nodes share it."""

from greenchat.chat.owned.files import Files
from greenchat.chat.owned.push_subscriptions import PushSubscriptions
from greenchat.chat.owned.webhooks import Webhooks


class OwnedState:
    """All uploaded files, push subscriptions and webhooks."""

    __slots__ = ("files", "pushes", "webhooks")

    def __init__(self) -> None:
        self.files = Files()
        self.pushes = PushSubscriptions()
        self.webhooks = Webhooks()
