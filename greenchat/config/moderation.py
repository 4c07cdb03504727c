"""What an operator may decide about moderation: the spam filter, and where operators read what happened."""

from dataclasses import dataclass
from typing import Annotated

from greenchat.config import validators
from greenchat.config.key import Key


@dataclass(frozen=True, slots=True)
class SpamFilter:
    """The limits from which messages are held back. Points: see the example of the configuration file."""

    mode: Annotated[
        str,
        Key(
            "off; report: a dry run, which only tells operators (user mode +s) what it would do; on. Where it is off,\n"
            "operators of a channel can still have it there, with channel mode +G",
            choices=("off", "report", "on"),
        ),
    ] = "off"
    patterns: Annotated[
        tuple[str, ...],
        Key(
            "regular expressions, whatever the case: 10 points. A link from a newcomer is 4, the same once more 3 (and"
            " 6, 9 ...), 5 names of members 6, eight lines in 10 seconds 2, capitals 1",
            parse=validators.regular_expression,
        ),
    ] = ()
    window: Annotated[float, Key("seconds in which points add up", 1, 86_400)] = 60.0
    newcomer: Annotated[float, Key("seconds for which somebody without an account is new", 0, 86_400)] = 300.0
    hold: Annotated[int, Key("points at which a line is held back, for an operator to release; 0: never", 0)] = 6
    mute: Annotated[int, Key("points at which all that they say is held back for mute_time; 0: never", 0)] = 12
    mute_time: Annotated[float, Key("seconds", 1, 86_400)] = 600.0
    kick: Annotated[int, Key("points at which they are kicked from the channel, too; 0: never", 0)] = 18
    ban: Annotated[int, Key("points at which their address is banned for ban_time; 0: never", 0)] = 30
    ban_time: Annotated[float, Key("seconds", 1, 31_536_000)] = 3600.0


@dataclass(frozen=True, slots=True)
class Moderation:
    """The reports that operators get, and their channel."""

    channel: Annotated[
        str,
        Key(
            "a channel in which operators' acts, reports and the spam filter are told; empty: none",
            parse=validators.channel_or_nothing,
        ),
    ] = ""
    reports: Annotated[int, Key("reports (REPORT) of one user in an hour; 0: none can be made", 0, 1000)] = 5
