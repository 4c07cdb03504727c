"""PERSISTENCE: clients query and set whether a user is always-on. NickServ SET ALWAYS-ON does the same for people.

https://github.com/ircv3/ircv3-specifications/pull/503 (draft/persistence)
"""

from dataclasses import replace

from greenchat.chat.always_on import stays
from greenchat.chat.user import User
from greenchat.commands.core.context import Context
from greenchat.commands.core.errors import FailError
from greenchat.commands.core.persistence import change_account, forget_presence
from greenchat.commands.core.registry import command
from greenchat.protocol import caps
from greenchat.protocol.envelopes.envelope import Envelope

_PREFERENCES = {"ON": True, "OFF": False, "DEFAULT": None}
_NAMES = {preference: name for name, preference in _PREFERENCES.items()}


@command("PERSISTENCE", params=1)
def persistence(ctx: Context) -> None:
    """PERSISTENCE GET | SET <ON|OFF|DEFAULT>

    Show or set whether you stay in your channels without a connection. Clients do this for you.
    """
    subcommand, *rest = ctx.message.params
    if subcommand.upper() not in ("GET", "SET"):
        return  # "Implementations SHOULD ignore unrecognized subcommands"
    user = ctx.user
    account = ctx.network.accounts.get(user.account) if user.account else None
    if account is None:
        raise FailError("PERSISTENCE", "ACCOUNT_REQUIRED", text="An account is required")
    if subcommand.upper() == "SET":
        if len(rest) != 1 or rest[0].upper() not in _PREFERENCES:
            raise FailError("PERSISTENCE", "INVALID_PARAMETERS", text="Invalid parameters")
        preference = _PREFERENCES[rest[0].upper()]
        change_account(ctx, account.name, preferences=replace(account.preferences, always_on=preference))
        if stays(ctx.network, user):
            ctx.network.local.changed_presences[user] = None
        else:
            forget_presence(ctx, account.id)
        reply = status(ctx, user)
        for session in user.sessions:
            # "servers SHOULD send `PERSISTENCE STATUS` to inform the client" of what another connection has changed
            if session is not ctx.session and session.caps & caps.PERSISTENCE:
                ctx.send(session, reply)
    ctx.respond(status(ctx, user))


def status(ctx: Context, user: User) -> Envelope:
    """Return `PERSISTENCE STATUS <client-setting> <effective-setting>` for a user with an account."""
    account = ctx.network.accounts.get(user.account)
    preference = account.preferences.always_on if account else None
    return ctx.envelope("PERSISTENCE", "STATUS", _NAMES[preference], "ON" if stays(ctx.network, user) else "OFF")
