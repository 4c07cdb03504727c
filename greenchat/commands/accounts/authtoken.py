"""TOKEN: tokens for external services, and their validation by the services.

https://github.com/ircv3/ircv3-specifications/pull/602 (draft). A token is random, and valid once, for ten minutes. Its
claims are made when the service validates it, so that they do not contain a rank that was lost meanwhile. It fits into
a line, so there is neither the capability nor a batch of TOKEN VALIDATE.
"""

from collections.abc import Iterator

from greenchat.chat.accounts import Account
from greenchat.chat.channel import Channel
from greenchat.chat.registered_channels import rank_of
from greenchat.chat.tokens import SERVICE, hash_of
from greenchat.commands.accounts.login import origin_of
from greenchat.commands.accounts.login_throttle import count_wrong, seconds_to_wait
from greenchat.commands.accounts.tokens import acting_account, drop, find_token, make
from greenchat.commands.core.context import Context
from greenchat.commands.core.errors import FailError, IrcError
from greenchat.commands.core.registry import Way, command
from greenchat.config.external_services import ExternalService
from greenchat.protocol import caps
from greenchat.protocol.numerics import Numeric

_LASTS = 600_000  # ms
_BATCH = "draft/authtoken"


@command("TOKEN", params=1, anytime=True, way=Way.STEPS)
def token(ctx: Context) -> None:
    """TOKEN SERVICELIST | TOKEN GENERATE <service> [<channel>] | TOKEN VALIDATE <service> <url> <token>

    Get a token that proves your identity to a service beside the chat, like a wiki. Clients do this for you.
    """
    name, *words = ctx.message.params
    subcommand = _SUBCOMMANDS.get(name.upper())
    if subcommand is None:
        raise FailError("TOKEN", "UNKNOWN_COMMAND", name, text=f"No such subcommand: TOKEN {name[:50]}")
    handler, least = subcommand
    if name.upper() != "VALIDATE" and ctx.session.user is None:
        raise IrcError(Numeric.ERR_NOTREGISTERED)
    if len(words) < least:
        raise IrcError(Numeric.ERR_NEEDMOREPARAMS, "TOKEN")
    handler(ctx, words)


def find_service(ctx: Context, wanted: str) -> tuple[str, ExternalService] | None:
    """Return a service under its configured name: "The full service key MUST be treated as a case-insensitive
    identifier"."""
    for name, service in ctx.network.settings.external.items():
        if name.lower() == wanted.lower():
            return name, service
    return None


def _list(ctx: Context, _: list[str]) -> None:
    for name, service in ctx.network.settings.external.items():
        ctx.respond(ctx.envelope("NOTE", "TOKEN", "SERVICE", name, service.url, service.description or name))
    ctx.respond(ctx.envelope("NOTE", "TOKEN", "END_OF_LIST", "End of service list"))


def _generate(ctx: Context, words: list[str]) -> None:
    match = find_service(ctx, words[0])
    if match is None:
        raise FailError("TOKEN", "UNKNOWN_SERVICE", words[0], text="No such external service is defined")
    name, service = match
    _require_batch(ctx)
    account = ctx.network.accounts.get(ctx.session.account) if ctx.session.account else None
    if account is None or not account.usable:
        text = f"You must be logged into an account to generate a token for the {name} service"
        raise FailError("TOKEN", "ACCOUNT_REQUIRED", text=text)
    scope = _scope(ctx, words[1], name) if len(words) > 1 else ""
    secret = make(ctx, account, SERVICE, lasts=_LASTS, label=name, rights=(service.url,), channel=scope)
    ctx.respond(ctx.envelope("TOKEN", "GENERATE", name, service.url, secret))


def _scope(ctx: Context, scope: str, service: str) -> str:
    """Return the name of the channel of a token's scope. Raises FailError."""
    channel = ctx.network.channel(scope)
    if channel is None or not channel.is_visible_to(ctx.user):
        raise FailError("TOKEN", "INVALID_SCOPE", scope, text="The provided scope is invalid")
    if ctx.user not in channel.members:
        text = f"You do not have permission to generate a {service} token for {channel.name}"
        raise FailError("TOKEN", "NO_PERMISSIONS", scope, text=text)
    return channel.name


def _validate(ctx: Context, words: list[str]) -> None:
    """Answer a service with the claims of a token, which becomes invalid."""
    name, url, secret = words[:3]
    _require_batch(ctx)
    origin = (origin_of(ctx),)
    seconds = seconds_to_wait(ctx, origin)
    if seconds:
        text = f"Too many tokens were not valid: try again in {seconds} seconds"
        raise FailError("TOKEN", "NO_PERMISSIONS", name, text=text)
    shown = find_token(ctx, hash_of(secret))
    account = acting_account(ctx, shown) if shown and shown.kind == SERVICE else None
    is_for = shown is not None and (shown.label.lower(), shown.rights) == (name.lower(), (url,))
    if shown is None or account is None or not is_for or not ctx.propose(drop, shown.hash):
        count_wrong(ctx, origin)
        raise FailError("TOKEN", "INVALID_TOKEN", text="The provided token could not be validated")
    with ctx.batch(_BATCH, shown.label, url):
        for key, value in _claims(ctx, account, shown.channel):
            ctx.respond(ctx.envelope("TOKEN", "CLAIM", key, value))


def _claims(ctx: Context, account: Account, scope: str) -> Iterator[tuple[str, str]]:
    yield "account", account.name
    users = ctx.network.users_of(account.name)
    if users:
        yield "name", users[0].nick
    channel = ctx.network.channel(scope) if scope else None
    if channel is None:
        return
    if any(user in channel.members for user in users):
        yield "member_of", channel.name
    if _operates(channel, account):
        yield "operator_of", channel.name
    yield "scope", channel.name


def _operates(channel: Channel, account: Account) -> bool:
    """Whether an account is an operator of a channel: "make use of the ACLs in the services database rather than actual
    current op access" where it is registered."""
    if channel.registration is not None:
        return rank_of(channel, account.id) in ("q", "a", "o")
    return any(channel.is_at_least(user, "o") for user in channel.members if user.account_id == account.id)


def _require_batch(ctx: Context) -> None:
    if not ctx.session.caps & caps.BATCH:
        text = "You must have the batch capability before using this command"
        raise FailError("TOKEN", "NEED_CAPABILITY", "batch", text=text)


_SUBCOMMANDS = {"SERVICELIST": (_list, 0), "GENERATE": (_generate, 1), "VALIDATE": (_validate, 3)}
