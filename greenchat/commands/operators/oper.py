"""Operators of the server: OPER KILL WALLOPS REHASH. https://modern.ircdocs.horse/#operator-messages"""

import hashlib

from greenchat.chat.user import User
from greenchat.commands.accounts.login_throttle import count_wrong, guess, seconds_to_wait
from greenchat.commands.connection.lost_connections import disconnect, why_not_ended
from greenchat.commands.core.audit_log import act, record
from greenchat.commands.core.context import Context
from greenchat.commands.core.deferred import Continuation
from greenchat.commands.core.errors import IrcError
from greenchat.commands.core.line_length import require_fit
from greenchat.commands.core.lookup import find_user
from greenchat.commands.core.registry import Way, command
from greenchat.commands.core.steps import step
from greenchat.commands.operators.defcon import tell_defcon
from greenchat.commands.users.user_modes import change_modes
from greenchat.config.opers import Oper
from greenchat.protocol.modes import ModeChange
from greenchat.protocol.numerics import Numeric
from greenchat.values.addresses import netblock
from greenchat.values.masks import glob
from greenchat.values.passwords import verify_password


@command("OPER", params=1, way=Way.STEPS)
def oper(ctx: Context) -> Continuation | None:
    """OPER <name> [<password>]

    Become a server operator with the rights of the operator's class. If the configuration requires only a certificate
    or an account, leave the password out.
    """
    name, password = (*ctx.message.params, "")[:2]
    user = ctx.user
    who = [netblock(user.real_host)]
    seconds = seconds_to_wait(ctx, who)
    if seconds:
        _refuse(ctx, seconds)
    row = ctx.network.settings.staff.opers.get(name)
    if len(ctx.message.params) < 2 and (row is None or row.password):
        raise IrcError(Numeric.ERR_NEEDMOREPARAMS, "OPER")
    if row is None or not _is_proved(ctx, row):
        count_wrong(ctx, who)
        raise _wrong_password(ctx, name)
    if not _may_come_from(user, row):
        ctx.propose(_tell, f"{user.source} tried to become operator {name} from a wrong host")
        raise IrcError(Numeric.ERR_NOOPERHOST)

    if not row.password:
        ctx.propose(_become_operator, name, _proof_of(row))
        return None

    def decide(ctx: Context, is_right: bool) -> None:
        if not is_right:
            raise _wrong_password(ctx, name)
        ctx.propose(_become_operator, name, _proof_of(row))

    return guess(ctx, who, lambda: verify_password(password, row.password), decide, _refuse)


def _refuse(_: Context, seconds: int) -> None:
    text = f"Too many wrong passwords: try again in {seconds} seconds."
    raise IrcError(Numeric.RPL_TRYAGAIN, "OPER", text=text)


def _is_proved(ctx: Context, row: Oper) -> bool:
    """Whether the session has the certificate and account required by the operator entry, if any."""
    fold = ctx.network.fold
    has_certificate = not row.certificate or ctx.session.tls.certificate == row.certificate
    return has_certificate and (not row.account or fold(ctx.user.account) == fold(row.account))


def _may_come_from(user: User, row: Oper) -> bool:
    return any(glob(mask, f"{user.username}@{user.real_host}") for mask in row.hosts)


def _proof_of(row: Oper) -> str:
    """Return a value by which a step can check that the entry has not changed by a reload."""
    return hashlib.sha256(repr(row).encode()).hexdigest()[:16]


@step("oper.granted")
def _become_operator(ctx: Context, name: str, proof: str) -> None:
    row = ctx.network.settings.staff.opers.get(name)
    if row is None or _proof_of(row) != proof:
        raise _wrong_password(ctx, name)
    user = ctx.user
    ctx.network.protection.logins.succeeded(netblock(user.real_host))
    user.oper = name
    ctx.reply(Numeric.RPL_YOUREOPER)
    # "The user will also receive a MODE message indicating their new user modes"
    change_modes(ctx, user, [ModeChange(True, "o"), ModeChange(True, "s")])
    act(ctx, "OPER", f"{user.source} is now operator {name} of class {row.class_}")
    tell_defcon(ctx)
    for warning in ctx.network.local.warnings.values():
        ctx.notice(warning)


