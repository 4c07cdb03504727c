"""The plain-text dialect: `nc`, telnet, and the many small socket programs for which one `recv()` is one message.

Pure, like all of `protocol`: chunks and times in; messages, writes and delays out. A connection has one `Dialect`,
which reads, and one `Pacer`, which writes; they share an `OutputStyle`. `render` makes the text of a `Message` once for
all clients of a family.

- family: the families and what is known about a client;  names: typed names to nicks;
- text: control characters, cutting, ASCII;  arrival: which family, and the name;  speech: chunks to texts;
- slash: `/nick` and the like;  dialect: all of the incoming side;  render, pacer: the outgoing side.

All times are int milliseconds of one steady clock.
"""

from greenchat.protocol.plain.dialect import (
    Dialect,
    Event,
    Leave,
    NotPlain,
    PlainOptions,
    Run,
    Tell,
    Write,
    dump_events,
    load_events,
    orientation,
)
from greenchat.protocol.plain.family import GRACE, LINGER, PROMPT_TIMEOUT, Family, OutputStyle, PromptTime
from greenchat.protocol.plain.names import another_name, clean_name
from greenchat.protocol.plain.pacer import Pacer
from greenchat.protocol.plain.render import notice, render

__all__ = [
    "GRACE",
    "LINGER",
    "PROMPT_TIMEOUT",
    "Dialect",
    "Event",
    "Family",
    "Leave",
    "NotPlain",
    "OutputStyle",
    "Pacer",
    "PlainOptions",
    "PromptTime",
    "Run",
    "Tell",
    "Write",
    "another_name",
    "clean_name",
    "dump_events",
    "load_events",
    "notice",
    "orientation",
    "render",
]
