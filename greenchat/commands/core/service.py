"""Services: NickServ and the others, addressed with PRIVMSG or their own commands (NICKSERV, NS).

They are tables of functions, not users: messages to them are neither delivered nor stored nor logged. HELP shows the
functions' docstrings.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from inspect import cleandoc

from greenchat.chat.rights import rights_of
from greenchat.commands.core.context import Context
from greenchat.commands.core.deferred import Continuation, Deferred
from greenchat.commands.core.registry import Way, as_act, command
from greenchat.protocol.envelopes.envelope import Envelope
from greenchat.protocol.message import Message
from greenchat.protocol.plain.text import split_text
from greenchat.protocol.wrap import room
from greenchat.storage.interface import StoreError

ServiceHandler = Callable[[Context, list[str]], Continuation | None]


_NOT_STORED = "The change could not be stored and was not made: try again"


class ServiceError(Exception):
    """A refused request; the text is the reason, for the sender."""


@dataclass(frozen=True, slots=True)
class ServiceCommand:
    """A command of a service. usage: its parameters, as HELP shows them; least: how many are needed.

    way: how it changes the state. leading: the number of words before the rest of the text, which is one parameter;
    None if all parameters are words.
    """

    name: str
    usage: str
    least: int
    handler: ServiceHandler
    right: str
    way: Way
    leading: int | None = None

    @property
    def summary(self) -> str:
        """The first line of its help."""
        return (self.handler.__doc__ or "").strip().splitlines()[0]


@dataclass(frozen=True, slots=True)
class Service:
    """A service. name: the nick to write to. about: one sentence."""

    name: str
    about: str
    entries: dict[str, ServiceCommand] = field(default_factory=dict)

    def command(
        self, name: str, usage: str = "", *, right: str = "", way: Way = Way.ACT, leading: int | None = None
    ) -> Callable[[ServiceHandler], ServiceHandler]:
        """Declare a command. Parameters in `usage` without brackets are required. right: the operator right that it
        needs.

        leading: see Entry; for passwords, which may contain spaces.
        """

        def declare(handler: ServiceHandler) -> ServiceHandler:
            assert name not in self.entries, f"{name} of {self.name} is declared twice"
            least = sum(not word.startswith("[") for word in usage.split())
            self.entries[name] = ServiceCommand(name, usage, least, handler, right, way, leading)
            return handler

        return declare


SERVICES: dict[str, Service] = {}


def service(name: str, about: str, *aliases: str) -> Service:
    """Add a service, and the commands that address it: its name, if it is a valid command, and these aliases."""
    assert name.lower() not in SERVICES, f"{name} is declared twice"
    added = SERVICES[name.lower()] = Service(name, about)
    for alias in (name.upper(), *aliases) if name.isalnum() else aliases:
        words = f"{alias} <command> [<parameters>]\n\n{about}\n{alias} HELP lists its commands."
        command(alias, about=words, way=Way.STEPS)(lambda ctx: run(ctx, added, " ".join(ctx.message.params)))
    return added


def find(nick: str) -> Service | None:
    """Return the service of this nick; `NickServ@services.example` works, too."""
    return SERVICES.get(nick.partition("@")[0].lower())


def run(ctx: Context, spoken_to: Service, text: str) -> Continuation | None:
    """Run the command in the text, and answer with notices."""
    words = text.split()
    if not words or words[0].upper() == "HELP":
        _help(ctx, spoken_to, words[1].upper() if len(words) > 1 else "")
        return None
    entry = spoken_to.entries.get(words[0].upper())
    if entry is None or (entry.right and not may(ctx, entry.right)):
        tell(ctx, spoken_to, f"Unknown command {words[0][:50]}. /msg {spoken_to.name} HELP lists the commands")
        return None
    if len(words) - 1 < entry.least:
        tell(ctx, spoken_to, f"Usage: {entry.name} {entry.usage}")
        return None
    parameters = words[1:] if entry.leading is None else text.lstrip().split(None, entry.leading + 1)[1:]

    def run_command(ctx: Context) -> Continuation | None:
        return guarded(ctx, spoken_to, lambda: entry.handler(ctx, parameters))

    return as_act(ctx, run_command) if entry.way is Way.ACT else run_command(ctx)


def guarded(ctx: Context, spoken_to: Service, step: Callable[[], Continuation | None]) -> Continuation | None:
    """Run a step of a service's command; its refusal becomes a notice, even after slow work."""
    try:
        later = step()
    except ServiceError as error:
        tell(ctx, spoken_to, str(error))
        return None
    except StoreError:
        tell(ctx, spoken_to, _NOT_STORED)
        return None
    if not isinstance(later, Deferred):
        return later
    then = later.then
    return replace(later, then=lambda ctx, result: guarded(ctx, spoken_to, lambda: then(ctx, result)))


def may(ctx: Context, right: str) -> bool:
    """Whether the sender is an operator with this right."""
    return right in rights_of(ctx.user, ctx.network.settings)


def tell(ctx: Context, speaker: Service, *lines: str) -> None:
    """Send lines of a service to the sender, in as many notices as that takes."""
    source = f"{speaker.name}!{speaker.name}@{ctx.network.settings.name}"
    size = room(source, "NOTICE", ctx.nick)
    for line in lines:
        for piece in split_text(line, size):
            ctx.respond(Envelope(Message("NOTICE", (ctx.nick, piece), source), time=ctx.now))


def _help(ctx: Context, spoken_to: Service, topic: str) -> None:
    visible = [entry for entry in spoken_to.entries.values() if not entry.right or may(ctx, entry.right)]
    if not topic:
        width = max((len(entry.name) for entry in visible), default=0)
        tell(ctx, spoken_to, spoken_to.about, *[f"{entry.name:{width}}  {entry.summary}" for entry in visible])
        tell(ctx, spoken_to, f"/msg {spoken_to.name} HELP COMMAND explains a command")
        return
    entry = next((entry for entry in visible if entry.name == topic), None)
    if entry is None:
        tell(ctx, spoken_to, f"No help available on {topic[:50]}")
        return
    # joins wrapped lines; only a line that ends with a full stop, a colon or a semicolon ends one of the answer
    about = re.sub(r"(?<![.:;])\n", " ", cleandoc(entry.handler.__doc__ or "").replace("\n\n", "\n")).split("\n")
    tell(ctx, spoken_to, f"Usage: {entry.name} {entry.usage}".rstrip(), *filter(None, about))
