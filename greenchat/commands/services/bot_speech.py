"""Bots that use the HTTP API for an account with a present user: each call runs in an additional session of that user.

Such a session is never attached: it receives no messages, and ends with its answer. It may do what the user may, within
the rights of the token.
"""

from greenchat.chat.outbox import Dirty, Outbox
from greenchat.chat.tokens import BOT, Token
from greenchat.chat.user import Session, User
from greenchat.commands.accounts.tokens import acting_account
from greenchat.commands.core import service
from greenchat.commands.core.context import Context
from greenchat.commands.core.errors import IrcError
from greenchat.commands.core.steps import step
from greenchat.commands.messages.privmsg import say
from greenchat.protocol import caps
from greenchat.protocol.message import Message, parse
from greenchat.protocol.msgid import format_msgid, parse_msgid
from greenchat.protocol.numerics import Numeric

READ, SAY, ADMIN = "read", "say", "admin"
RIGHTS = (READ, SAY, ADMIN)  # possible rights of a bot's token
_CAPS = caps.MESSAGE_TAGS | caps.SERVER_TIME | caps.ACCOUNT_TAG | caps.BATCH


def find_bot(ctx: Context, hashed: str) -> Token | None:
    """Return a bot's valid token."""
    token = ctx.network.tokens.get(hashed, ctx.now)
    return token if token is not None and token.kind == BOT and acting_account(ctx, token) is not None else None


def user_of(ctx: Context, token: Token) -> User | None:
    """Return the user for a token's calls: the one with the account's name, or else the first to log in."""
    users = ctx.network.users_of(token.account)
    return next((each for each in users if ctx.network.fold(each.nick) == ctx.network.fold(token.account)), None) or (
        users[0] if users else None
    )


def open_session(ctx: Context, user: User) -> Session:
    """Return a session of a user for one call."""
    return Session(Outbox(Dirty()), ctx.session.host, ctx.now, user=user, account=user.account, caps=_CAPS)


def answers(session: Session) -> list[Message]:
    """Return the answers of a call."""
    return [parse(line.decode()) for line in b"".join(session.outbox.pending).split(b"\r\n") if line]


@step("bot.say")
def say_by_bot(ctx: Context, hashed: str, target: str, text: str, thread: str) -> str:
    """Say a line to a channel or a user as the account's user, and return its msgid.

    Raises IrcError like a PRIVMSG of the user, or 464 if the token is no longer valid.
    """
    token = find_bot(ctx, hashed)
    user = user_of(ctx, token) if token is not None and SAY in token.rights else None
    if user is None:
        raise IrcError(Numeric.ERR_PASSWDMISMATCH)
    if "," in target or service.find(target):
        raise IrcError(Numeric.ERR_NOSUCHNICK, target)
    tags = {"+draft/reply": thread} if parse_msgid(thread) is not None else {}
    own = ctx.for_session(open_session(ctx, user))
    own.applies = True
    own.adopt(Message("PRIVMSG", (target, text), tags=tags))
    before = ctx.network.ids.last
    say(own)
    for answer in answers(own.session):
        if answer.command[0] in "45" and answer.command.isdigit():
            raise IrcError(Numeric(int(answer.command)), *answer.params[1:-1], text=answer.params[-1])
    last = ctx.network.ids.last
    return format_msgid(last) if last != before else ""
