"""The modules that a compiled build compiles, and whether this build is compiled.

`GREENCHAT_COMPILE=1 pip install .` compiles these with mypyc, from the same files; see `setup.py`. They are the modules
in which a message spends its time, and the classes that must be compiled with them: a compiled class can't have an
interpreted subclass. Other modules stay interpreted, also those that read data which may be damaged: a compiled
function checks the types of its arguments before its first line.
"""

from importlib.util import find_spec

MODULES = {
    # from bytes to a line, and to its command
    "protocol/framing": "cuts lines",
    "protocol/message": "parses and formats them",
    "server/net/irc": "hears a client in the loop's callback",
    "server/net/connection": "reads its socket; `irc` uses its fields for each line",
    "server/net/client_pace": "its throttle, asked for each line",
    "chat/protection/throttle": "the token bucket of that",
    "commands/core/dispatch": "runs a line that does not take the fast path",
    "commands/core/registry": "checks and runs its command",
    "commands/core/context": "in which a command runs: one is made for each",
    "commands/core/command_log": "is asked for each command whether it is logged",
    # what is said
    "server/net/routes": "the fast path of plain messages",
    "commands/messages/speech": "says what takes that",
    "commands/core/utterance": "in one value",
    "commands/core/recording": "stores that before anybody sees it",
    "commands/core/history_events": "in this form",
    "chat/policy": "whether it may be said",
    "chat/user": "who says it: its fields are used for each line",
    "chat/channel": "where: the same",
    "protocol/msgid": "its id",
    "protocol/times": "its time",
    # to its readers
    "chat/broadcast": "puts it into the outbox of each member",
    "protocol/envelopes/talk": "encodes plain messages, once for each kind of client",
    "protocol/envelopes/envelope": "encodes all others",
    "protocol/envelopes/multiline": "a subclass of that",
    "protocol/envelopes/relayed": "a subclass",
    "protocol/envelopes/names_reply": "a subclass",
    "protocol/websocket": "frames it",
    "chat/outbox": "what waits for one client",
    "server/net/outbox": "sends it",
    "server/net/plain_outbox": "a subclass of that",
    "server/http/outboxes": "two subclasses",
    "server/net/sendq": "counts what the kernel has not taken",
    # the turn
    "server/net/turn": "stores and sends what was said together",
    "server/nodes/turn": "a subclass of that",
    "server/net/schedule": "bounds a turn",
    "server/net/fair_queue": "who waits for the next one",
    "storage/interface": "what is stored, as values",
    "storage/log": "counts each act",
    "storage/writer": "makes rows of it",
    "storage/changes": "notes which conversations were written to",
    "storage/compaction": "notes the rows",
}
"""Each with the reason why it is here."""


def is_compiled() -> bool:
    """Whether this installation is compiled."""
    found = find_spec("greenchat.server.net.turn")
    return found is not None and not str(found.origin).endswith(".py")


def kind_of_build() -> str:
    """Return what is said of that beside the version: ", compiled" or nothing."""
    return ", compiled" if is_compiled() else ""
