"""Tab completion of the word before the cursor: a command, a channel, an :emoji:, or a nick, recent speakers first.

Tab again takes the next candidate; any other key accepts the present one.
"""

import os

from greenchat.client.input.candidates import Completion
from greenchat.client.input.editor import InputLine
from greenchat.client.irc import bouncer
from greenchat.client.slash import TABLE
from greenchat.client.slash.guide import BASICS, groups
from greenchat.client.slash.registry import ALIASES
from greenchat.client.slash.window import WORDS as WINDOW_WORDS
from greenchat.client.state import settings, well_known
from greenchat.client.state.model import Buffer, BufferKind, LinkState, Model
from greenchat.client.state.saved_networks import FIELDS
from greenchat.client.text import emoji

_MOST_PATHS = 200
MOST_LISTED = 50  # channels of the server


def complete(model: Model, line: InputLine, step: int = 1) -> Completion | None:
    """Return the candidates for the word before the cursor, None if there are none."""
    start = line.before.rfind(" ") + 1
    word = line.before[start:]
    command, *arguments = line.before.split(" ")
    if arguments and (known := _known(model, command, arguments)) is not None:
        candidates = [name if name.endswith("/") else f"{name} " for name in known if name.startswith(word)]
    else:
        candidates = _candidates(model, word, at_start=start == 0)
    if not candidates:
        return None
    after = line.after.removeprefix(" ") if line.after.startswith(" ") else line.after
    return Completion(line.before[:start], after, tuple(candidates), 0 if step > 0 else len(candidates) - 1)


def _known(model: Model, command: str, arguments: list[str]) -> list[str] | None:
    """Return the possible values of an argument of a command, None if it can be anything."""
    name = command.removeprefix("/").lower()
    match "/" + ALIASES.get(name, name), arguments:
        case "/set", [_]:
            return ["all", *settings.TABLE]
        case "/set", [name, _] if name in settings.TABLE:
            row = settings.TABLE[name]
            now = settings.format_value(model.settings.get(name))
            known = ["on", "off"] if isinstance(row.default, bool) else sorted(row.choices) or [now, row.example]
            return [*filter(None, known), "default"]
        case "/override", [_]:
            return [buffer.name for buffer in model.buffers]
        case "/override", [_, *_]:
            return list(settings.OVERRIDES)
        case "/toggle", [_]:
            return [row.name for row in settings.TABLE.values() if isinstance(row.default, bool)]
        case "/unset", [_]:
            return sorted(model.settings.values)
        case "/mouse", [_]:
            return ["off", "on", "toggle"]
        case "/bind", [_, *_]:
            return _bindings(model, arguments)
        case "/key", ["bind" | "reset" | "unbind", *rest] if rest:
            return _bindings(model, rest)
        case "/import", [_]:
            return ["irssi", "weechat"]
        case "/plugin", [_]:
            return ["example", "list", "load", "unload"]
        case "/ignore", [_, _, *_]:
            return list(settings.IGNORABLE)
        case "/dehighlight", [_]:
            calling = ("highlight.words", "highlight.patterns")
            return [word for each in calling for word in settings.format_value(model.settings.get(each)).split()]
        case "/unnotify", [_]:
            return model.settings.notified
        case "/help", [_]:
            return sorted({*TABLE, *groups(), "keys", "all"})
        case "/topic", [_]:
            return [model.current.topic] if model.current.topic else None
        case "/network", [_]:
            return ["add", "known", "remove", "set", "show"]
        case "/network", ["set" | "show" | "remove", _]:
            return list(model.settings.networks)
        case "/network", ["set", _, _]:
            return list(FIELDS)
        case "/connect", [_]:
            return [*model.settings.networks, *(name.lower() for name in well_known.NETWORKS if " " not in name)]
        case "/exec" | "/export" | "/upload" | "/picture", [*_, word] if word.startswith(("/", "~", "./", "../")):
            return _paths(word)
        case "/unalias", [_]:
            return sorted(model.settings.aliases)
        case "/unignore", [_]:
            return model.settings.ignored
        case "/dcc", [_]:
            return ["get", "close", "list"]
        case "/dcc", ["get" | "close", _]:
            return list(dict.fromkeys(offer.nick for offer in reversed(model.offers)))
        case "/dcc", ["get" | "close", nick, _]:
            return [offer.name for offer in model.offers if offer.nick.lower() == nick.lower()]
        case "/bouncer", [_]:
            return ["add", "remove", "set"]
        case "/bouncer", ["set" | "remove", _]:
            return [each["name"] for each in model.network.bouncer.networks.values() if each.get("name")]
        case "/bouncer", ["set", _, _]:
            return list(bouncer.ATTRIBUTES)
        case "/unsplit", [_]:
            return [buffer.name for buffer in model.others_shown]
        case "/window", [_]:
            return [*(buffer.name for buffer in model.buffers), *WINDOW_WORDS]
        case "/close" | "/split" | "/vsplit", [_]:
            return [buffer.name for buffer in model.buffers]
        case "/server", [_]:
            return ["add", "connect", "list", "remove"]
        case "/server", ["connect" | "remove", _]:
            return list(model.settings.networks)
        case "/reconnect" | "/disconnect", [_]:
            return [network.name for network in model.networks]
        case "/key", [_]:
            return ["bind", "list", "reset", "unbind"]
        case _:
            return None


