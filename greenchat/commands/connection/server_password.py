"""The connection password (PASS). https://modern.ircdocs.horse/#pass-message"""

from collections.abc import Callable

from greenchat.commands.accounts.login_throttle import count_wrong, guess, seconds_to_wait
from greenchat.commands.core.context import Context
from greenchat.commands.core.deferred import Continuation
from greenchat.protocol.numerics import Numeric
from greenchat.values.addresses import netblock
from greenchat.values.passwords import verify_password

_Enter = Callable[[Context], None]


def check_server_password(ctx: Context, enter: _Enter) -> Continuation | None:
    """Call `enter` if no password is needed or the right one was given; otherwise refuse and disconnect.

    "The password supplied must match the one defined in the server configuration."
    """
    wanted, given = ctx.network.settings.password, ctx.session.registration.password
    if not wanted:
        enter(ctx)
        return None
    if not given:
        _turn_away(ctx, "This server requires a password (PASS)")
        return None
    who = [netblock(ctx.session.host)]
    seconds = seconds_to_wait(ctx, who)
    if seconds:
        _refuse(ctx, seconds)
        return None
    is_right = ctx.network.local.server_password.is_right(given, wanted)
    if is_right is None:

        def decide(ctx: Context, is_right: bool) -> Continuation | None:
            return _decide_now(ctx, wanted, is_right, enter)

        return guess(ctx, who, lambda: verify_password(given, wanted), decide, _refuse)
    if not is_right:
        count_wrong(ctx, who)
    _decide(ctx, is_right, enter)
    return None


def _decide_now(ctx: Context, wanted: str, is_right: bool, enter: _Enter) -> Continuation | None:
    if ctx.network.settings.password != wanted:
        return check_server_password(ctx, enter)  # the configuration was reloaded meanwhile
    if is_right:
        ctx.network.local.server_password.learn(ctx.session.registration.password, wanted)
    _decide(ctx, is_right, enter)
    return None


def _decide(ctx: Context, is_right: bool, enter: _Enter) -> None:
    if is_right:
        enter(ctx)
    else:
        _turn_away(ctx, Numeric.ERR_PASSWDMISMATCH.text)


def _refuse(ctx: Context, seconds: int) -> None:
    _turn_away(ctx, f"Too many wrong passwords: try again in {seconds} seconds")


def _turn_away(ctx: Context, text: str) -> None:
    """Refuse: "the server SHOULD send ERR_PASSWDMISMATCH and MAY then close the connection with ERROR"."""
    ctx.reply(Numeric.ERR_PASSWDMISMATCH, text=text)
    ctx.close(ctx.session, text)
