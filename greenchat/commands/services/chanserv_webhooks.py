"""ChanServ WEBHOOK: sends the messages of a channel, or commands in it, to external programs."""

import re
from base64 import urlsafe_b64encode

from greenchat.chat import documents, ranks
from greenchat.chat.account_data.webhooks import Webhook
from greenchat.chat.channel import Channel
from greenchat.chat.registered_channels import rank_of
from greenchat.commands.core.audit_log import note
from greenchat.commands.core.context import Context
from greenchat.commands.core.persistence import hooks_of
from greenchat.commands.core.registry import Way
from greenchat.commands.core.service import ServiceError, tell
from greenchat.commands.core.steps import step
from greenchat.commands.services.chanserv import CHANSERV
from greenchat.commands.services.hook_speech import HOOK_RANK
from greenchat.commands.services.nickserv import own_account
from greenchat.protocol.times import in_words
from greenchat.storage.interface import Document
from greenchat.values.addresses import is_out_of_bounds

_MOST = 5  # of one channel
_URL = re.compile(r"https?://[!-~]{1,300}")
_WORD = re.compile(r"[!-~]{1,30}")
_USAGE = "Usage: WEBHOOK <#channel> ADD <url> [<word>], LIST, or DEL <id>"


@CHANSERV.command("WEBHOOK", "<#channel> <ADD|LIST|DEL> [<url|id>] [<word>]", way=Way.STEPS)
def webhook(ctx: Context, words: list[str]) -> None:
    """Post the messages of your channel to a URL, as JSON, signed with a secret that is shown once.

    ADD <url> [<word>]: with a word like !deploy, only messages that begin with it. LIST and DEL <id>. Requires
    operator on the channel's access list; the webhook ends when you lose it.
    """
    channel, action = _operated_channel(ctx, words[0]), words[1].upper()
    if action == "ADD" and len(words) > 2:
        _add(ctx, channel, words[2], words[3] if len(words) > 3 else "")
    elif action == "LIST":
        lines = [_line(each) for each in _of(ctx, channel)]
        tell(ctx, CHANSERV, *(lines or [f"{channel.name} has no webhooks"]))
    elif action == "DEL" and len(words) > 2:
        hook = next((each for each in _of(ctx, channel) if each.id == words[2].lower()), None)
        if hook is None:
            raise ServiceError("There is no webhook with that id: see WEBHOOK LIST")
        note(ctx, "CHANSERV", f"{ctx.nick} removed the webhook {hook.id} of {channel.name}")
        ctx.propose(drop_webhook, hook.id)
        tell(ctx, CHANSERV, f"The webhook {hook.id} was removed")
    else:
        raise ServiceError(_USAGE)


def _add(ctx: Context, channel: Channel, url: str, word: str) -> None:
    rules = ctx.network.settings.outbound.webhooks
    if not rules.enabled:
        raise ServiceError("Webhooks are disabled on this server")
    if not _URL.fullmatch(url) or (url.startswith("http:") and not rules.networks):
        raise ServiceError("The address must be an https URL")
    try:
        if is_out_of_bounds(url, rules.networks):
            raise ServiceError("This server posts to public addresses only, and those that its operator has allowed")
    except ValueError:
        raise ServiceError("The address must be an https URL") from None
    if word and not _WORD.fullmatch(word):
        raise ServiceError("A word has at most 30 characters, like !deploy")
    if len(_of(ctx, channel)) >= _MOST:
        raise ServiceError(f"{channel.name} already has {_MOST} webhooks, the maximum")
    secret = urlsafe_b64encode(ctx.random(24)).decode()
    made = Webhook(ctx.random(4).hex(), own_account(ctx).id, channel.name, url, secret, word, ctx.now)
    note(ctx, "CHANSERV", f"{ctx.nick} created the webhook {made.id} of {channel.name}")
    ctx.propose(_put, made.document())
    tell(ctx, CHANSERV, f"The webhook {made.id} was created. Its secret (shown only once): {secret}")


def _of(ctx: Context, channel: Channel) -> list[Webhook]:
    _, webhooks = hooks_of(ctx.network, channel.name)
    return webhooks


def _line(each: Webhook) -> str:
    return f"{each.id}  {each.url}  {each.word or 'all messages'}, since {in_words(each.created)}"


def _operated_channel(ctx: Context, name: str) -> Channel:
    channel, account = ctx.network.channel(name), own_account(ctx)
    if channel is None or not ranks.is_at_least(rank_of(channel, account.id), HOOK_RANK):
        raise ServiceError(
            f"The access list of {name[:50]} does not make you an operator: see ChanServ REGISTER and AMODE"
        )
    return channel


@step("webhook.add")
def _put(ctx: Context, document: dict[str, object]) -> None:
    made = Webhook.from_document(document)
    ctx.commit(Document(documents.WEBHOOK.name, made.id, made.document()))
    ctx.network.account_data.webhooks.put(made)


@step("webhook.drop")
def drop_webhook(ctx: Context, number: str) -> None:
    """Drop a webhook, if it is there. Raises StoreError."""
    if ctx.network.account_data.webhooks.get(number):
        ctx.commit(Document(documents.WEBHOOK.name, number, None))
        ctx.network.account_data.webhooks.drop(number)
