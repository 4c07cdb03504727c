"""ChanServ: registered channels, which stay when they are empty and restore the ranks of their members."""

import hmac
from dataclasses import replace

from greenchat.chat.channel import Channel, ChannelRegistration
from greenchat.chat.protection.defcon import NO_CHANNELS
from greenchat.chat.ranks import LETTERS
from greenchat.chat.registered_channels import rank_of
from greenchat.commands.channels.ranks import give_rank, grant_rank
from greenchat.commands.core.audit_log import act, note
from greenchat.commands.core.context import Context
from greenchat.commands.core.persistence import register_channel
from greenchat.commands.core.service import ServiceError, may, service, tell
from greenchat.protocol.times import in_words

CHANSERV = service("ChanServ", "ChanServ registers channels and protects them for their owners.", "CS")

_MOST_ACCESS = 500  # accounts that can have a rank in one channel


@CHANSERV.command("REGISTER", "<#channel>")
def register(ctx: Context, words: list[str]) -> None:
    """Register a channel. You must be logged in and its operator."""
    account = account_of(ctx)
    channel = _channel(ctx, words[0])
    if channel.registration is not None:
        raise ServiceError(f"{channel.name} is already registered")
    if not channel.is_at_least(ctx.user, "o"):
        raise ServiceError(f"You must be an operator of {channel.name} to register it")
    if ctx.network.protection.defcon <= NO_CHANNELS:
        raise ServiceError("Channels can't be registered at the moment")
    if _is_lobby(ctx, channel) and not may(ctx, "samode"):  # otherwise the first user in it would own it for good
        raise ServiceError(f"{channel.name} is the lobby: only server operators can register it")
    owned = sum(_is_founder(other, account) for other in ctx.network.channels.values())
    most = ctx.network.settings.accounts.channels
    if owned >= most:
        raise ServiceError(f"You already own {owned} channels, and the limit is {most}")
    register_channel(ctx, channel, ChannelRegistration(account, ctx.now))
    grant_rank(ctx, ctx.user, channel)
    note(ctx, "CHANSERV", f"{ctx.nick} registered {channel.name}")
    tell(ctx, CHANSERV, f"{channel.name} is now registered to you")


@CHANSERV.command("UNREGISTER", "<#channel> [<code>]")
def unregister(ctx: Context, words: list[str]) -> None:
    """Unregister a channel.

    The first call answers with a code that confirms the second.
    """
    channel = own_channel(ctx, words[0])
    code = _code(ctx, channel)
    if len(words) < 2 or not hmac.compare_digest(words[1].encode(), code.encode()):
        tell(ctx, CHANSERV, f"To confirm: /msg ChanServ UNREGISTER {channel.name} {code}")
        return
    name = channel.name
    owns = is_own(ctx, channel)
    register_channel(ctx, channel, None)
    record_founder_act(ctx, f"unregistered {name}", is_own=owns)
    tell(ctx, CHANSERV, f"{name} is no longer registered")


@CHANSERV.command("OP", "<#channel> [<nick>]")
def op(ctx: Context, words: list[str]) -> None:
    """Give yourself your account's rank or, as the founder, make another user an operator."""
    channel = registered(ctx, words[0])
    if len(words) == 1:
        if not rank_of(channel, account_of(ctx)):
            raise ServiceError(f"Your account has no rank in {channel.name}")
        target = ctx.user
    else:
        own_channel(ctx, words[0])
        user = ctx.network.user(words[1])
        if user is None:
            raise ServiceError("There is no user with that nickname")
        target = user
    if target not in channel.members:
        raise ServiceError(f"{target.nick} is not in {channel.name}")
    if len(words) == 1:
        grant_rank(ctx, target, channel)
    else:
        give_rank(ctx, target, channel, "o")
        what = f"made {target.source} an operator of {channel.name}"
        record_founder_act(ctx, what, is_own=is_own(ctx, channel))
    tell(ctx, CHANSERV, f"{target.nick} now has that rank in {channel.name}")


