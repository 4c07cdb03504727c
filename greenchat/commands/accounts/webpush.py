"""WEBPUSH: push notifications for the devices of an account.

https://github.com/ircv3/ircv3-specifications/blob/master/extensions/webpush.md
"""

import base64
import binascii
import re

from greenchat.chat import documents
from greenchat.chat.account_data.push_subscriptions import PushSubscription
from greenchat.chat.accounts import Account
from greenchat.commands.core.cap_offers import OFFERS
from greenchat.commands.core.context import Context
from greenchat.commands.core.errors import FailError
from greenchat.commands.core.persistence import Change, carry_out
from greenchat.commands.core.registry import Way, command
from greenchat.commands.core.steps import step
from greenchat.protocol import caps
from greenchat.protocol.message import parse
from greenchat.storage.interface import Document
from greenchat.values.addresses import is_out_of_bounds

_MOST = 10  # of one account; the oldest goes
_LONGEST = 1024  # bytes of an endpoint: those of browsers have some 200
_ENDPOINT = re.compile(r"https://[A-Za-z0-9.:\[\]-]{1,255}(/[!-~]*)?")
_POINT, _SECRET = 65, 16  # bytes of a key of P-256, not compressed, and of the secret
_KEPT = caps.MESSAGE_TAGS | caps.SERVER_TIME | caps.ACCOUNT_TAG

OFFERS[caps.WEBPUSH] = lambda settings, _: "" if settings.outbound.push.enabled else None


@command("WEBPUSH", params=1, needs=caps.WEBPUSH, way=Way.STEPS)
def webpush(ctx: Context) -> None:
    """WEBPUSH VAPIDPUBKEY | REGISTER <endpoint> <keys> | UNREGISTER <endpoint>

    Register a device for push notifications of private messages and highlights. Clients do this for you.
    """
    subcommand, *words = ctx.message.params
    subcommand = subcommand.upper()
    wanted = {"VAPIDPUBKEY": 0, "REGISTER": 2, "UNREGISTER": 1}.get(subcommand)
    if wanted is None or len(words) < wanted:
        raise _wrong(subcommand, "VAPIDPUBKEY, REGISTER with an endpoint and keys, or UNREGISTER with an endpoint")
    if subcommand == "VAPIDPUBKEY":
        ctx.respond(ctx.envelope("WEBPUSH", subcommand, ctx.network.local.vapid))
        return
    account = ctx.network.accounts.get(ctx.session.account) if ctx.session.account else None
    if account is None:
        raise FailError("WEBPUSH", "ACCOUNT_REQUIRED", subcommand, text="You have to be logged in")
    endpoint = words[0]
    if subcommand == "REGISTER":
        p256dh, auth = _keys(words[1])
        if not _ENDPOINT.fullmatch(endpoint) or len(endpoint) > _LONGEST:
            raise _wrong(subcommand, "The endpoint must be an https URL")
        _check_place(ctx, endpoint)
        caps_bits = ctx.session.caps & _KEPT
        ctx.propose(_subscribe, PushSubscription(endpoint, p256dh, auth, account.id, caps_bits, ctx.now).document())
    else:
        ctx.propose(_unsubscribe, endpoint, account.id)
    ctx.respond(ctx.envelope("WEBPUSH", subcommand, endpoint))


def _check_place(ctx: Context, endpoint: str) -> None:
    """Check the form of an endpoint. Raises FailError."""
    try:
        if is_out_of_bounds(endpoint, ctx.network.settings.outbound.push.networks):
            raise _wrong("REGISTER", "The endpoint must have a public address")
    except ValueError:
        raise _wrong("REGISTER", "The endpoint must be an https URL") from None


def _keys(text: str) -> tuple[str, str]:
    """Return the device's key and secret. Raises FailError."""
    tags = parse(f"@{text} X").tags
    key, secret = tags.get("p256dh", ""), tags.get("auth", "")
    if len(_decoded(key)) != _POINT or len(_decoded(secret)) != _SECRET:
        raise _wrong("REGISTER", "The keys must be p256dh=KEY;auth=SECRET in URL-safe base64")
    return key.rstrip("="), secret.rstrip("=")


def _decoded(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4))
    except (binascii.Error, ValueError):
        return b""


def _wrong(subcommand: str, text: str) -> FailError:
    return FailError("WEBPUSH", "INVALID_PARAMS", subcommand, text=text)


@step("webpush.add")
def _subscribe(ctx: Context, document: dict[str, object]) -> None:
    subscription = PushSubscription.from_document(document)
    pushes = ctx.network.account_data.pushes
    known = [each.endpoint for each in pushes.of(subscription.owner) if each.endpoint != subscription.endpoint]
    write = Document(documents.PUSH.name, subscription.endpoint, subscription.document())
    added = Change((write,), lambda: pushes.put(subscription))
    carry_out(ctx, _removal(ctx, known[: max(0, len(known) - _MOST + 1)]), added)


@step("webpush.drop")
def _unsubscribe(ctx: Context, endpoint: str, owner: str) -> None:
    subscription = ctx.network.account_data.pushes.get(endpoint)
    if subscription is not None and subscription.owner == owner:
        forget_push(ctx, endpoint)


@step("webpush.forget")
def forget_push(ctx: Context, endpoint: str) -> None:
    """Drop a subscription, if it is there. Raises StoreError."""
    if ctx.network.account_data.pushes.get(endpoint):
        ctx.commit(Document(documents.PUSH.name, endpoint, None))
        ctx.network.account_data.pushes.drop(endpoint)


def push_removal(ctx: Context, account: Account) -> Change:
    """Return the change that drops all subscriptions of an account, which may have been made by another person."""
    return _removal(ctx, [each.endpoint for each in ctx.network.account_data.pushes.of(account.id)])


def _removal(ctx: Context, endpoints: list[str]) -> Change:
    def apply() -> None:
        for endpoint in endpoints:
            ctx.network.account_data.pushes.drop(endpoint)

    return Change(tuple(Document(documents.PUSH.name, endpoint, None) for endpoint in endpoints), apply)
