"""NickServ TOKEN: tokens with which programs act for an account, or write to one channel, without its password."""

from greenchat.chat import ranks
from greenchat.chat.channel import Channel
from greenchat.chat.registered_channels import rank_of
from greenchat.chat.tokens import BOT, HOOK, PASSING, Token
from greenchat.commands.accounts.tokens import drop, make
from greenchat.commands.core.audit_log import note
from greenchat.commands.core.context import Context
from greenchat.commands.core.persistence import hooks_of
from greenchat.commands.core.registry import Way
from greenchat.commands.core.service import ServiceError, tell
from greenchat.commands.services.bot_speech import RIGHTS
from greenchat.commands.services.hook_speech import HOOK_RANK
from greenchat.commands.services.nickserv import NICKSERV, own_account
from greenchat.protocol.times import in_words
from greenchat.values.durations import parse_duration

_MOST = 20  # tokens of one kind, of one account
_LONGEST_LABEL = 50  # characters
_CREATE = "Usage: TOKEN CREATE HOOK <#channel> [<duration>] [<label>], or BOT <read,say,admin> [<duration>] [<label>]"

_HOOK_USE = (
    'Append it to the address of this server\'s web page, and POST {"text": "hello"} to it as JSON; it also'
    " accepts the webhooks of GitHub, GitLab, Gitea, Grafana, Alertmanager and Slack"
)
_BOT_USE = (
    "Send it as Authorization: Bearer to api/v1 below the address of this server's web page; see api/v1/openapi.json"
)


@NICKSERV.command("TOKEN", "<CREATE|LIST|REVOKE> [<what>]", way=Way.STEPS)
def token(ctx: Context, words: list[str]) -> None:
    """Create, list and revoke tokens for programs, which then need no password.

    CREATE HOOK #channel [30d] [label]: lets programs send messages to that channel over HTTP.
    Requires operator on the channel's access list; the token ends when you lose it.
    CREATE BOT read,say [30d] [label]: lets programs read and speak as you through the HTTP API; with admin, also use
    your rights as a server operator.
    LIST [#channel]: lists your tokens, or the hooks of a channel where you are an operator. REVOKE <id> revokes one.
    """
    action = words[0].upper()
    if action == "CREATE":
        _create(ctx, words[1:])
    elif action == "LIST":
        _list(ctx, words[1:])
    elif action == "REVOKE":
        _revoke(ctx, words[1:])
    else:
        raise ServiceError("Usage: TOKEN CREATE|LIST|REVOKE")


def _create(ctx: Context, words: list[str]) -> None:
    account = own_account(ctx)
    kind = words[0].lower() if len(words) > 1 else ""
    rights = tuple(dict.fromkeys(words[1].lower().split(","))) if kind == BOT else ()
    if kind not in (HOOK, BOT) or not set(rights) <= set(RIGHTS):
        raise ServiceError(_CREATE)
    if not account.usable:
        raise ServiceError("Your account must be confirmed first")
    channel = _operated_channel(ctx, words[1]).name if kind == HOOK else ""
    lasts = parse_duration(words[2]) if len(words) > 2 else None
    label = " ".join(words[2 if lasts is None else 3 :])
    if len(label) > _LONGEST_LABEL or not label.isprintable():
        raise ServiceError(f"A label has at most {_LONGEST_LABEL} printable characters")
    alike = [each for each in ctx.network.tokens.of(account) if each.kind == kind and each.holds(ctx.now)]
    if len(alike) >= _MOST:
        raise ServiceError(f"You already have {_MOST} {kind}s, the maximum: remove one with TOKEN REVOKE")
    note(ctx, "NICKSERV", f"{ctx.nick} created a {kind} for {channel or account.name}")
    secret = make(ctx, account, kind, lasts=(lasts or 0) * 1000, label=label, rights=rights, channel=channel)
    if kind == HOOK:
        tell(ctx, NICKSERV, f"The hook of {channel} (shown only once): hooks/{secret}", _HOOK_USE)
    else:
        tell(ctx, NICKSERV, f"The token (shown only once): {secret}", _BOT_USE)


def _list(ctx: Context, words: list[str]) -> None:
    if words:
        name = _operated_channel(ctx, words[0]).name
        tokens, _ = hooks_of(ctx.network, name)
    else:
        tokens = [each for each in ctx.network.tokens.of(own_account(ctx)) if each.kind not in PASSING]
    lines = [_line(each) for each in tokens if each.holds(ctx.now)]
    tell(ctx, NICKSERV, *(lines or ["No tokens"]))


def _line(token: Token) -> str:
    scope = f" for {token.channel}, by {token.account}" if token.channel else ""
    may = f", may {' and '.join(token.rights)}" if token.rights else ""
    ends = f"until {in_words(token.expires)}" if token.expires else "no expiry"
    label = f": {token.label}" if token.label else ""
    return f"{token.id}  {token.kind}{scope}{may}, since {in_words(token.created)}, {ends}{label}"


def _revoke(ctx: Context, words: list[str]) -> None:
    if not words:
        raise ServiceError("Usage: TOKEN REVOKE <id>; see TOKEN LIST")
    account = own_account(ctx)
    token_id = words[0].lower()
    alike = [each for each in ctx.network.tokens.of(account) if each.id == token_id] or [
        each
        for each in ctx.network.tokens
        if each.id == token_id and each.kind == HOOK and _operates(ctx, each.channel)
    ]
    if not alike:
        raise ServiceError("You have no token with that id: see TOKEN LIST")
    revoked = alike[0]
    note(
        ctx,
        "NICKSERV",
        f"{ctx.nick} revoked the {revoked.kind} {revoked.id} of {revoked.account} {revoked.channel}".rstrip(),
    )
    ctx.propose(drop, revoked.hash)
    tell(ctx, NICKSERV, f"{revoked.id} was revoked")


def _operated_channel(ctx: Context, name: str) -> Channel:
    """Check that the sender is an operator of the channel by the access list. Raises ServiceError."""
    own_account(ctx)
    channel = ctx.network.channel(name)
    if channel is None or not _operates(ctx, name):
        raise ServiceError(
            f"The access list of {name[:50]} does not make you an operator: see ChanServ REGISTER and AMODE"
        )
    return channel


def _operates(ctx: Context, name: str) -> bool:
    channel = ctx.network.channel(name)
    return channel is not None and ranks.is_at_least(rank_of(channel, own_account(ctx).id), HOOK_RANK)
