"""The log of connections: a line for each when it has ended.

Connections for HTTP requests alone are logged at level debug only: a browser that opens the page makes seven.

A line has the nick, account, address, dialect, TLS, channels, duration, and the reason of the end. It contains no
messages, no passwords and no quit message, since those are the client's words.
"""

import logging

from greenchat.chat.user import Session
from greenchat.commands.connection.quit import OWN_WORDS

log = logging.getLogger(__name__)

_HTTP = "HTTP"  # the reason of connections for requests only


def ended(session: Session, *, nick: str, account: str, seconds: float) -> None:
    """Log the end of a connection. nick, account: of its user; seconds: its duration."""
    reason = session.closing or "hung up"
    if reason.startswith(OWN_WORDS):
        reason = "quit"
    fields = {
        "nick": nick,
        "account": account,
        "session": session.number,
        "host": session.host,
        "dialect": _HTTP if reason == _HTTP else "plain text" if session.dialect else "IRC",
        "tls": session.secure,
        "joined": list(session.joined),
        "seconds": round(seconds),
        "why": reason,
    }
    who = f"{nick or 'nobody'}{f' ({account})' if account else ''}"
    tls = " over TLS" if session.secure else ""
    joined = f", joined {' '.join(session.joined)}" if session.joined else ""
    text = "%s from %s, %s%s%s, left after %d s: %s"
    level = logging.DEBUG if reason == _HTTP else logging.INFO
    log.log(level, text, who, session.host, fields["dialect"], tls, joined, seconds, reason, extra={"fields": fields})
