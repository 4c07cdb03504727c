"""Posts the messages of channels to their webhooks: in order, with retries, each webhook independently.

Stored messages are matched in the loop, only in channels with webhooks; requests are made in threads. The queue is lost
when the server ends: a program that needs every message reads the history.
"""

import hmac
import json
import logging
from collections import deque
from collections.abc import Sequence
from typing import Any

import gevent

from greenchat.chat import ranks
from greenchat.chat.account_data.webhooks import Webhook
from greenchat.chat.registered_channels import rank_of
from greenchat.commands.services.chanserv_webhooks import drop_webhook
from greenchat.commands.services.hook_speech import HOOK_RANK
from greenchat.config.outbound import WebhookRules
from greenchat.protocol.times import format_time
from greenchat.server.fair_pool import ASKING, DOUBTFUL, FairPool
from greenchat.server.fetch import system_trust
from greenchat.server.push.outgoing import OutgoingError, post
from greenchat.server.push.pusher import PushServerParts
from greenchat.storage.interface import Speech, StoredEvent, StoreError, StoreWrite

log = logging.getLogger(__name__)

_MOST_WAITING = 500  # messages for one webhook; the oldest go
_TRIES = 8  # of one message: with the pauses two minutes
_LONGEST_PAUSE = 60.0  # seconds
_SAID = ("PRIVMSG", "NOTICE")
_OWN = "/hook"  # the suffix of names of incoming hooks, whose messages are not posted, to avoid loops


class WebhookSender:
    """Posts for one server."""

    def __init__(self, server: PushServerParts) -> None:
        self._server = server
        self._trust = system_trust()
        self._pool = FairPool(ASKING, doubtful=DOUBTFUL)
        self._waiting: dict[str, deque[tuple[str, bytes]]] = {}
        self.pause = 1.0
        """Seconds after the first failure; each further one doubles it."""
        server.turn.observers.append(self.look)

    def close(self) -> None:
        """Wait until running requests have ended."""
        self._pool.close()

    def look(self, writes: Sequence[StoreWrite]) -> None:
        """Check stored messages, in the loop, and queue requests."""
        if not len(self._server.network.account_data.webhooks):
            return
        for write in writes:
            for event in write.events() if isinstance(write, Speech) else (write,):
                if isinstance(event, StoredEvent) and event.command in _SAID:
                    self._offer(event)

    def _offer(self, event: StoredEvent) -> None:
        fold = self._server.network.fold
        for webhook in self._server.network.account_data.webhooks:
            if event.conversation == fold(webhook.channel) and not event.source.partition("!")[0].endswith(_OWN):
                text = event.params[-1]
                if not webhook.word or text == webhook.word or text.startswith(webhook.word + " "):
                    self._add(webhook, event)

    def _add(self, webhook: Webhook, event: StoredEvent) -> None:
        if not self._holds(webhook):
            gevent.spawn(self._end, webhook)
            return
        entry = event.msgid, json.dumps(_body(webhook, event), ensure_ascii=False).encode()
        waiting = self._waiting.get(webhook.id)
        if waiting is None:
            self._waiting[webhook.id] = deque((entry,))
            gevent.spawn(self._post_all, webhook)
            return
        waiting.append(entry)
        if len(waiting) > _MOST_WAITING:
            waiting.popleft()
            log.warning("the webhook %s of %s is too slow: a message was dropped", webhook.id, webhook.channel)

    def _holds(self, webhook: Webhook) -> bool:
        """Whether its owner is still an operator of the channel."""
        network = self._server.network
        channel, account = network.channel(webhook.channel), network.accounts.by_id(webhook.owner)
        if channel is None or account is None or not account.usable:
            return False
        if network.protection.bans.of_account(account.id, self._server.now()):
            return False
        return ranks.is_at_least(rank_of(channel, account.id), HOOK_RANK)

    def _end(self, webhook: Webhook) -> None:
        try:
            self._server.new_context().propose(drop_webhook, webhook.id)
        except StoreError as error:
            log.error("a webhook could not be removed: %s", error)

    def _post_all(self, webhook: Webhook) -> None:
        """Post the queue, one message after another."""
        waiting = self._waiting[webhook.id]
        try:
            while waiting and self._server.network.account_data.webhooks.get(webhook.id):
                self._post(webhook, *waiting.popleft())
        finally:
            del self._waiting[webhook.id]

    def _post(self, webhook: Webhook, msgid: str, body: bytes) -> None:
        pause = self.pause
        for _ in range(_TRIES):
            outcome = self._pool.do(webhook.owner, self._try, webhook, msgid, body)
            if isinstance(outcome, int) and 200 <= outcome < 300:
                return
            log.info("the webhook %s of %s failed: %s", webhook.id, webhook.channel, outcome)
            if outcome == 410:
                self._end(webhook)
            if not self._server.network.account_data.webhooks.get(webhook.id):
                return
            gevent.sleep(min(pause, _LONGEST_PAUSE))
            pause *= 2
        log.warning("the webhook %s of %s did not accept a message in %d tries", webhook.id, webhook.channel, _TRIES)

    def _try(self, webhook: Webhook, msgid: str, body: bytes) -> int | str:
        """Try in a thread, and return an error instead of raising it: gevent would print it as a bug."""
        rules = self._server.network.settings.outbound.webhooks
        fields = {
            "Content-Type": "application/json",
            "User-Agent": self._server.network.settings.about.version,
            "X-Greenchat-Delivery": msgid,
            "X-Hub-Signature-256": f"sha256={hmac.digest(webhook.secret.encode(), body, 'sha256').hex()}",
        }
        try:
            return post(webhook.url, body, fields, trust=self._trust, allowed=rules.networks, timeout=rules.timeout)
        except OutgoingError as error:
            return str(error)


def _body(webhook: Webhook, event: StoredEvent) -> dict[str, Any]:
    text = event.params[-1]
    body: dict[str, Any] = {
        "channel": webhook.channel,
        "command": event.command,
        "nick": event.source.partition("!")[0],
        "account": event.account or None,
        "text": text,
        "msgid": event.msgid,
        "time": format_time(event.time),
        "thread": event.tags.get("+draft/reply") or event.tags.get("+reply"),
    }
    if webhook.word:
        body["word"], body["arguments"] = webhook.word, text[len(webhook.word) :].split()
    return body


def start_webhooks(server: PushServerParts, rules: WebhookRules) -> WebhookSender | None:
    """Return the sender; None if the settings disable webhooks."""
    return WebhookSender(server) if rules.enabled else None