@CHANSERV.command("AMODE", "<#channel> [<change>] [<account>]")
def amode(ctx: Context, words: list[str]) -> None:
    """List or change the ranks that accounts have in a channel.

    `AMODE #chan +o alice` makes alice an operator whenever she joins; `AMODE #chan -o alice` revokes it.
    The ranks are a (protected), o (operator), h (half-operator) and v (voice).
    """
    channel = registered(ctx, words[0])
    registration = registration_of(channel)
    if len(words) < 3:
        lines = [f"{letter}  {_name(ctx, account_id)}" for account_id, letter in registration.access.items()]
        tell(ctx, CHANSERV, f"q  {_name(ctx, registration.founder)} (founder)", *lines)
        return
    own_channel(ctx, words[0])
    sign, letter = words[1][:1], words[1][1:]
    if sign not in ("+", "-") or len(letter) != 1 or letter not in LETTERS[1:]:
        raise ServiceError("Usage: AMODE <#channel> +o|-o <account>, with a, o, h or v")
    account = ctx.network.accounts.get(words[2])
    if account is None:
        raise ServiceError("There is no such account")
    access = {key: rank for key, rank in registration.access.items() if key != account.id}
    if sign == "+":
        if len(access) >= _MOST_ACCESS:
            raise ServiceError("The access list is full")
        access[account.id] = letter
    elif registration.access.get(account.id) != letter:
        raise ServiceError(f"{account.name} does not have that rank")
    register_channel(ctx, channel, replace(registration, access=access))
    record_founder_act(
        ctx, f"set {words[1]} for the account {account.name} in {channel.name}", is_own=is_own(ctx, channel)
    )
    tell(ctx, CHANSERV, f"{account.name}: {words[1]} in {channel.name}")


@CHANSERV.command("INFO", "<#channel>")
def info(ctx: Context, words: list[str]) -> None:
    """Show the founder of a channel."""
    channel = ctx.network.channel(words[0])
    if channel is None or channel.registration is None or not (channel.is_visible_to(ctx.user) or _may(ctx)):
        raise ServiceError("There is no such registered channel")
    registration = channel.registration
    when = in_words(registration.registered)
    tell(ctx, CHANSERV, f"{channel.name} belongs to {_name(ctx, registration.founder)}, since {when}")


@CHANSERV.command("TRANSFER", "<#channel> <account> [<code>]")
def transfer(ctx: Context, words: list[str]) -> None:
    """Transfer a channel to another account.

    The first call answers with a code that confirms the second.
    """
    channel = own_channel(ctx, words[0])
    account = ctx.network.accounts.get(words[1])
    if account is None:
        raise ServiceError("There is no such account")
    code = _code(ctx, channel)
    if len(words) < 3 or not hmac.compare_digest(words[2].encode(), code.encode()):
        tell(ctx, CHANSERV, f"To confirm: /msg ChanServ TRANSFER {channel.name} {account.name} {code}")
        return
    registration = registration_of(channel)
    access = {key: rank for key, rank in registration.access.items() if key != account.id}
    owns = is_own(ctx, channel)
    successor = registration.successor if registration.successor != account.id else ""
    given = replace(registration, founder=account.id, access=access, successor=successor)
    register_channel(ctx, channel, given)
    record_founder_act(ctx, f"gave {channel.name} to the account {account.name}", is_own=owns)
    tell(ctx, CHANSERV, f"{channel.name} now belongs to {account.name}")


@CHANSERV.command("SUCCESSOR", "<#channel> [<account|none>]")
def successor(ctx: Context, words: list[str]) -> None:
    """Show or set the account that gets a channel when the founder's account is deleted or expires."""
    channel = own_channel(ctx, words[0])
    registration = registration_of(channel)
    if len(words) < 2:
        tell(ctx, CHANSERV, f"The successor in {channel.name} is {_name(ctx, registration.successor)}")
        return
    account = ctx.network.accounts.get(words[1])
    if account is None and words[1].lower() != "none":
        raise ServiceError("There is no such account")
    if account is not None and account.id == registration.founder:
        raise ServiceError(f"{account.name} is the founder of {channel.name}")
    register_channel(ctx, channel, replace(registration, successor=account.id if account else ""))
    name = account.name if account else "nobody"
    record_founder_act(ctx, f"made {name} the successor in {channel.name}", is_own=is_own(ctx, channel))
    tell(ctx, CHANSERV, f"The successor in {channel.name} is {name} now")


