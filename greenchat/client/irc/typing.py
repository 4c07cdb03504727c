"""Typing notifications: sent while the user types, and shown for others.

https://ircv3.net/specs/client-tags/typing
"""

from greenchat.client.state.model import Buffer, BufferKind, LinkState
from greenchat.protocol import caps

TAG = "+typing"
LABEL = "typing"  # the label of our notifications, whose errors are not shown
AGAIN_MILLISECONDS = 3_000  # "active" is sent at most that often while the user continues typing
FRESH_MILLISECONDS = 6_000  # after which "active" is not believed any more


def tell(buffer: Buffer, text: str, now: int) -> None:
    """Notify others that the user is typing in this buffer: not too often, and not for commands."""
    network = buffer.network
    if (
        not network.caps.held & caps.MESSAGE_TAGS
        or network.link.state is not LinkState.ONLINE
        or not network.isupport.allows_tag(TAG[1:])
    ):
        return
    if buffer.kind is BufferKind.STATUS or (buffer.kind is BufferKind.CHANNEL and not buffer.joined):
        return
    if text and not text.startswith("/"):
        if not 0 <= now - buffer.typing_told_at < AGAIN_MILLISECONDS:  # below 0 the clock was set back
            buffer.typing_told_at = now
            _send(buffer, "active")
    elif buffer.typing_told_at:
        buffer.typing_told_at = 0
        if not text:
            _send(buffer, "done")


def _send(buffer: Buffer, state: str) -> None:
    network = buffer.network
    label = {"label": LABEL} if network.caps.held & caps.LABELED_RESPONSE else {}
    network.send("TAGMSG", buffer.name, tags=label | {TAG: state})


def is_refused(buffer: Buffer, label: str) -> bool:
    """Whether a refusal of the server is about a typing notification, as in a moderated channel.

    Without labels it is if the user has begun to type in the buffer, and no message is unconfirmed.
    """
    if buffer.network.caps.held & caps.LABELED_RESPONSE:
        return label == LABEL
    return bool(buffer.typing_told_at) and not any(waiting.label for waiting in buffer.waiting)


def reset(buffer: Buffer) -> None:
    """Forget the typing state: the sent line tells the others enough."""
    buffer.typing_told_at = 0


def receive(buffer: Buffer, nick: str, state: str, now: int) -> None:
    """Note that somebody is typing, pauses, or has stopped. now: by our clock, as for `who`."""
    if state == "active":
        buffer.typing[nick] = now + FRESH_MILLISECONDS
    else:
        buffer.typing.pop(nick, None)


def forget_user(buffer: Buffer, nick: str) -> None:
    """Forget that a user was typing who has left or changed the nick."""
    buffer.typing.pop(nick, None)


def who(buffer: Buffer, now: int) -> list[str]:
    """Return who is typing now. Notifications from the future were received before the clock was set back."""
    return [nick for nick, until in buffer.typing.items() if now < until <= now + FRESH_MILLISECONDS]
