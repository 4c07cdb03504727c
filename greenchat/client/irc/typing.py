"""Who is typing: told to others while the user writes, and shown of others.

https://ircv3.net/specs/client-tags/typing
"""

from greenchat.client.state.model import Buffer, BufferKind, LinkState
from greenchat.protocol import caps

TAG = "+typing"
AGAIN_MILLISECONDS = 3_000  # "active" is sent at most that often while the user goes on typing
FRESH_MILLISECONDS = 6_000  # after which "active" is not believed any more


def tell(buffer: Buffer, text: str, now: int) -> None:
    """Tell the others that the user is typing in this buffer, not too often, and not of commands."""
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
        if now - buffer.told_typing >= AGAIN_MILLISECONDS:
            buffer.told_typing = now
            network.send("TAGMSG", buffer.name, tags={TAG: "active"})
    elif buffer.told_typing:
        buffer.told_typing = 0
        if not text:
            network.send("TAGMSG", buffer.name, tags={TAG: "done"})


def said(buffer: Buffer) -> None:
    """Forget the typing state: the sent line tells the others enough."""
    buffer.told_typing = 0


def heard(buffer: Buffer, nick: str, state: str, now: int) -> None:
    """Note that somebody is typing, pauses, or has stopped."""
    if state == "active":
        buffer.typing[nick] = now + FRESH_MILLISECONDS
    else:
        buffer.typing.pop(nick, None)


def who(buffer: Buffer, now: int) -> list[str]:
    """Return who is typing now."""
    return [nick for nick, until in buffer.typing.items() if until > now]
