"""The log that an operator can read: a line for each connection when it has ended.

Who it was, from where, in what dialect, over TLS or not, where it was, for how long, and why it ended. Never what was
said, and no passwords: a reason to leave is the client's own words, and is left out.
"""

import logging

from greenchat.chat.user import Session

log = logging.getLogger(__name__)

_OWN_WORDS = "Quit: "
_HTTP = "HTTP"  # why a connection ended that was for requests only


def ended(session: Session, *, nick: str, account: str, seconds: float) -> None:
    """Write down that a connection has ended. nick, account: what it was known as; seconds: that it lasted."""
    why = session.closing or "hung up"
    if why.startswith(_OWN_WORDS):
        why = "quit"
    fields = {
        "nick": nick,
        "account": account,
        "session": session.number,
        "host": session.host,
        "dialect": _HTTP if why == _HTTP else "plain text" if session.dialect else "IRC",
        "tls": session.secure,
        "joined": list(session.joined),
        "seconds": round(seconds),
        "why": why,
    }
    who = f"{nick or 'nobody'}{f' ({account})' if account else ''}"
    tls = " over TLS" if session.secure else ""
    joined = f", joined {' '.join(session.joined)}" if session.joined else ""
    text = "%s from %s, %s%s%s, left after %d s: %s"
    log.info(text, who, session.host, fields["dialect"], tls, joined, seconds, why, extra={"fields": fields})
