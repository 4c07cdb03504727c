"""Ranks: the member modes of a channel in their order, and what each may do to others.

https://modern.ircdocs.horse/#channel-membership-prefixes. A member's modes are a string of letters, highest first
("", "v", "ov"), so the first letter is their rank.
"""

LETTERS = "qaohv"  # founder, protected, operator, half-operator, voice

# "Users with this mode [protected] cannot be kicked and cannot have this mode removed by other protected users";
# operators "set other users to operator (or lower) status"; half-operators act "at a lower privilege level".
_NEEDED = {"q": "q", "a": "q", "o": "o", "h": "o", "v": "h", "": "h"}


def is_at_least(modes: str, letter: str) -> bool:
    """Whether a member with these modes has this rank or a higher one."""
    return modes != "" and LETTERS.index(modes[0]) <= LETTERS.index(letter)


def may_grant(modes: str, letter: str) -> bool:
    """Whether a member with these modes may give this mode to others, and take it from them."""
    return is_at_least(modes, _NEEDED[letter])


def may_act_on(modes: str, other: str) -> bool:
    """Whether a member with these modes may kick, or take a mode from, a member with the other modes."""
    return is_at_least(modes, _NEEDED[other[:1]])


def with_mode(modes: str, letter: str, on: bool) -> str:
    """Return the modes with one set or unset."""
    wanted = {*modes, letter} if on else {*modes} - {letter}
    return "".join(mode for mode in LETTERS if mode in wanted)
