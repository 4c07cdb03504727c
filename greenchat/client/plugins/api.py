"""The interface of plugins. A plugin is a Python file with a function `start`, for example:

    def start(chat):
        @chat.on_message
        def answer(message):
            if message.text == "!tea":
                message.reply("The kettle is on.")

        @chat.on_command("stretch", usage="[minutes]")
        def stretch(arguments):
            "Be reminded to stand up."
            chat.after(60 * int(arguments or 30), lambda: chat.print("Stand up and stretch."))

Functions are called one at a time, and block the screen: use a thread for slow work, which must not use `chat` (a timer
can fetch the thread's results). The output of a function is shown in the current window. An exception is shown there as
one line, its details are stored in a file, and the client continues.
"""

from collections.abc import Callable
from typing import Protocol, TypeVar

from greenchat.client.irc import sending
from greenchat.client.state.lines import Line, LineKind
from greenchat.client.state.model import Buffer, ClientNetwork, Model
from greenchat.protocol.message import Message
from greenchat.records import field, record


@record(slots=True)
class ChatMessage:
    """A message of a user.

    network: the name of the network. window: the channel, or the nick of a private conversation. kind: "said",
    "action" (/me) or "notice". time: milliseconds since the epoch. called: whether it mentions the user (by nick, or by
    a highlight word). id: the msgid, "" if there is none.
    """

    network: str
    window: str
    nick: str
    text: str
    kind: str
    time: int
    called: bool
    id: str
    reply: Callable[[str], None]  # sends a message to the same channel or user


OnMessage = Callable[[ChatMessage], object]
OnIrc = Callable[[Message], object]
OnCommand = Callable[[str], object]
Timed = Callable[[], object]
Declared = TypeVar("Declared", bound=Callable[..., object])


@record(slots=True)
class Timer:
    """A call of a plugin's function at a later time.

    due: seconds of the app's clock. interval: seconds until it is due again, 0 for once.
    """

    due: float
    interval: float
    function: Timed


@record(slots=True)
class Hooks:
    """The functions that a plugin has registered."""

    messages: list[OnMessage] = field(default_factory=list)
    own: list[OnMessage] = field(default_factory=list)
    irc: list[tuple[str, OnIrc]] = field(default_factory=list)
    commands: dict[str, tuple[OnCommand, str]] = field(default_factory=dict)  # name -> function and usage
    timers: list[Timer] = field(default_factory=list)


class PluginClock(Protocol):
    """The time, as plugins see it. seconds: of the app's clock. milliseconds: since the epoch."""

    seconds: float
    milliseconds: int


class Chat:
    """The client, for one plugin.

    `on_message`, `on_own_message`, `on_irc`, `on_command`, `every` and `after` register functions; `print`, `say`,
    `send` and `run` act; `window`, `network` and `nick` say where the user is. `name` is the plugin's.
    """

    def __init__(self, name: str, model: Model, clock: PluginClock) -> None:
        self.name = name
        self.hooks = Hooks()
        self._model = model
        self._clock = clock

    def on_message(self, function: OnMessage) -> OnMessage:
        """Call the function with each message of another user that arrives live, not from history."""
        self.hooks.messages.append(function)
        return function

    def on_own_message(self, function: OnMessage) -> OnMessage:
        """Call the function with each message that the user sends."""
        self.hooks.own.append(function)
        return function

    def on_irc(self, command: str) -> Callable[[OnIrc], OnIrc]:
        """Call the function with each line of this command (`JOIN`, `001`) from the server, after the client has
        handled it.
        """

        def declare(function: OnIrc) -> OnIrc:
            self.hooks.irc.append((command.upper(), function))
            return function

        return declare

    def on_command(self, name: str, usage: str = "") -> Callable[[OnCommand], OnCommand]:
        """Call the function with the arguments, in one text, when the user types `/name`. Its docstring is the help."""

        def declare(function: OnCommand) -> OnCommand:
            self.hooks.commands[name.lower()] = (function, usage)
            return function

        return declare

    def every(self, seconds: float) -> Callable[[Timed], Timed]:
        """Call the function every so many seconds, at most ten times a second."""

        def declare(function: Timed) -> Timed:
            interval = max(0.1, seconds)
            self.hooks.timers.append(Timer(self._clock.seconds + interval, interval, function))
            return function

        return declare

    def after(self, seconds: float, function: Timed) -> None:
        """Call the function once, in so many seconds."""
        self.hooks.timers.append(Timer(self._clock.seconds + max(0.0, seconds), 0.0, function))

    @property
    def window(self) -> str:
        """The name of the current window: a channel, a nick, or the network."""
        return self._model.current.name

    @property
    def network(self) -> str:
        """The name of the current window's network."""
        return self._model.network.name

    @property
    def nick(self) -> str:
        """The user's nick on the current window's network."""
        return self._model.network.nicks.current

    def print(self, text: str, window: str = "", network: str = "") -> None:
        """Show text to the user only: in this window if it exists, otherwise in the current one."""
        buffer = self._network(network).find(window) if window else None
        for line in text.split("\n"):
            self._model.add(buffer or self._model.current, Line(self._clock.milliseconds, LineKind.INFO, line))

    def say(self, window: str, text: str, network: str = "") -> None:
        """Send a message to a channel or a user, as the user."""
        self.say_in(self._model.open(self._network(network), window), text)

    def send(self, command: str, *params: str, network: str = "") -> None:
        """Send a line to the server: `chat.send("MODE", "#tea", "+v", "bob")`."""
        self._network(network).send(command, *params)

    def run(self, line: str) -> None:
        """Run a slash command in the current window: `chat.run("/join #tea")`."""
        from greenchat.client import slash  # late, as in submit.py

        slash.run(self._model, line, self._clock.milliseconds)

    def message(self, buffer: Buffer, line: Line) -> ChatMessage:
        """Return a line of a buffer in the form for plugins."""
        kind = line.kind.name.lower()
        place = (buffer.network.name, buffer.name)
        return ChatMessage(
            *place,
            line.nick,
            line.text,
            kind,
            line.time,
            line.highlight,
            line.id,
            reply=lambda text: self.say_in(buffer, text),
        )

    def say_in(self, buffer: Buffer, text: str) -> None:
        """Send a message to a window's channel or user."""
        sending.say(self._model, buffer, text, LineKind.SAID, self._clock.milliseconds)

    def _network(self, name: str) -> ClientNetwork:
        if not name:
            return self._model.network
        for network in self._model.networks:
            if network.name.lower() == name.lower():
                return network
        raise ValueError(f"there is no network {name}")