@step("oper.tried")
def _tell(ctx: Context, text: str) -> None:
    act(ctx, "OPER", text)


def _wrong_password(ctx: Context, name: str) -> IrcError:
    user = ctx.user
    known = (
        name if name in ctx.network.settings.staff.opers else "of an unknown name"
    )  # the name may be a misplaced password
    ctx.propose(_tell, f"{user.source} failed to become operator {known}")
    return IrcError(Numeric.ERR_PASSWDMISMATCH)


@command("KILL", params=1, right="kill")
def kill(ctx: Context) -> None:
    """KILL <nickname> [<comment>]

    Disconnect a user. The members of the user's channels see who did it, and why.
    """
    nick, comment = (*ctx.message.params, "")[:2]
    network = ctx.network
    if network.fold(nick) == network.fold(network.settings.name):
        raise IrcError(Numeric.ERR_CANTKILLSERVER)
    target = find_user(ctx, nick)
    if refusal := why_not_ended(ctx, target):
        raise IrcError(Numeric.ERR_UNKNOWNERROR, "KILL", text=refusal)
    operator = ctx.user
    comment = comment[: network.settings.limits.kick] or "No reason given"
    reason = f"Killed ({operator.nick} ({comment}))"
    farewell = f"Closing Link: {network.settings.name} ({reason})"
    killed = ctx.envelope("KILL", target.nick, comment, source=operator)
    left = ctx.envelope("QUIT", reason, source=target)
    require_fit(killed, left, ctx.farewell(farewell))
    network.catch_up(*target.sessions)
    # "the client being killed receives the KILL message, and the <source> of the message SHOULD be the operator"
    ctx.deliver(target, killed)
    # "The user being killed and every user sharing a channel with them receives a QUIT message"
    ctx.deliver(target, left)
    act(ctx, "KILL", f"{operator.nick} killed {target.source} ({comment})")
    disconnect(ctx, target, farewell, reason)


@command("WALLOPS", params=1, right="wallops")
def wallops(ctx: Context) -> None:
    """WALLOPS <text>

    Send a message to all users with mode +w.
    """
    text = ctx.message.params[0]
    if not text:
        raise IrcError(Numeric.ERR_NEEDMOREPARAMS, "WALLOPS")
    envelope = ctx.envelope("WALLOPS", text, source=ctx.user)
    require_fit(envelope)
    record(ctx, "WALLOPS", f"{ctx.nick} sent to all with user mode +w: {text}")
    ctx.deliver_each([user for user in ctx.network.users.values() if "w" in user.modes], envelope)


@command("REHASH", right="rehash", way=Way.STEPS)
def rehash(ctx: Context) -> None:
    """REHASH

    Reload the configuration file without disconnecting anybody. Changes that require a restart are listed.
    """
    reloaded = ctx.process.reload(ctx.nick)
    if reloaded.error:
        raise IrcError(Numeric.ERR_UNKNOWNERROR, "REHASH", text=f"The configuration was not changed: {reloaded.error}")
    ctx.reply(Numeric.RPL_REHASHING, reloaded.file or "*")
    if "s" not in ctx.user.modes:  # otherwise the notice to operators has told the sender
        for note in reloaded.notes:
            ctx.notice(note)


def revoke_operators(ctx: Context) -> None:
    """Revoke operator status from all users whose entry is no longer in the settings."""
    for user in ctx.network.users.values():
        if user.oper and user.oper not in ctx.network.settings.staff.opers:
            user.oper = ""
            change_modes(ctx, user, [ModeChange(False, "o")])
