"""The log that an operator can read: a line for each connection when it has ended, and how lines look.

Who it was, from where, in what dialect, over TLS or not, for how long, and why it ended. Never what was said, and no
passwords: a reason to leave is the client's own words, and is left out.
"""

import json
import logging
from datetime import UTC, datetime

from greenchat.chat.user import Session

log = logging.getLogger(__name__)

_OWN_WORDS = "Quit: "


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, name, text, and what a line was given as `fields`."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        told: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "name": record.name,
            "text": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            told["exception"] = self.formatException(record.exc_info)
        return json.dumps(told, ensure_ascii=False)


def ended(session: Session, *, nick: str, account: str, seconds: float) -> None:
    """Write down that a connection has ended. nick, account: what it was known as; seconds: that it lasted."""
    why = session.closing or "hung up"
    if why.startswith(_OWN_WORDS):
        why = "quit"
    fields = {
        "nick": nick,
        "account": account,
        "host": session.host,
        "dialect": "plain text" if session.dialect else "IRC",
        "tls": session.secure,
        "seconds": round(seconds),
        "why": why,
    }
    who = f"{nick or 'nobody'}{f' ({account})' if account else ''}"
    text = "%s from %s, %s%s, left after %d s: %s"
    tls = " over TLS" if session.secure else ""
    log.info(text, who, session.host, fields["dialect"], tls, seconds, why, extra={"fields": fields})
