"""Registration of a connection: PASS USER, the welcome, PING PONG, QUIT.

https://modern.ircdocs.horse/#connection-registration
"""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from greenchat.chat.metadata import MetadataUse
from greenchat.chat.outbox import Outbox
from greenchat.chat.user import Session, TlsClient, User
from greenchat.chat.visibility import shown_host
from greenchat.commands.accounts.nick_ownership import owns, why_not_nick
from greenchat.commands.channels.join_part import greeting
from greenchat.commands.connection.always_on import tell_missed
from greenchat.commands.connection.ban_enforcement import ban_of, disconnect_banned
from greenchat.commands.connection.defcon_gate import objection_to_guest
from greenchat.commands.connection.lost_connections import former_guest, may_take_nick, take_over_nick, token_of
from greenchat.commands.connection.persistence import status
from greenchat.commands.connection.quit import OWN_WORDS, remove_session
from greenchat.commands.connection.server_password import check_server_password
from greenchat.commands.core.constants import send_constants
from greenchat.commands.core.context import Context
from greenchat.commands.core.deferred import Continuation
from greenchat.commands.core.errors import IrcError, TooLongError
from greenchat.commands.core.registry import Way, command
from greenchat.commands.core.steps import step
from greenchat.commands.info.isupport import send_isupport
from greenchat.commands.info.server import send_lusers, send_motd
from greenchat.commands.users.away import arrive
from greenchat.commands.users.metadata_sync import send_own, sync_joined, take_pending
from greenchat.commands.users.monitor import tell_online
from greenchat.commands.users.user_modes import USER_MODES, send_modes
from greenchat.protocol import caps
from greenchat.protocol.envelopes.envelope import Envelope
from greenchat.protocol.envelopes.numeric import Addressed
from greenchat.protocol.message import Message
from greenchat.protocol.msgid import format_msgid
from greenchat.protocol.numerics import Numeric
from greenchat.protocol.times import in_words
from greenchat.values import names


@command("PASS", params=1, anytime=True, way=Way.STEPS)
def pass_(ctx: Context) -> None:
    """PASS <password>

    Give the server's password, before NICK and USER.
    """
    if ctx.session.user:
        raise IrcError(Numeric.ERR_ALREADYREGISTERED)
    ctx.session.registration.password = ctx.message.params[0]


@command("USER", params=4, anytime=True, way=Way.STEPS)
def user(ctx: Context) -> Continuation | None:
    """USER <username> 0 * <realname>

    Set your username and real name on connecting. Clients do this for you.
    """
    session = ctx.session
    if session.user:
        raise IrcError(Numeric.ERR_ALREADYREGISTERED)
    username, _, _, realname = ctx.message.params[:4]
    if not (username and realname):
        # "If it is empty, the server SHOULD reject the command with ERR_NEEDMOREPARAMS (even if an empty parameter is
        # provided)": said of the username; WHOIS with an empty realname helps nobody either
        raise IrcError(Numeric.ERR_NEEDMOREPARAMS, "USER")
    limits = ctx.network.settings.limits
    session.registration.username = names.username(username, limits.username)
    session.registration.realname = names.realname(realname, limits.realname)
    if session.registration.realname != realname:
        ctx.notice(f"Your real name was too long and was truncated to: {session.registration.realname}")
    return complete_registration(ctx)


def complete_registration(ctx: Context) -> Continuation | None:
    """Welcome a session whose registration is complete, including any capability negotiation."""
    session = ctx.session
    if session.user or not session.registration.is_complete:
        return None
    if session.sasl is not None:
        # "If the client completes registration ... while the SASL authentication is still in progress, the server
        # SHOULD abort it and send a 906 numeric, then register the client without authentication"
        session.sasl = None
        ctx.reply(Numeric.ERR_SASLABORTED)
    return check_server_password(ctx, _propose)


def _propose(ctx: Context) -> None:
    session = ctx.session
    use = session.metadata
    form = {name: getattr(session, name) for name in _SHOWN}
    form |= {name: getattr(session.registration, name) for name in _SAID}
    form["certificate"] = session.tls.certificate
    form["pending"] = dict(use.pending) if use else {}
    ctx.propose(_come_in, form)


