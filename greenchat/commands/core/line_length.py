"""The 512-byte rule: no text of a user is cut silently. A text that would not fit into the recipients' lines is
refused.

https://modern.ircdocs.horse/#message-format, and #errinputtoolong-417 for the refusal. As a last resort `Envelope`
still cuts long lines, like those of WHO with a long real name at the end.
"""

from greenchat.commands.core.errors import TooLongError
from greenchat.config.settings import Settings
from greenchat.protocol.envelopes.envelope import Envelope
from greenchat.protocol.numerics import Numeric
from greenchat.protocol.wrap import room

_MANY = "9999999"  # members of a channel, as LIST counts them


def require_fit(*envelopes: Envelope) -> None:
    """Check that recipients get all these lines uncut. Raises TooLongError."""
    for envelope in envelopes:
        if not envelope.fits:
            raise TooLongError


def repeats_too_much(envelope: Envelope) -> bool:
    """Whether an answer would have to cut a word of the sender, who could not recognize the word then."""
    if envelope.fits:
        return False
    sizes = list(map(len, envelope.message.params))
    return sizes.index(max(sizes)) < len(sizes) - 1


def require_readable_topic(settings: Settings, channel: str, topic: str) -> None:
    """Check that a topic fits for readers with any nickname. Raises TooLongError."""
    reader = _longest_nick(settings)
    _require_room(
        topic,
        room(settings.name, Numeric.RPL_TOPIC.command, reader, channel),
        room(settings.name, Numeric.RPL_LIST.command, reader, channel, _MANY),
    )


def require_readable_away(settings: Settings, text: str, host: str) -> None:
    """Check that an away message fits for readers with any nickname. Raises TooLongError.

    host: the away user's.
    """
    nick = _longest_nick(settings)
    source = f"{nick}!{'u' * settings.limits.username}@{host}"
    _require_room(text, room(source, "AWAY"), room(settings.name, Numeric.RPL_AWAY.command, nick, nick))


def _longest_nick(settings: Settings) -> str:
    return "n" * settings.nick_bytes


def _require_room(text: str, *rooms: int) -> None:
    if len(text.encode()) > min(rooms):
        raise TooLongError
