"""MODE of the user's own nick. https://modern.ircdocs.horse/#user-mode and #user-modes"""

from collections.abc import Callable, Iterable

from greenchat.chat.user import User
from greenchat.commands.core.context import Context
from greenchat.commands.core.errors import IrcError
from greenchat.protocol.modes import ModeChange, format_changes
from greenchat.protocol.numerics import Numeric


def _anybody(user: User, adding: bool) -> bool:
    return True


def _nobody(user: User, adding: bool) -> bool:
    return False


def _only_off(user: User, adding: bool) -> bool:
    return not adding


def _operators(user: User, adding: bool) -> bool:
    return not adding or "o" in user.modes


# Letter -> whether users may set or unset it themselves. Other changes are ignored silently: "If a user
# attempts to make themselves an operator using the "+o" flag, the attempt SHOULD be ignored" (RFC 2812, section 3.1.5).
USER_MODES: dict[str, Callable[[User, bool], bool]] = {
    "B": _anybody,  # is a bot: https://ircv3.net/specs/extensions/bot-mode
    "T": _anybody,  # gets no CTCP messages but actions
    "R": _anybody,  # gets private messages from logged-in users only
    "g": _anybody,  # gets private messages from users on the accept list only
    "i": _anybody,  # is invisible to users who share no channel
    "o": _only_off,  # is an operator: OPER sets it
    "r": _nobody,  # is logged in to an account
    "s": _operators,  # gets server notices
    "w": _anybody,  # gets WALLOPS
}
_OF_OPERATORS = "s"  # removed together with `o`


def user_mode(ctx: Context) -> None:
    """Handle MODE <nick> [<modestring>]."""
    nick, *rest = ctx.message.params
    target = ctx.network.user(nick)
    if target is None:
        raise IrcError(Numeric.ERR_NOSUCHNICK, nick)
    if target is not ctx.user:
        raise IrcError(Numeric.ERR_USERSDONTMATCH)
    if not rest:
        send_modes(ctx, target)
        return
    wanted = list(_parse(rest[0]))
    known = [change for change in wanted if change.letter in USER_MODES]
    # lazily: each change is checked after the previous ones were made
    change_modes(ctx, target, (change for change in known if USER_MODES[change.letter](target, change.adding)))
    if len(known) < len(wanted):
        ctx.reply(Numeric.ERR_UMODEUNKNOWNFLAG)


def send_modes(ctx: Context, user: User) -> None:
    """Send 221: the modes of a user."""
    ctx.reply(Numeric.RPL_UMODEIS, "+" + "".join(sorted(user.modes)))


def change_modes(ctx: Context, user: User, changes: Iterable[ModeChange]) -> None:
    """Make these changes without checking permissions, and tell the user's sessions which took effect."""
    done = []
    for change in changes:
        if change.adding == (change.letter in user.modes):
            continue
        ctx.network.set_mode(user, change.letter, change.adding)
        done.append(change)
        if change.letter == "o" and not change.adding:
            for letter in sorted(user.modes.intersection(_OF_OPERATORS)):
                ctx.network.set_mode(user, letter, False)
                done.append(ModeChange(False, letter))
    if done:
        ctx.deliver(user, ctx.envelope("MODE", user.nick, *format_changes(done), source=user))


def _parse(letters: str) -> Iterable[ModeChange]:
    adding = True
    for letter in letters:
        if letter in "+-":
            adding = letter == "+"
        else:
            yield ModeChange(adding, letter)