# The fields of a session that other nodes need: all that it has sent before the welcome, except for its password.
_SHOWN = ("now", "host", "secure", "dialect", "caps", "account", "away", "gateway", "token")
_SAID = ("nick", "username", "realname", "cap_version", "listed", "resumes")  # of its registration


def new_session(outbox: Outbox, form: Mapping[str, Any], now: int) -> Session:
    """Return the session of another process, from the first field of the step `enter`."""
    session = Session(outbox, form["host"], now)
    for name in _SHOWN:
        setattr(session, name, form[name])
    for name in _SAID:
        setattr(session.registration, name, form[name])
    session.tls = TlsClient(form["certificate"])
    if form["pending"]:
        session.metadata = MetadataUse(pending=dict(form["pending"]))
    return session


@step("enter")
def _come_in(ctx: Context, form: Mapping[str, Any]) -> None:
    """Register a session whose registration is complete. Raises 433.

    form: for `new_session`, if the session belongs to another process.
    """
    session = ctx.session
    registration = session.registration
    settings = ctx.network.settings
    if session.account and settings.accounts.force_nick:
        registration.nick = session.account
    ban = ban_of(ctx, session)
    if ban is not None:
        disconnect_banned(ctx, session, ban)
        return
    objection = objection_to_guest(ctx, session)
    if objection:
        if session.caps & (caps.STANDARD_REPLIES | caps.ACCOUNT_REGISTRATION | caps.SASL):
            # "in response to the end of connection registration ... if connection registration cannot proceed unless
            # the user logs into an account with SASL": https://ircv3.net/specs/extensions/account-registration
            ctx.fail("*", "ACCOUNT_REQUIRED", text=objection)
        ctx.close(session, objection)
        return
    former = former_guest(ctx)
    if former is not None:
        registration.nick = former.nick
        registration.password = ""
        _attach(ctx, former)
        return
    holder = ctx.network.holder(registration.nick)
    if holder is not None and owns(ctx, holder):
        registration.password = ""
        _attach(ctx, holder)
        return
    refusal = why_not_nick(ctx, registration.nick)
    if holder is not None and not refusal and may_take_nick(ctx, holder):
        take_over_nick(ctx, holder)
        holder = None
    if holder is not None or refusal:
        # another session took this nick while this one was still negotiating, or it belongs to an account
        taken = registration.nick
        registration.nick = ""
        raise IrcError(Numeric.ERR_NICKNAMEINUSE, taken, text=refusal)
    registration.password = ""
    account = ctx.network.accounts.get(session.account) if session.account else None
    newcomer = User(
        nick=registration.nick,
        username=registration.username,
        host=shown_host(ctx.network, session.account, session.host),
        realname=registration.realname,
        real_host=session.host,
        signon=ctx.now,
        active=ctx.now,
        away=session.away,
        guest_id="~" + format_msgid(ctx.new_id()),
        account=session.account,
        metadata=dict(account.metadata) if account else {},
    )
    ctx.network.register(newcomer, session)
    for letter in settings.new_modes.user_flags + ("r" if newcomer.account else ""):
        ctx.network.set_mode(newcomer, letter, True)
    take_pending(ctx, newcomer)
    _welcome(ctx, newcomer)
    tell_online(ctx, newcomer)


def _attach(ctx: Context, user: User) -> None:
    """Attach another connection to a user: welcome it, and show it the user's channels."""
    session = ctx.session
    returns = not user.sessions
    if user in ctx.network.lost_users and not session.away:
        session.away = user.away  # set on the lost connection
    ctx.network.attach(user, session)
    take_pending(ctx, user)
    _welcome(ctx, user)
    arrive(ctx, user)
    show_channels(ctx, user)
    if returns:
        tell_missed(ctx, user)


def show_channels(ctx: Context, user: User) -> None:
    """Show an attached session the channels of its user."""
    session = ctx.session
    for channel in ctx.network.channels_of(user):
        extended = (channel.name, user.account or "*", user.realname)
        ctx.respond(ctx.envelope("JOIN", channel.name, source=user, extended=extended))
        for envelope in greeting(ctx, channel, session):
            ctx.respond(envelope)
        sync_joined(ctx, channel, session)


