"""What the server itself has to say to operators."""

from greenchat.commands.core.context import Context
from greenchat.commands.users.user_modes import change_modes
from greenchat.protocol.modes import ModeChange


def tell_operators(ctx: Context, text: str) -> None:
    """A notice to every user with mode +s."""
    for user in ctx.network.users.values():
        if "s" in user.modes:
            ctx.deliver(user, ctx.envelope("NOTICE", user.nick, f"*** {text}"))


def revoke_operators(ctx: Context) -> None:
    """Whoever is no longer in the settings as an operator is none from now on."""
    for user in ctx.network.users.values():
        if user.oper and user.oper not in ctx.network.settings.opers:
            user.oper = ""
            change_modes(ctx, user, [ModeChange(False, "o")])
