"""Collects the answer to a command for its label, and puts it into batches.

https://ircv3.net/specs/extensions/labeled-response and https://ircv3.net/specs/extensions/batch
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from greenchat.chat.user import Session
from greenchat.protocol import caps
from greenchat.protocol.envelopes.envelope import Envelope
from greenchat.protocol.message import Message
from greenchat.protocol.numerics import Numeric

LABEL_LIMIT = 64  # bytes: https://ircv3.net/specs/extensions/labeled-response#tag-value


def label_of(message: Message, session: Session) -> str:
    """Return the label for the answer to a message, "" for none."""
    if not (session.caps & caps.LABELED_RESPONSE and session.caps & caps.BATCH):
        return ""
    label = message.tags.get("label", "")
    return label if len(label.encode()) <= LABEL_LIMIT else ""


class ResponseBuffer:
    """The answer to one command of a session; made only for commands with a label or a batch in the answer.

    label: of the command, "" if its answer need not be collected (any more). envelope: makes a message of the server
    from a command and its parameters. new_reference: returns a name for a batch.

    Reads: label. Changes: respond, batch, answer, answer_in_part, withdraw.
    """

    __slots__ = ("_batch", "_envelope", "_new_reference", "_parts", "_responses", "_session", "label")

    def __init__(
        self, session: Session, label: str, envelope: Callable[..., Envelope], new_reference: Callable[[], str]
    ) -> None:
        self._session = session
        self.label = label
        self._envelope = envelope
        self._new_reference = new_reference
        self._responses: list[Envelope] = []
        self._batch = ""
        self._parts = ""

    def respond(self, envelope: Envelope) -> None:
        """Collect a part of the answer, or send it, if it need not be collected."""
        if batch := self._batch or self._parts:
            envelope = envelope.in_batch(batch)
        if self.label:
            self._responses.append(envelope)
        else:
            self._session.outbox.put(envelope.encode(self._session.kind))

    @contextmanager
    def batch(self, reference: str, opening: Envelope) -> Iterator[None]:
        """Put the parts of the answer that the block adds into one batch. opening: the BATCH that begins it."""
        outer = self._batch
        self.respond(opening)
        self._batch = reference
        try:
            yield
        finally:
            self._batch = outer
            self.respond(self._envelope("BATCH", "-" + reference))

    def answer_in_part(self, *, is_batch: bool) -> None:
        """Send the collected part; the rest need not be collected.

        is_batch: one message, or a batch of its own kind, is the whole answer, so that it needs no batch around it.
        """
        if not (self.label and self._responses):
            return
        label, self.label = self.label, ""
        responses = self._responses
        if not is_batch:
            self._parts = self._new_reference()
            responses = [each if each.batch else each.in_batch(self._parts) for each in responses]
            responses.insert(0, self._envelope("BATCH", "+" + self._parts, "labeled-response"))
        responses[0] = responses[0].labeled(label)
        self._responses = responses
        for each in responses:
            self._session.outbox.put(each.encode(self._session.kind))

    def answer(self) -> None:
        """Send the collected answer, or an ACK."""
        if self.label:
            self._responses = self._responses or [self._envelope("ACK")]
            self.answer_in_part(is_batch=stands_alone(self._responses))
        if self._parts:
            ended, self._parts = self._parts, ""
            end = self._envelope("BATCH", "-" + ended)
            self.respond(end)
            self._responses.append(end)

    def withdraw(self, command: str) -> None:
        """Retract the waiting answer and collect its valid parts, since the command could not be stored.

        command: that of the message, as PRIVMSG.
        """
        answered = self._responses
        if answered:
            self._session.outbox.retract({id(data) for each in answered for data in each.encodings})
            self.label = answered[0].label
            self._responses = still_true(answered, command)


def stands_alone(responses: Sequence[Envelope]) -> bool:
    """Whether one message, or a batch of its own kind, is the whole answer, so that it needs no batch around it."""
    first, last = responses[0].message, responses[-1].message
    return len(responses) == 1 or (
        first.command == last.command == "BATCH"
        and first.params[0][1:] == last.params[0][1:]
        and all(response.batch for response in responses[1:-1])
    )


def still_true(responses: Sequence[Envelope], command: str) -> list[Envelope]:
    """Return the parts of an answer that are valid without storing its command: refusals, but no echo.

    command: that of the message, as PRIVMSG.
    """
    void = (command, "ACK", "BATCH", Numeric.RPL_AWAY.command)
    return [response.in_batch("") for response in responses if response.message.command not in void]
