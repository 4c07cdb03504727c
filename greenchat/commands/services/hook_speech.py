"""Messages of hooks in their channels: like a bot's RELAYMSG, with the owner's rank by the access list.

The owner need not be connected. A hook works only while the owner is an operator of the channel by its access list.
"""

from greenchat.chat import policy, ranks
from greenchat.chat.channel import Channel
from greenchat.chat.outbox import Dirty, Outbox
from greenchat.chat.registered_channels import rank_of
from greenchat.chat.tokens import HOOK, Token
from greenchat.chat.user import Session, User
from greenchat.commands.accounts.tokens import acting_account
from greenchat.commands.core.context import Context
from greenchat.commands.core.errors import IrcError
from greenchat.commands.core.line_length import require_fit
from greenchat.commands.core.steps import step
from greenchat.commands.messages.privmsg import client_tags, say_to_channel
from greenchat.commands.messages.relaymsg import RESERVED
from greenchat.protocol.envelopes.relayed import RelayedEnvelope
from greenchat.protocol.message import Message
from greenchat.protocol.msgid import format_msgid, parse_msgid, time_of
from greenchat.protocol.numerics import Numeric
from greenchat.protocol.plain.text import split_text, visible_typed
from greenchat.protocol.wrap import room

HOOK_RANK = "o"  # the owner's required rank by the access list, to make a hook and to use it
LINES = 20  # messages of a hook at once
_USERNAME = "hook"
_LONGEST_NAME = 30  # characters


def find_hook(ctx: Context, hashed: str) -> tuple[Token, Channel] | None:
    """Return a valid hook, and its channel."""
    token = ctx.network.tokens.get(hashed, ctx.now)
    if token is None or token.kind != HOOK:
        return None
    account, channel = acting_account(ctx, token), ctx.network.channel(token.channel)
    if account is None or channel is None or not ranks.is_at_least(rank_of(channel, account.id), HOOK_RANK):
        return None
    return token, channel


@step("hook.say")
def say_by_hook(ctx: Context, hashed: str, name: str, text: str, thread: str) -> list[str]:
    """Send a text, a message for each line, and return their msgids.

    name: the sender's, with any characters. thread: the msgid of the message that it answers, or "".
    Raises IrcError without sending anything: 403 for an invalid hook, 404 if the channel forbids the message, 412 for
    an empty text, 417 for one that is too long.
    """
    hook = find_hook(ctx, hashed)
    if hook is None:
        raise IrcError(Numeric.ERR_NOSUCHCHANNEL, "*")
    token, channel = hook
    speaker = _speaker(ctx, name)
    lines = _lines(speaker, channel, text)
    if not lines:
        raise IrcError(Numeric.ERR_NOTEXTTOSEND)
    if len(lines) > LINES:
        raise IrcError(Numeric.ERR_INPUTTOOLONG, text=f"At most {LINES} lines")
    # as with RELAYMSG, mutes apply to the name; the owner's rank overrides modes for members without one
    if policy.is_muted(speaker, channel):
        raise IrcError(Numeric.ERR_CANNOTSENDTOCHAN, channel.name, text="Cannot send to channel (+b)")
    for line in lines:
        refusal = policy.may_be_said(channel, "PRIVMSG", line)
        if refusal is not None:
            raise IrcError(refusal.numeric, channel.name, text=refusal.text)
    own = Session(Outbox(Dirty()), "", ctx.now, user=speaker)
    hook_ctx = ctx.for_session(own)
    tags = {"+draft/reply": thread} if parse_msgid(thread) is not None else {}
    envelopes = []
    for line in lines:
        hook_ctx.adopt(Message("PRIVMSG", (channel.name, line), tags=tags))
        msgid = ctx.new_id()
        message = Message("PRIVMSG", (channel.name, line), speaker.source, client_tags(hook_ctx))
        envelopes.append(RelayedEnvelope(message, token.account, time=time_of(msgid), msgid=msgid))
    require_fit(*envelopes)
    for envelope in envelopes:
        say_to_channel(hook_ctx, channel, envelope)
    return [format_msgid(envelope.msgid) for envelope in envelopes]


def _speaker(ctx: Context, name: str) -> User:
    """Return a user with a name that is not a valid nick: it ends in /hook, or in another separator of RELAYMSG."""
    separator = (ctx.network.settings.relaymsg.separators or "/")[0]
    cleaned = "".join(each for each in "-".join(name.split()) if each.isprintable() and each not in RESERVED)
    shown = f"{cleaned[:_LONGEST_NAME].strip('-') or 'web'}{separator}hook"
    host = ctx.network.settings.name
    return User(shown, _USERNAME, host, shown, real_host=host, signon=ctx.now, active=ctx.now)


def _lines(speaker: User, channel: Channel, text: str) -> list[str]:
    """Return the lines without invalid characters and CTCP."""
    size = room(speaker.source, "PRIVMSG", channel.name)
    clean = text.encode(errors="replace").decode()  # JSON can contain lone surrogates
    lines = [visible_typed(line).rstrip() for line in clean.splitlines()[: LINES + 1]]
    return [piece for line in lines if line for piece in split_text(line, size)]
