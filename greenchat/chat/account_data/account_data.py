"""The data of all accounts; all nodes share it."""

from greenchat.chat.account_data.files import Files
from greenchat.chat.account_data.push_subscriptions import PushSubscriptions
from greenchat.chat.account_data.webhooks import Webhooks


class AccountData:
    """All uploaded files, push subscriptions and webhooks."""

    __slots__ = ("files", "pushes", "webhooks")

    def __init__(self) -> None:
        self.files = Files()
        self.pushes = PushSubscriptions()
        self.webhooks = Webhooks()
