"""Actions on a message: replying, reacting, and deleting it.

https://ircv3.net/specs/client-tags/reply, https://ircv3.net/specs/client-tags/react,
https://ircv3.net/specs/extensions/message-redaction
"""

from collections.abc import Mapping

from greenchat.client.state.lines import TALK, Line
from greenchat.client.state.model import Buffer, ClientNetwork, LinkState
from greenchat.client.text.cells import visible
from greenchat.protocol import caps
from greenchat.protocol.formatting import strip_formatting

REPLY = "+draft/reply"
REPLIES = (REPLY, "+reply")  # as others may write it
REACT, UNREACT = "+draft/react", "+draft/unreact"
LONGEST_REACTION = 32  # characters; longer texts are not reactions


def can_reply(buffer: Buffer, line: Line) -> bool:
    """Whether a reply can say which message it is about."""
    return bool(line.id) and line.kind in TALK and _passes(buffer.network, REPLY)


def can_react(buffer: Buffer, line: Line) -> bool:
    """Whether reactions to this message are possible."""
    return can_reply(buffer, line) and _passes(buffer.network, REACT) and buffer.network.link.state is LinkState.ONLINE


def can_redact(buffer: Buffer, line: Line) -> bool:
    """Whether the server supports deleting this message; it decides on the permission."""
    network = buffer.network
    return (
        bool(line.id)
        and line.kind in TALK
        and network.caps.held & caps.MESSAGE_REDACTION != 0
        and network.link.state is LinkState.ONLINE
    )


def react(buffer: Buffer, line: Line, reaction: str) -> None:
    """React to a message; the same reaction again removes it."""
    network = buffer.network
    given = network.nicks.current in buffer.reactions.get(line.id, {}).get(reaction, [])
    tags = {REPLY: line.id, UNREACT if given else REACT: reaction}
    network.send("TAGMSG", buffer.name, tags=tags)
    if not network.caps.held & caps.ECHO_MESSAGE:
        apply_reaction(buffer, network.nicks.current, tags)


def apply_reaction(buffer: Buffer, nick: str, tags: Mapping[str, str]) -> None:
    """Note an added or removed reaction."""
    parent = replied_to(tags)
    added = tags.get(REACT, tags.get("+react", ""))
    removed = tags.get(UNREACT, tags.get("+unreact", ""))
    if not parent or len(added) > LONGEST_REACTION:
        return
    reactions = buffer.reactions.setdefault(parent, {})
    if added and nick not in reactions.setdefault(added, []):
        reactions[added].append(nick)
    if nick in reactions.get(removed, []):
        reactions[removed].remove(nick)
        if not reactions[removed]:
            del reactions[removed]


def redact(buffer: Buffer, line: Line) -> None:
    """Ask the server to delete a message."""
    buffer.network.send("REDACT", buffer.name, line.id)


def replied_to(tags: Mapping[str, str]) -> str:
    """Return the id of the message that this one replies to, or ""."""
    return next((tags[name] for name in REPLIES if tags.get(name)), "")


def quoted(line: Line | None) -> str:
    """Return a message as the first row of a reply to it."""
    if line is None:
        return "an earlier message"
    return f"{line.nick}: {visible(strip_formatting(line.text.partition(chr(10))[0]))}"


def _passes(network: ClientNetwork, tag: str) -> bool:
    return network.caps.held & caps.MESSAGE_TAGS != 0 and network.isupport.allows_tag(tag[1:])