@CHANSERV.command("ENTRYMSG", "<#channel> [<text|none>]", leading=1)
def entrymsg(ctx: Context, words: list[str]) -> None:
    """Show or set the message that users get when they join a channel."""
    channel = own_channel(ctx, words[0])
    registration = registration_of(channel)
    if len(words) < 2:
        tell(ctx, CHANSERV, registration.entry_message or f"{channel.name} has no entry message")
        return
    text = "" if words[1].lower() == "none" else words[1]
    if len(text) > ctx.network.settings.limits.topic:
        raise ServiceError(f"An entry message has at most {ctx.network.settings.limits.topic} characters")
    register_channel(ctx, channel, replace(registration, entry_message=text))
    record_founder_act(
        ctx, f"{'set' if text else 'removed'} the entry message of {channel.name}", is_own=is_own(ctx, channel)
    )
    tell(ctx, CHANSERV, f"The entry message of {channel.name} is {'set' if text else 'removed'}")


def account_of(ctx: Context) -> str:
    """Return the id of the sender's account."""
    if not ctx.user.account_id:
        raise ServiceError(
            "You are not logged in. Use /msg NickServ IDENTIFY <password>, or create an account with /msg NickServ"
            " REGISTER <password>"
        )
    return ctx.user.account_id


def _name(ctx: Context, account_id: str) -> str:
    """Return the name of an account for people."""
    account = ctx.network.accounts.by_id(account_id)
    return account.name if account else "nobody"


def _channel(ctx: Context, name: str) -> Channel:
    channel = ctx.network.channel(name)
    if channel is None or not channel.is_visible_to(ctx.user):
        raise ServiceError("There is no such channel")
    return channel


def registered(ctx: Context, name: str) -> Channel:
    channel = ctx.network.channel(name)
    own = ctx.user.account_id  # "You are not logged in" would tell a guest of a secret channel
    if (
        channel is None
        or channel.registration is None
        or not (channel.is_visible_to(ctx.user) or rank_of(channel, own) or _may(ctx))
    ):
        raise ServiceError("There is no such registered channel")
    return channel


def own_channel(ctx: Context, name: str) -> Channel:
    channel = registered(ctx, name)
    if not (_may(ctx) or _is_founder(channel, account_of(ctx))):
        raise ServiceError(f"{channel.name} is not yours")
    return channel


def registration_of(channel: Channel) -> ChannelRegistration:
    if channel.registration is None:
        raise ServiceError("There is no such registered channel")
    return channel.registration


def _is_founder(channel: Channel, account_id: str) -> bool:
    return account_id != "" and channel.registration is not None and channel.registration.founder == account_id


def _is_lobby(ctx: Context, channel: Channel) -> bool:
    return ctx.network.fold(channel.name) == ctx.network.fold(ctx.network.settings.lobby)


def is_own(ctx: Context, channel: Channel) -> bool:
    return _is_founder(channel, ctx.user.account_id)


def record_founder_act(ctx: Context, what: str, *, is_own: bool) -> None:
    """Record a founder's act; if an operator acts in a founder's place, other operators are told, too."""
    (note if is_own else act)(ctx, "CHANSERV", f"{ctx.nick} {what}")


def _may(ctx: Context) -> bool:
    return may(ctx, "accounts")


def _code(ctx: Context, channel: Channel) -> str:
    """Return a confirmation code of eight digits, the same each time for one registration."""
    return f"{registration_of(channel).registered % 100_000_000:08}"
