"""Logs commands at level debug: the sender, and the parameters that contain no secret.

Passwords, codes, channel keys and messages are never logged. So this table lists the parameters that may be logged: a
command without a row is logged without any.
"""

import logging
from collections.abc import Sequence
from functools import partial

from greenchat.chat.user import Session

log = logging.getLogger(__name__)

_ALL = 15
# By command, how many of its first parameters may be in the log.
SHOWN = {
    "CAP": _ALL,
    "CHATHISTORY": _ALL,
    "DEFCON": 1,
    "HELP": 1,
    "INVITE": 2,
    "ISON": _ALL,
    "JOIN": 1,  # then the keys
    "KICK": 2,
    "KILL": 1,
    "KNOCK": 1,
    "LIST": 1,
    "MARKREAD": 2,
    "METADATA": 2,
    "MODE": 1,  # then perhaps a key
    "MONITOR": 2,
    "NAMES": 1,
    "NICK": 1,
    "NOTICE": 1,
    "PART": 1,
    "PRIVMSG": 1,
    "REDACT": 2,
    "REMOVE": 2,
    "RENAME": 2,
    "SAJOIN": 2,
    "SAMODE": 1,
    "SANICK": 2,
    "SAPART": 2,
    "STATS": 1,
    "TAGMSG": 1,
    "TOPIC": 1,
    "USERHOST": _ALL,
    "WHO": 2,
    "WHOIS": 2,
    "WHOWAS": 2,
}


is_wanted = partial(log.isEnabledFor, logging.DEBUG)
"""Whether commands are logged: check it first where commands are frequent."""


def note(session: Session, command: str, params: Sequence[str], *, is_known: bool = True, times: int = 1) -> None:
    """Log a command, if the level is debug. is_known: whether the command exists; otherwise it may be a mistyped
    password. times: how often it was sent.
    """
    if not is_wanted():
        return
    nick = session.user.nick if session.user else session.registration.nick or "*"
    name = command if is_known else "(no command)"
    shown = list(params[: SHOWN.get(command, 0)]) if is_known else []
    hidden = len(params) - len(shown)
    fields = {
        "nick": nick,
        "session": session.number,
        "host": session.host,
        "command": name,
        "params": shown,
        "hidden": hidden,
        "times": times,
    }
    words = " ".join(map(_one_line, (name, *shown)))
    more = f" and {hidden} more" if hidden else ""
    often = f", {times} times" if times > 1 else ""
    log.debug(
        "%s (%d) from %s: %s%s%s", nick, session.number, session.host, words, more, often, extra={"fields": fields}
    )


def _one_line(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text)
