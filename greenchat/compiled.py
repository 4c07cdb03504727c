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
    "server/net/irc": "handles a client's input in the loop's callback",
    "server/net/connection": "reads the socket; `irc` uses its fields for each line",
    "server/net/client_pace": "the client's throttle, checked for each line",
    "chat/protection/throttle": "the token bucket of the throttle",
    "commands/core/dispatch": "runs lines that do not take the fast path",
    "commands/core/registry": "checks and runs the command of a line",
    "commands/core/context": "the context of a command, made for each",
    "commands/core/command_log": "checks for each command whether it is logged",
    # from a command to a message
    "server/net/routes": "the fast path of plain messages",
    "commands/messages/speech": "checks which messages take the fast path",
    "commands/core/utterance": "the messages of a burst, as one value",
    "commands/core/recording": "stores messages before anybody sees them",
    "commands/core/history_events": "converts messages to stored events",
    "chat/policy": "permissions",
    "chat/user": "the speaker: its fields are used for each line",
    "chat/channel": "the target: its fields are used for each line",
    "protocol/msgid": "ids of messages",
    "protocol/times": "times of messages",
    # to the readers
    "chat/broadcast": "puts a message into the outbox of each member",
    "protocol/envelopes/talk": "encodes plain messages, once for each kind of client",
    "protocol/envelopes/envelope": "encodes all other messages",
    "protocol/envelopes/multiline": "a subclass of `Envelope`",
    "protocol/envelopes/relayed": "a subclass of `Envelope`",
    "protocol/envelopes/names_reply": "a subclass of `Envelope`",
    "protocol/websocket": "frames messages",
    "chat/outbox": "the messages that wait for one client",
    "server/net/outbox": "sends messages",
    "server/net/plain_outbox": "a subclass of `SocketOutbox`",
    "server/http/outboxes": "two subclasses of `SocketOutbox`",
    "server/net/sendq": "counts the bytes that the kernel has not taken",
    # the turn
    "server/net/turn": "stores and sends the messages of a turn together",
    "server/nodes/turn": "a subclass of `Turn`",
    "server/net/schedule": "limits the time of a turn",
    "server/net/fair_queue": "the clients that wait for the next turn",
    "storage/interface": "the stored values",
    "storage/log": "counts each act",
    "storage/writer": "writes rows",
    "storage/changes": "notes which conversations were written to",
    "storage/compaction": "notes the written rows",
}
"""The modules, each with its part in the path of a message."""


def is_compiled() -> bool:
    """Whether this installation is compiled."""
    spec = find_spec("greenchat.server.net.turn")
    return spec is not None and not str(spec.origin).endswith(".py")


def kind_of_build() -> str:
    """Return the suffix of the version in `--version`: ", compiled" or nothing."""
    return ", compiled" if is_compiled() else ""