def _bindings(model: Model, arguments: list[str]) -> list[str]:
    """Return the candidates for `/bind KEY ACTION`: bound keys; actions, by their next word."""
    if len(arguments) == 1:
        return sorted(model.settings.keys())
    before = arguments[1:-1]
    actions = [action.split() for action in sorted({*model.actions, "default", "nothing"})]
    return list(dict.fromkeys(each[len(before)] for each in actions if each[: len(before)] == before != each))


def _channels(model: Model, word: str) -> list[str]:
    """Return the channels with a window, then the server's, which are requested once."""
    network, fold = model.network, model.network.fold
    directory = network.directory
    if (
        not directory.complete
        and not directory.asked
        and network.link.state is LinkState.ONLINE
        and network.link.welcomed
    ):
        directory.begin(quiet=True)
        network.send("LIST")
    open_ = [buffer.name for buffer in model.buffers if buffer.kind is BufferKind.CHANNEL]
    names = {fold(name): name for name in open_}
    for each in directory.largest(MOST_LISTED, fold(word)):
        names.setdefault(fold(each.name), each.name)
    return [name for folded, name in names.items() if folded.startswith(fold(word))]


def _candidates(model: Model, word: str, *, at_start: bool) -> list[str]:
    if at_start and word.startswith("/"):
        basics = {name: place for place, name in enumerate(BASICS)}
        known = sorted(
            {*TABLE, *model.settings.aliases, *ALIASES}, key=lambda name: (basics.get(name, len(basics)), name)
        )
        own = [name for name in known if name in TABLE or name in model.settings.aliases]
        begun = [name for name in own if name.startswith(word[1:].lower())]
        return [f"/{name} " for name in begun or [each for each in known if each.startswith(word[1:].lower())]]
    if word.startswith(":") and len(word) > 1:
        return [f"{each} " for each in emoji.named(word[1:].removesuffix(":"))]
    network = model.network
    fold = network.fold
    if network.isupport.is_channel(word):
        return [f"{name} " for name in _channels(model, word)]
    sign, bare = (word[0], word[1:]) if word[:1] in ("@", "(", "[", '"') and word else ("", word)
    if not bare and not at_start:
        return []
    ending = ": " if at_start and not sign else " "
    return [f"{sign}{nick}{ending}" for nick in _nicks(model.current) if fold(nick).startswith(fold(bare))]


def _nicks(buffer: Buffer) -> list[str]:
    """Return the other members: recent speakers first, the others by name."""
    fold = buffer.network.fold
    if buffer.kind is not BufferKind.CHANNEL:
        return list(dict.fromkeys([*[buffer.name] * (buffer.kind is BufferKind.PRIVATE), *_nicks_of_network(buffer)]))
    last = list(buffer.speakers)
    order = {folded: place for place, folded in enumerate(reversed(last))}
    others = [member.nick for member in buffer.members.values() if not buffer.network.is_me(member.nick)]
    return sorted(others, key=lambda nick: (order.get(fold(nick), len(order)), fold(nick)))


def _nicks_of_network(buffer: Buffer) -> list[str]:
    """Return the members of all channels of the network, by name."""
    network = buffer.network
    people = {member.nick for other in network.buffers.values() for member in other.members.values()}
    return sorted((nick for nick in people if not network.is_me(nick)), key=network.fold)


def _paths(word: str) -> list[str]:
    """Return the files and folders whose paths begin with a word; folders end with a slash."""
    folder, _, name = word.rpartition("/")
    try:
        entries = sorted(os.scandir(os.path.expanduser(folder or "/")), key=lambda entry: entry.name)
    except OSError:
        return []
    matches = [entry for entry in entries if entry.name.startswith(name) and (name or not entry.name.startswith("."))]
    return [f"{folder}/{entry.name}{'/' * entry.is_dir()}" for entry in matches[:_MOST_PATHS]]
