"""The modes of a channel's members; for permissions see `chat.ranks`.

https://modern.ircdocs.horse/#channel-membership-prefixes
"""

from greenchat.chat import ranks
from greenchat.chat.channel import Channel
from greenchat.chat.user import User
from greenchat.commands.channels.names_list import names_reply
from greenchat.commands.core.context import Context
from greenchat.commands.core.errors import IrcError
from greenchat.commands.core.lookup import find_user
from greenchat.protocol.modes import ModeChange
from greenchat.protocol.numerics import Numeric


class MemberModes:
    """The changes of one MODE command.

    In an auditorium a member with a new rank becomes visible to everybody, one who loses it invisible, and a new
    half-operator sees the hidden members. Call `show` before sending the MODE and `hide` after it, so that clients get
    no MODE of unknown members.
    """

    def __init__(self, ctx: Context, channel: Channel, rank: str | None = None) -> None:
        """Begin the changes of a command. rank: to act with; by default the sender's own."""
        self._ctx = ctx
        self._rank = rank
        self._channel = channel
        self._before: dict[User, str] = {}

    def change(self, change: ModeChange) -> ModeChange | None:
        """Make one change; return the effective change, or None. Raises 401, 441 or 482."""
        ctx, channel = self._ctx, self._channel
        target = find_user(ctx, change.parameter or "")
        if target not in channel.members:
            raise IrcError(Numeric.ERR_USERNOTINCHANNEL, target.nick, channel.name)
        own = channel.members[ctx.user] if self._rank is None else self._rank
        theirs = channel.members[target]
        is_allowed = ranks.may_grant(own, change.letter) and (change.adding or ranks.may_act_on(own, theirs))
        steps_down = target is ctx.user and not change.adding
        if not (is_allowed or steps_down):
            text = f"Your rank is too low to {'give' if change.adding else 'take away'} +{change.letter}"
            raise IrcError(Numeric.ERR_CHANOPRIVSNEEDED, channel.name, text=text)
        if not ctx.network.set_member_mode(target, channel, change.letter, change.adding):
            return None
        self._before.setdefault(target, theirs)
        return ModeChange(change.adding, change.letter, target.nick)

    def undo(self) -> None:
        """Restore the ranks: no change was sent yet."""
        for target, before in self._before.items():
            for letter in set(before) ^ set(self._channel.members[target]):
                self._ctx.network.set_member_mode(target, self._channel, letter, letter in before)

    def show(self) -> None:
        """Show newly visible members to those who did not see them."""
        ctx, channel = self._ctx, self._channel
        for target, before in self._changed_in_auditorium():
            if not before:
                extended = (channel.name, target.account or "*", target.realname)
                self._tell_blind(target, "JOIN", extended=extended)
            if not ranks.is_at_least(before, "h") and channel.is_at_least(target, "h"):
                for session in target.sessions:
                    for envelope in names_reply(ctx, session, channel):
                        ctx.send(session, envelope)

    def hide(self) -> None:
        """Hide members from those who no longer see them."""
        for target, before in self._changed_in_auditorium():
            if before and not self._channel.members[target]:
                self._tell_blind(target, "PART")

    def _changed_in_auditorium(self) -> list[tuple[User, str]]:
        return list(self._before.items()) if "u" in self._channel.flags else []

    def _tell_blind(self, target: User, command: str, *, extended: tuple[str, ...] = ()) -> None:
        ctx, channel = self._ctx, self._channel
        envelope = ctx.envelope(command, channel.name, source=target, extended=extended)
        blind = (member for member in channel.members if member is not target and not channel.is_at_least(member, "h"))
        ctx.deliver_in(blind, envelope)
