"""The table of slash commands: one function each, declared by a decorator that says how it is used."""

import inspect
from collections.abc import Callable

from greenchat.client.state.lines import Kind
from greenchat.client.state.model import Buffer, BufferKind, LinkState, Model, Network
from greenchat.records import record


class SlashError(Exception):
    """A command can't do what it is asked; the text says why, in words for the user."""


@record(frozen=True, slots=True)
class Order:
    """A slash command with its arguments and its window. now: milliseconds since the epoch."""

    model: Model
    arguments: str
    now: int

    @property
    def buffer(self) -> Buffer:
        """The buffer that is shown."""
        return self.model.current

    @property
    def network(self) -> Network:
        """Its network."""
        return self.model.current.network

    @property
    def words(self) -> list[str]:
        """The arguments cut at spaces."""
        return self.arguments.split()

    def channel_first(self) -> tuple[str, str]:
        """Return a channel and the rest: the first word if it is a channel's name, else the channel that is shown."""
        first, _, rest = self.arguments.partition(" ")
        if self.network.isupport.is_channel(first):
            return first, rest.strip()
        if self.buffer.kind is not BufferKind.CHANNEL:
            raise SlashError("There is no channel here. Name one, or go to its window.")
        return self.buffer.name, self.arguments

    def online(self) -> Network:
        """Return the network, for what can't wait. Raises SlashError without a connection."""
        if self.network.link.state is not LinkState.ONLINE:
            raise SlashError("Not connected. /connect tries at once.")
        return self.network

    def tell(self, text: str, kind: Kind = Kind.INFO) -> None:
        """Answer in the buffer that is shown, at its end, where it goes for that."""
        self.buffer.anchor = None
        self.model.tell(text, self.now, kind)


Action = Callable[[Order], None]


@record(frozen=True, slots=True)
class Command:
    """A row of the table. usage: the arguments as a reader of /help sees them; least: how many words they must have."""

    name: str
    action: Action
    usage: str
    least: int
    example: str
    aliases: tuple[str, ...]

    @property
    def summary(self) -> str:
        """The first line of the function's docstring."""
        return (self.action.__doc__ or "").strip().splitlines()[0]

    @property
    def more(self) -> list[str]:
        """The other lines."""
        return inspect.cleandoc(self.action.__doc__ or "").splitlines()[2:]


TABLE: dict[str, Command] = {}
ALIASES: dict[str, str] = {}


def command(name: str, *aliases: str, usage: str = "", least: int = 0, example: str = "") -> Callable[[Action], Action]:
    """Declare a slash command."""

    def declare(action: Action) -> Action:
        TABLE[name] = Command(name, action, usage, least, example, aliases)
        for alias in aliases:
            ALIASES[alias] = name
        return action

    return declare


def withdraw(name: str) -> None:
    """Take a command that was declared by its one name out of the table."""
    del TABLE[name]


def find(name: str) -> Command:
    """Return the command of this name, alias, or unmistakable beginning. Raises SlashError."""
    name = name.lower()
    exact = TABLE.get(ALIASES.get(name, name))
    if exact:
        return exact
    begun = [known for known in TABLE if known.startswith(name)]
    if len(begun) == 1:
        return TABLE[begun[0]]
    if begun:
        raise SlashError(f"/{name} could be " + ", ".join(f"/{known}" for known in begun))
    raise SlashError(f"There is no command /{name}. {_suggestion(name)}/help all lists them.")


def _suggestion(name: str) -> str:
    """Return what a mistyped name may have been meant to be, as a sentence with a space behind it, or ""."""
    from difflib import get_close_matches  # late: only for who mistypes

    found = [each for each in get_close_matches(name, [*TABLE, *ALIASES], n=3, cutoff=0.7) if len(each) > 2]
    return f"Did you mean {' or '.join('/' + each for each in found)}? " if found else ""
