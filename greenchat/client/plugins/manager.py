"""The loaded plugins: their files, their callbacks, and the handling of their errors.

Only plugins that the user has enabled run. An error in a plugin shows one line in the current window and is stored with
details in a file; a plugin that fails repeatedly is unloaded.
"""

import contextlib
import io
import re
import sys
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

from greenchat.client.plugins.api import Chat, Timer
from greenchat.client.state.lines import Line, LineKind
from greenchat.client.state.model import Buffer, Model
from greenchat.protocol.message import Message
from greenchat.records import field, record

MOST_FAILURES = 5
MOST_WAITING = 1000  # messages that wait for plugins; beyond that the oldest are dropped
EXAMPLE = "dice"
NAME = re.compile(r"[A-Za-z_][\w-]*")


class PluginError(Exception):
    """A plugin cannot be loaded or unloaded; the text tells the user why."""


@record(slots=True, eq=False)
class _Loaded:
    chat: Chat
    failures: int = 0
    error: str = ""  # the last error, for the user


@record(slots=True)
class _Now:
    seconds: float
    milliseconds: int


@record(slots=True)
class Plugins:
    """The loaded plugins, by name.

    folder: where their files are. report: writes a report of the exception that is being handled, under a name; returns
    its path. Changes: load, unload, run.
    """

    model: Model
    folder: Path
    report: Callable[[str], Path]
    _loaded: dict[str, _Loaded] = field(default_factory=dict)
    _now: _Now = field(default_factory=lambda: _Now(0.0, 0))

    @property
    def names(self) -> list[str]:
        """The names of the loaded plugins."""
        return sorted(self._loaded)

    @property
    def available(self) -> list[str]:
        """The names of the plugins that have a file."""
        return sorted(path.stem for path in self.folder.glob("*.py") if NAME.fullmatch(path.stem))

    @property
    def deadline(self) -> float | None:
        """The time of the next timer, in seconds of the app's clock."""
        due = [timer.due for plugin in self._loaded.values() for timer in plugin.chat.hooks.timers]
        return min(due, default=None)

    @property
    def busy(self) -> bool:
        """Whether messages wait for plugins."""
        return bool(self.model.plugin_messages or self.model.messages)

    def start(self) -> None:
        """Load the plugins of the setting plugins.load."""
        names = self.model.settings.get("plugins.load")
        for name in names if isinstance(names, list) else []:
            try:
                self.load(name)
            except PluginError as error:
                self._show(str(error))

    def order(self, what: str, name: str) -> None:
        """Load, unload or list plugins, or write the example, as the user orders."""
        kind = LineKind.INFO
        others = [name for name in self.available if name not in self._loaded]
        text = f"Loaded: {', '.join(self.names) or 'none'}; not loaded, in {self.folder}: {', '.join(others) or 'none'}"
        try:
            if what == "load":
                self.load(name)
                text = f"The plugin {name} is loaded. Use /set plugins.load {name} to load it at every start."
            elif what == "unload":
                self.unload(name)
                text = f"The plugin {name} is unloaded."
            elif what == "example":
                text = f"A sample plugin is in {self._write_example()}. Use /plugin load {EXAMPLE} to load it."
        except PluginError as error:
            kind, text = LineKind.ERROR, str(error)
        self._show(text, kind)

    def load(self, name: str) -> None:
        """Load a plugin and start it; one that is loaded already is loaded again. Raises PluginError."""
        if not NAME.fullmatch(name):
            raise PluginError(f"{name} is not a plugin name: use letters, digits, _ and - only.")
        path = self.folder / f"{name}.py"
        try:
            source = path.read_bytes()
        except OSError as error:
            raise PluginError(f"There is no plugin {name}: {path} can't be read ({error.strerror}).") from error
        if name in self._loaded:
            self.unload(name)
        plugin = _Loaded(Chat(name, self.model, self._now))
        with self._guarded(plugin, "as it was loaded", reported=False):
            module = ModuleType(f"greenchat_plugin_{name}")
            module.__file__ = str(path)
            sys.modules[module.__name__] = module
            exec(compile(source, path, "exec"), module.__dict__)
            module.start(plugin.chat)
        if plugin.error:
            sys.modules.pop(f"greenchat_plugin_{name}", None)
            raise PluginError(plugin.error)
        self._add_commands(plugin)
        self._loaded[name] = plugin
        self._listen()

    def unload(self, name: str) -> None:
        """Unload a plugin: none of its functions is called again. Raises PluginError."""
        plugin = self._loaded.pop(name, None)
        if plugin is None:
            raise PluginError(f"The plugin {name} is not loaded.")
        from greenchat.client.slash import registry  # late, as in submit.py

        for command in plugin.chat.hooks.commands:
            registry.withdraw(command)
        sys.modules.pop(f"greenchat_plugin_{name}", None)
        self._listen()

    def run(self, seconds: float, milliseconds: int) -> None:
        """Run timers that are due, and pass messages to the plugins. seconds: of the app's clock."""
        self._now.seconds = seconds
        self._now.milliseconds = milliseconds
        for plugin in list(self._loaded.values()):
            for timer in [timer for timer in plugin.chat.hooks.timers if timer.due <= seconds]:
                self._ring(plugin, timer)
        while self.model.messages:
            self.received(self.model.messages.popleft())
        for _ in range(len(self.model.plugin_messages or ())):
            assert self.model.plugin_messages
            self._tell(*self.model.plugin_messages.popleft())

    def received(self, message: Message) -> None:
        """Pass a message of the server to the plugins."""
        for plugin in list(self._loaded.values()):
            for command, function in plugin.chat.hooks.irc:
                if command == message.command:
                    with self._guarded(plugin, f"in its handler of {command}"):
                        function(message)

    def _write_example(self) -> Path:
        """Write the example into the folder of plugins, and return its path. Raises PluginError."""
        path = self.folder / f"{EXAMPLE}.py"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as file:  # do not overwrite the user's changes
                file.write(Path(__file__).with_name("example.py").read_bytes())
        except FileExistsError:
            raise PluginError(f"{path} already exists. Use /plugin load {EXAMPLE} to load it.") from None
        except OSError as error:
            raise PluginError(f"{path} can't be written: {error.strerror}") from error
        return path

    def _listen(self) -> None:
        """Keep messages for the plugins, if any is loaded."""
        self.model.plugin_messages = (
            (self.model.plugin_messages or deque(maxlen=MOST_WAITING)) if self._loaded else None
        )

    def _add_commands(self, plugin: _Loaded) -> None:
        from greenchat.client.slash import registry

        for name, (function, usage) in list(plugin.chat.hooks.commands.items()):
            if name in registry.TABLE or name in registry.ALIASES:
                del plugin.chat.hooks.commands[name]
                self._show(f"The plugin {plugin.chat.name} can't add the command /{name}: it already exists.")
                continue

            def action(order: registry.Order, function: Callable[[str], object] = function, name: str = name) -> None:
                self._now.milliseconds = order.now
                with self._guarded(plugin, f"in /{name}"):
                    function(order.arguments)

            action.__doc__ = function.__doc__ or f"A command of the plugin {plugin.chat.name}."
            registry.command(name, usage=usage)(action)

    def _ring(self, plugin: _Loaded, timer: Timer) -> None:
        timers = plugin.chat.hooks.timers
        if timer.interval:
            timer.due = self._now.seconds + timer.interval
        else:
            timers.remove(timer)
        with self._guarded(plugin, "in a timer"):
            timer.function()

    def _tell(self, buffer: Buffer, line: Line) -> None:
        for plugin in list(self._loaded.values()):
            hooks = plugin.chat.hooks
            for function in list(hooks.own if line.own else hooks.messages):
                with self._guarded(plugin, "in its handler of messages"):
                    function(plugin.chat.message(buffer, line))

    @contextlib.contextmanager
    def _guarded(self, plugin: _Loaded, doing: str, *, reported: bool = True) -> Iterator[None]:
        """Run a plugin's code: neither its output nor its errors reach the screen or end the client."""
        printed = io.StringIO()
        name = plugin.chat.name
        plugin.error = ""
        try:
            with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
                yield
        except (Exception, SystemExit) as error:
            plugin.failures += 1
            what = f"{type(error).__name__}: {error}".partition("\n")[0]
            details = self.report(f"plugin-{name}")
            plugin.error = f"The plugin {name} failed {doing} ({what}); the details are in {details}"
        for line in printed.getvalue().splitlines():
            self._show(f"{name}: {line}", LineKind.INFO)
        if plugin.error and reported:
            self._show(plugin.error)
        if plugin.failures >= MOST_FAILURES and name in self._loaded:
            self.unload(name)
            self._show(f"The plugin {name} was unloaded: it has failed {MOST_FAILURES} times.")

    def _show(self, text: str, kind: LineKind = LineKind.ERROR) -> None:
        self.model.tell(text, self._now.milliseconds, kind)
