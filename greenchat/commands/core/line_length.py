"""Nothing that people say is cut in silence: what can't go whole into the line of 512 bytes that others get is refused.

https://modern.ircdocs.horse/#message-format, and #errinputtoolong-417 for the refusal. `Envelope` cuts what comes out
too long all the same, as the last resort: a long real name at the end of a line of WHO.
"""

from greenchat.commands.core.errors import TooLongError
from greenchat.config.settings import Settings
from greenchat.protocol.envelopes.envelope import Envelope
from greenchat.protocol.numerics import Numeric
from greenchat.protocol.wrap import room

_MANY = "9999999"  # members of a channel, as LIST counts them


def require_fit(*envelopes: Envelope) -> None:
    """Raises TooLongError unless all these are lines that others get whole."""
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
    """Raises TooLongError unless whoever asks for the topic gets it whole, whatever their nickname."""
    reader = _longest_nick(settings)
    _require_room(
        topic,
        room(settings.name, Numeric.RPL_TOPIC.command, reader, channel),
        room(settings.name, Numeric.RPL_LIST.command, reader, channel, _MANY),
    )


def require_readable_away(settings: Settings, text: str, host: str) -> None:
    """Raises TooLongError unless everybody gets an away message whole, whatever the nicknames are by then.

    host: of the one who is away.
    """
    nick = _longest_nick(settings)
    source = f"{nick}!{'u' * settings.limits.username}@{host}"
    _require_room(text, room(source, "AWAY"), room(settings.name, Numeric.RPL_AWAY.command, nick, nick))


def _longest_nick(settings: Settings) -> str:
    return "n" * settings.nick_bytes


def _require_room(text: str, *rooms: int) -> None:
    if len(text.encode()) > min(rooms):
        raise TooLongError
