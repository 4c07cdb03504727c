"""Users for tests without a server."""

from greenchat.chat.outbox import Dirty, Outbox
from greenchat.chat.user import Session, User


def make_user(nick: str, *, account: str = "", host: str = "127.0.0.1", real_host: str = "127.0.0.1") -> User:
    """Return a user with one session that nobody reads."""
    user = User(nick, "~" + nick, host, nick.title(), real_host, signon=0, active=0, account=account)
    session = Session(Outbox(Dirty()), real_host, 0)
    session.user = user
    user.sessions.append(session)
    return user
