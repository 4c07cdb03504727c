"""The table of slash commands: one function each, declared by a decorator that says how it is used."""

import re
from collections.abc import Callable

from greenchat.client.state.lines import LineKind
from greenchat.client.state.model import Buffer, BufferKind, ClientNetwork, LinkState, Model
from greenchat.records import record


class SlashError(Exception):
    """A refused command; the text is the reason, for the user."""


@record(frozen=True, slots=True)
class Order:
    """A slash command with its arguments and its window. now: milliseconds since the epoch.

    chosen: the network that `-NAME` in front of the arguments names. switches: the other `-words` there.
    """

    model: Model
    arguments: str
    now: int
    chosen: ClientNetwork | None = None
    switches: frozenset[str] = frozenset()

    @property
    def buffer(self) -> Buffer:
        """The buffer that is shown; of another network its own."""
        return self.model.current if self.network is self.model.current.network else self.network.status

    @property
    def network(self) -> ClientNetwork:
        """The network that the order is for."""
        return self.chosen or self.model.current.network

    @property
    def words(self) -> list[str]:
        """The arguments cut at spaces."""
        return self.arguments.split()

    def channel_first(self) -> tuple[str, str]:
        """Return a channel and the rest: the first word if it is a channel's name, or else the current channel."""
        first, _, rest = self.arguments.partition(" ")
        if self.network.isupport.is_channel(first):
            return first, rest.strip()
        if self.buffer.kind is not BufferKind.CHANNEL:
            raise SlashError("This is not a channel. Name one, or go to its window.")
        return self.buffer.name, self.arguments

    def online(self) -> ClientNetwork:
        """Return the network, for commands that can't wait. Raises SlashError without a connection."""
        if self.network.link.state is not LinkState.ONLINE:
            raise SlashError("Not connected. Use /connect to try now.")
        return self.network

    def tell(self, text: str, kind: LineKind = LineKind.INFO) -> None:
        """Show an answer in the current window, scrolled to the end."""
        self.model.current.anchor = None
        self.model.tell(text, self.now, kind)


SlashAction = Callable[[Order], None]


@record(frozen=True, slots=True)
class SlashCommand:
    """A row of the table. usage: the arguments in /help; least: the minimum number of words.

    switches: the allowed `-words` before the arguments; None if the arguments are a text that may begin with one.
    """

    name: str
    action: SlashAction
    usage: str
    least: int
    example: str
    aliases: tuple[str, ...]
    switches: frozenset[str] | None

    @property
    def summary(self) -> str:
        """The first line of the function's docstring."""
        return (self.action.__doc__ or "").strip().splitlines()[0]

    @property
    def more(self) -> list[str]:
        """The other lines."""
        import inspect  # late: it imports half of Python's compiler

        return inspect.cleandoc(self.action.__doc__ or "").splitlines()[2:]


_MOST_SUGGESTED = 3
BETWEEN = re.compile(r"\s*;\s*/")  # the commands of one alias
_SWITCH = re.compile(r"-([A-Za-z][\w.]*|[46])(?:\s+|$)")  # -4 and -6 are the IP versions of /connect
TABLE: dict[str, SlashCommand] = {}
ALIASES: dict[str, str] = {}


def command(
    name: str, *aliases: str, usage: str = "", least: int = 0, example: str = "", switches: str | None = None
) -> Callable[[SlashAction], SlashAction]:
    """Declare a slash command. switches: separated by spaces."""
    known = None if switches is None else frozenset(switches.split())

    def declare(action: SlashAction) -> SlashAction:
        for word in (name, *aliases):
            assert word not in TABLE.keys() | ALIASES.keys(), f"/{word} is declared twice"
        TABLE[name] = SlashCommand(name, action, usage, least, example, aliases, known)
        for alias in aliases:
            ALIASES[alias] = name
        return action

    return declare


