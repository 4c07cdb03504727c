"""The settings of moderation: the spam filter, and the reports to operators."""

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
            "off; report: a dry run that tells operators (user mode +s) what it would do; on. If it is off,\n"
            "channel operators can still enable it for their channel, with mode +G",
            choices=("off", "report", "on"),
        ),
    ] = "off"
    patterns: Annotated[
        tuple[str, ...],
        Key(
            "regular expressions, case-insensitive: 10 points. A newcomer's link: 4, a repetition: 3 (then 6, 9 ...),"
            " the same text or link as other newcomers: 3 for each of them, 5 names of members: 6, eight lines in 10"
            " seconds: 2, capitals: 1",
            parse=validators.regular_expression,
        ),
    ] = ()
    window: Annotated[float, Key("seconds after which points expire", 1, 86_400)] = 60.0
    newcomer: Annotated[float, Key("seconds for which a user without an account counts as a newcomer", 0, 86_400)] = (
        300.0
    )
    hold: Annotated[int, Key("points at which a line is held back until an operator releases it; 0: never", 0)] = 6
    mute: Annotated[int, Key("points at which all lines of the user are held back for mute_time; 0: never", 0)] = 12
    mute_time: Annotated[float, Key("seconds", 1, 86_400)] = 600.0
    kick: Annotated[int, Key("points at which the user is kicked from the channel, too; 0: never", 0)] = 18
    ban: Annotated[int, Key("points at which the user's address is banned for ban_time; 0: never", 0)] = 30
    ban_time: Annotated[float, Key("seconds", 1, 31_536_000)] = 3600.0


@dataclass(frozen=True, slots=True)
class Moderation:
    """The settings of reports to operators, and of their channel."""

    channel: Annotated[
        str,
        Key(
            "a channel that gets operators' actions, reports and the spam filter's findings; empty: none",
            parse=validators.channel_or_nothing,
        ),
    ] = ""
    reports: Annotated[int, Key("reports (REPORT) that one user can make in an hour; 0: none", 0, 1000)] = 5
