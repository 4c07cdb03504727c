"""Who may do what: questions about the state, answered with a numeric to refuse with, or None.

https://modern.ircdocs.horse/#channel-operators and #channel-modes.
"""

from ..protocol.casemap import ascii_fold
from ..protocol.numerics import Numeric
from .channel import Channel
from .masks import compile_mask
from .user import User

OPERATOR_MODES = "qao"
HALFOP_MODES = "qaoh"


def is_operator(user: User, channel: Channel) -> bool:
    """Operator or above."""
    return any(mode in OPERATOR_MODES for mode in channel.members.get(user, ""))


def is_halfop(user: User, channel: Channel) -> bool:
    """Half-operator or above."""
    return any(mode in HALFOP_MODES for mode in channel.members.get(user, ""))


def may_join(user: User, channel: Channel, key: str) -> Numeric | None:
    """An invitation opens every door: https://modern.ircdocs.horse/#invite-message."""
    if user in channel.invited:
        return None
    if is_banned(user, channel):
        return Numeric.ERR_BANNEDFROMCHAN
    if "i" in channel.flags and not _in_list(user, channel, "I"):
        return Numeric.ERR_INVITEONLYCHAN
    if channel.key and key != channel.key:
        return Numeric.ERR_BADCHANNELKEY
    if channel.limit and len(channel.members) >= channel.limit:
        return Numeric.ERR_CHANNELISFULL
    return None


def may_speak(user: User, channel: Channel) -> Numeric | None:
    """404 for everything: not in a +n channel, without voice in a +m one, or banned."""
    modes = channel.members.get(user)
    if modes is None and "n" in channel.flags:
        return Numeric.ERR_CANNOTSENDTOCHAN
    if modes:
        return None
    if "m" in channel.flags or (channel.lists.get("b") and is_banned(user, channel)):
        return Numeric.ERR_CANNOTSENDTOCHAN
    return None


def may_message(sender: User, target: User) -> Numeric | None:
    """531 where the target listens only to people who are logged in (+R), and the sender is neither that nor one."""
    if "R" in target.modes and not sender.account and sender is not target and "o" not in sender.modes:
        return Numeric.ERR_CANTSENDTOUSER
    return None


def is_banned(user: User, channel: Channel) -> bool:
    """In the ban list, and not in the list of exceptions."""
    return _in_list(user, channel, "b") and not _in_list(user, channel, "e")


def matches(mask: str, user: User) -> bool:
    """Whether nick!user@host matches a mask with `*` and `?`, for the shown host or the real one."""
    pattern = compile_mask(ascii_fold(mask))
    head = f"{user.nick}!{user.username}@"
    return bool(pattern.match(ascii_fold(head + user.host)) or pattern.match(ascii_fold(head + user.real_host)))


def _in_list(user: User, channel: Channel, letter: str) -> bool:
    return any(matches(mask, user) for mask in channel.lists.get(letter, ()))