def with_switches(order: Order, command: SlashCommand) -> Order:
    """Return an order with the `-words` before its arguments parsed and removed.

    `-NAME` selects the network of this name, like `-server NAME`. Raises SlashError for an unknown word, which would
    otherwise be taken for a channel or a nick.
    """
    if command.switches is None:
        return order
    networks = {network.name.lower(): network for network in order.model.networks}
    rest, chosen, switches = order.arguments, order.chosen, set(order.switches)
    while match := _SWITCH.match(rest):
        word, rest = match[1].lower(), rest[match.end() :]
        if word in command.switches:
            switches.add(word)
            continue
        if word in ("server", "network", "net"):
            word, _, rest = rest.partition(" ")
            rest = rest.lstrip()
        chosen = networks.get(word.lower())
        if chosen is None:
            raise SlashError(_no_switch(command.name, word))
    return Order(order.model, rest, order.now, chosen, frozenset(switches))


def _no_switch(name: str, word: str) -> str:
    from greenchat.client.slash import equivalents  # late: only after an unknown command

    if instead := equivalents.switch_instead(name, word):
        return f"/{name} has no -{word}. {instead}."
    return f"/{name} has no -{word}, and there is no such network. See /help {name}"


def reject_foreign_word(name: str, word: str) -> None:
    """Raise SlashError with the equivalent, if irssi or WeeChat have this first word of a command."""
    from greenchat.client.slash import equivalents  # late: few type more than ours

    if instead := equivalents.word_instead(name, word):
        raise SlashError(f"/{name} does not know {word}. {instead}.")


def withdraw(name: str) -> None:
    """Remove a command without aliases from the table."""
    del TABLE[name]


def find(name: str) -> SlashCommand:
    """Return the command of this name, alias, or unmistakable beginning. Raises SlashError."""
    name = name.lower()
    if not name:
        raise SlashError("Put no space behind the slash: /join #tea. See /help.")
    exact = TABLE.get(ALIASES.get(name, name))
    if exact:
        return exact
    from greenchat.client.slash import equivalents  # late: only after an unknown command

    if instead := equivalents.instead(name):
        raise SlashError(f"There is no command /{name} here. {instead}.")
    begun = [known for known in TABLE if known.startswith(name)]
    if len(begun) == 1:
        return TABLE[begun[0]]
    if begun:
        raise SlashError(f"/{name} could be " + ", ".join(f"/{known}" for known in sorted(begun)))
    raise SlashError(f"There is no command /{name}. {_suggestion(name)}/help all lists them.")


def _suggestion(name: str) -> str:
    """Return suggestions for a mistyped name, as a sentence with a space at the end, or ""."""
    least = max(2, len(name) - 2)  # letters: a shorter one is too far away, and a pasted word may be very long
    ranked = sorted((_edit_distance(name, each), each) for each in (*TABLE, *ALIASES) if len(each) >= least)
    short = len(name) < 5
    candidates = [each for mistakes, each in ranked if mistakes <= (1 if short else 2)]
    if short:
        candidates += [each for _, each in ranked if each[:2] == name[:2] and each in TABLE and each not in candidates]
    named = [f"/{each}" for each in candidates[:_MOST_SUGGESTED]]
    return f"Did you mean {', '.join(named[:-1])}{' or ' * (len(named) > 1)}{named[-1]}? " if named else ""


def _edit_distance(typed: str, name: str) -> int:
    """Return how many letters are missing, too many, wrong, or exchanged with the next one."""
    before: list[int] = []
    last = list(range(len(name) + 1))
    for row, letter in enumerate(typed, 1):
        current = [row]
        for column, other in enumerate(name, 1):
            fewest = min(last[column] + 1, current[-1] + 1, last[column - 1] + (letter != other))
            if row > 1 and column > 1 and typed[row - 2 : row] == name[column - 1] + name[column - 2]:
                fewest = min(fewest, before[column - 2] + 1)
            current.append(fewest)
        before, last = last, current
    return last[-1]
