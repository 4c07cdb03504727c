"""The 512-byte rule: nothing that people say is cut silently. A text that would not fit into the line that others get
is refused.

https://modern.ircdocs.horse/#message-format, and #errinputtoolong-417 for the refusal. `Envelope` still cuts a line
that gets too long, as a last resort: a long real name at the end of a line of WHO.
"""

from greenchat.commands.core.errors import TooLongError
from greenchat.config.settings import Settings
from greenchat.protocol.envelopes.envelope import Envelope
from greenchat.protocol.numerics import Numeric
from greenchat.protocol.wrap import room

_MANY = "9999999"  # members of a channel, as LIST counts them


def require_fit(*envelopes: Envelope) -> None:
    """Check that others get all these lines whole. Raises TooLongError."""
    for envelope in envelopes:
        if not envelope.fits:
            raise TooLongError


def repeats_too_much(envelope: Envelope) -> bool:
    """Whether an answer would have to cut a word of the asker's, which they could not recognize then."""
    if envelope.fits:
        return False
    sizes = list(map(len, envelope.message.params))
    return sizes.index(max(sizes)) < len(sizes) - 1


def require_readable_topic(settings: Settings, channel: str, topic: str) -> None:
    """Check that any reader of the topic gets it whole, whatever their nickname. Raises TooLongError."""
    reader = _longest_nick(settings)
    _require_room(
        topic,
        room(settings.name, Numeric.RPL_TOPIC.command, reader, channel),
        room(settings.name, Numeric.RPL_LIST.command, reader, channel, _MANY),
    )


def require_readable_away(settings: Settings, text: str, host: str) -> None:
    """Check that everybody gets an away message whole, whatever the nicknames are by then. Raises TooLongError.

    host: of the user who is away.
    """
    nick = _longest_nick(settings)
    source = f"{nick}!{'u' * settings.limits.username}@{host}"
    _require_room(text, room(source, "AWAY"), room(settings.name, Numeric.RPL_AWAY.command, nick, nick))


def _longest_nick(settings: Settings) -> str:
    return "n" * settings.nick_bytes


def _require_room(text: str, *rooms: int) -> None:
    if len(text.encode()) > min(rooms):
        raise TooLongError