def _welcome(ctx: Context, newcomer: User) -> None:
    session, settings = ctx.session, ctx.network.settings
    ctx.reply(Numeric.RPL_WELCOME, text=f"Welcome to the {settings.about.network} Network, {newcomer.nick}")
    send_constants(ctx, "welcome", partial(_about_server, ctx))
    send_isupport(ctx)
    if session.caps & caps.WHOAMI and session.caps & caps.CHGHOST:
        # "the server MUST send a `SETNAME` line as part of the registration burst, between the final `005 RPL_ISUPPORT`
        # and the beginning of the `LUSERS` numerics": https://ircv3.net/specs/extensions/whoami
        ctx.respond(Envelope(Message("SETNAME", (newcomer.realname,), newcomer.source), time=ctx.now))
    if session.caps & caps.PERSISTENCE and newcomer.account:
        ctx.respond(status(ctx, newcomer))
    if session.caps & caps.RESUME and not newcomer.account:
        ctx.respond(ctx.envelope("RESUME", token_of(ctx.network, newcomer, secure=session.secure)))
    send_lusers(ctx)
    if newcomer.modes:
        send_modes(ctx, newcomer)
    send_own(ctx, newcomer)
    send_motd(ctx)
    if newcomer.host != session.host:
        ctx.reply(Numeric.RPL_HOSTHIDDEN, newcomer.host)


def _about_server(ctx: Context) -> Iterator[Addressed]:
    settings = ctx.network.settings
    version, table = settings.about.version, settings.mode_table
    yield ctx.addressed(Numeric.RPL_YOURHOST, f"Your host is {settings.name}, running version {version}")
    yield ctx.addressed(Numeric.RPL_CREATED, f"This server was created {in_words(ctx.network.started)}")
    channel_modes = "".join(sorted(table.lists + table.always + table.setting + table.flags + table.prefixes))
    with_parameter = "".join(sorted(table.lists + table.always + table.setting + table.prefixes))
    yield ctx.addressed(Numeric.RPL_MYINFO, settings.name, version, "".join(USER_MODES), channel_modes, with_parameter)


@command("PING", params=1, anytime=True, way=Way.HERE)
def ping(ctx: Context) -> None:
    """PING <token>

    Check the connection: the server returns the token.
    """
    if not ctx.message.params[0]:
        raise IrcError(Numeric.ERR_NOORIGIN)
    # "must reply to it with a PONG message with the same <token> value": a token that leaves no room for our name
    # is cut
    ctx.respond(ctx.envelope("PONG", ctx.network.settings.name, ctx.message.params[0]))


@command("PONG", anytime=True, way=Way.HERE)
def pong(ctx: Context) -> None:
    """PONG <token>

    Answer a PING of the server. Clients do this for you.
    """
    # nothing to do: reading the line has noted that the connection is alive


@command("QUIT", anytime=True)
def quit_(ctx: Context) -> None:
    """QUIT [<reason>]

    Disconnect. A reason that is too long for a line is left out, and you are told.
    """
    # "servers SHOULD prepend <reason> with the ASCII string "Quit: "", also where it is empty
    reason = OWN_WORDS + (ctx.message.params[0] if ctx.message.params else "")
    session = ctx.session
    parting = ctx.envelope("QUIT", reason, source=session.user) if session.user else ctx.farewell(reason)
    if not (parting.fits and ctx.farewell(reason).fits):
        ctx.refuse(TooLongError())
        reason = OWN_WORDS
    if session.user and not session.dialect:
        ctx.network.catch_up(session)
        # RFC 1459, 4.1.6, has the server only close the connection; clients wait for their own QUIT as for their own
        # PART, and a session of several is told why it ends
        ctx.respond(ctx.envelope("QUIT", reason, source=session.user))
    ctx.close(session, reason)
    remove_session(ctx, session, session.closing)


@command("ERROR", anytime=True, way=Way.HERE)
def error(ctx: Context) -> None:
    """ERROR <reason>

    Report why a connection ends. Only servers send this; from clients it is ignored.
    """
