"""Permissions: functions that return the refusal of an action, or None if it is allowed.

https://modern.ircdocs.horse/#channel-operators and #channel-modes.
"""

from dataclasses import dataclass

from greenchat.chat import ranks
from greenchat.chat.channel import Channel
from greenchat.chat.mask_lists import AKICK
from greenchat.chat.registered_channels import rank_of
from greenchat.chat.user import User
from greenchat.protocol.numerics import Numeric

_COLORS = ("\x03", "\x04")  # https://modern.ircdocs.horse/formatting.html#colors and #hex-color


@dataclass(frozen=True, slots=True)
class Refusal:
    """The numeric of a refusal, with a text if the numeric's own is not enough."""

    numeric: Numeric
    text: str = ""


def may_join(user: User, channel: Channel, key: str) -> Refusal | None:
    """Return why a user may not join, or None.

    An invitation overrides every mode except +O and +z, but not ChanServ's AKICK. A rank of half-operator or more by
    the access list overrides AKICK, too: the staff of a channel can't be locked out.
    """
    if "O" in channel.flags and "o" not in user.modes:
        return Refusal(Numeric.ERR_OPERONLY)
    if "z" in channel.flags and not user.secure:
        return Refusal(Numeric.ERR_SECUREONLYCHAN)
    if ranks.is_at_least(rank_of(channel, user.account_id), "h"):
        return None
    kept_out = channel.lists[AKICK].find(user) if AKICK in channel.lists else None
    if kept_out is not None:
        return Refusal(Numeric.ERR_BANNEDFROMCHAN, kept_out.reason)
    if user in channel.invited:
        return None
    if _is_in_list(user, channel, "b") and not _is_in_list(user, channel, "e"):
        return Refusal(Numeric.ERR_BANNEDFROMCHAN)
    if "R" in channel.flags and not user.account:
        return Refusal(Numeric.ERR_NEEDREGGEDNICK)
    if "i" in channel.flags and not _is_in_list(user, channel, "I"):
        return Refusal(Numeric.ERR_INVITEONLYCHAN)
    if channel.key and key != channel.key:
        return Refusal(Numeric.ERR_BADCHANNELKEY)
    if channel.limit and len(channel.members) >= channel.limit:
        return Refusal(Numeric.ERR_CHANNELISFULL)
    return None


def may_speak(user: User, channel: Channel, command: str = "PRIVMSG", text: str = "") -> Refusal | None:
    """Return 404 with the letter of the mode that forbids a user to speak, or None.

    For members with voice or more only the modes about content (C, c, T) apply.
    """
    flags = channel.flags
    modes = channel.members.get(user)
    if modes is None and "n" in flags:
        return _silenced("n")
    if not modes:
        if "m" in flags and "U" not in flags:
            return _silenced("m")
        if "M" in flags and not user.account:
            return _silenced("M")
        if channel.lists and is_muted(user, channel):
            return _silenced("b")
    return may_be_said(channel, command, text)


def may_be_said(channel: Channel, command: str = "PRIVMSG", text: str = "") -> Refusal | None:
    """Return the refusal of a text that applies to every sender, or None."""
    flags = channel.flags
    if "C" in flags and text[:1] == "\x01" and not text.startswith("\x01ACTION"):
        return _silenced("C")
    if "c" in flags and any(color in text for color in _COLORS):
        return _silenced("c")
    if "T" in flags and command == "NOTICE":
        return _silenced("T")
    return None


def may_message(sender: User, target: User, text: str = "", *, is_accepted: bool = False) -> Refusal | None:
    """Return 477 if the target accepts only people who are logged in (+R) and the sender is not.

    Returns 531 for a CTCP message to a target that accepts none (+T). is_accepted: whether the sender is on the
    target's accept list.
    """
    if "T" in target.modes and text[:1] == "\x01" and not text.startswith("\x01ACTION"):
        return Refusal(Numeric.ERR_CANTSENDTOUSER, "This user does not accept CTCP messages (+T)")
    if "R" in target.modes and not (sender.account or is_accepted) and sender is not target and "o" not in sender.modes:
        return Refusal(Numeric.ERR_NEEDREGGEDNICK, "You must log in to an account to write to this user (+R)")
    return None


def audience(user: User, channel: Channel, letter: str = "") -> str:
    """Return the lowest rank that gets a message, "" for all members; letter: the rank that the sender asked for.

    In a channel with +U, messages of members without a rank reach only half-operators and above.
    """
    if "U" in channel.flags and not channel.members.get(user) and letter in ("", "v"):
        return "h"
    return letter


def is_muted(user: User, channel: Channel) -> bool:
    """Whether a user is banned or muted, without an exception."""
    return _is_in_list(user, channel, "b", speaking=True) and not _is_in_list(user, channel, "e", speaking=True)


def _is_in_list(user: User, channel: Channel, letter: str, *, speaking: bool = False) -> bool:
    masks = channel.lists.get(letter)
    return masks is not None and masks.means(user, speaking=speaking)


def _silenced(letter: str) -> Refusal:
    return Refusal(Numeric.ERR_CANNOTSENDTOCHAN, f"Cannot send to channel (+{letter})")
