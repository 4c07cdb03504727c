"""The answer to a labeled command. https://ircv3.net/specs/extensions/labeled-response"""

from collections.abc import Sequence

from greenchat.protocol.envelopes.envelope import Envelope
from greenchat.protocol.numerics import Numeric

LABEL_LIMIT = 64  # bytes: https://ircv3.net/specs/extensions/labeled-response#tag-value


def stands_alone(responses: Sequence[Envelope]) -> bool:
    """Whether one message, or a batch of its own kind, is the whole answer, so that it needs no batch around it."""
    first, last = responses[0].message, responses[-1].message
    return len(responses) == 1 or (
        first.command == last.command == "BATCH"
        and first.params[0][1:] == last.params[0][1:]
        and all(response.batch for response in responses[1:-1])
    )


def still_true(responses: Sequence[Envelope], said: str) -> list[Envelope]:
    """Return what remains of an answer if nothing of its command is stored: refusals, but no echo or its batch.

    said: that command, as PRIVMSG.
    """
    void = (said, "ACK", "BATCH", Numeric.RPL_AWAY.command)
    return [response.in_batch("") for response in responses if response.message.command not in void]
