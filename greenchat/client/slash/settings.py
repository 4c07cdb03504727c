"""Commands about the client: settings, aliases, keys, ignores. Changes are saved."""

from greenchat.client.slash.registry import ALIASES, Order, SlashError, command
from greenchat.client.slash.registry import TABLE as COMMANDS
from greenchat.client.state.bindings import as_key, is_key
from greenchat.client.state.effects import ReloadSettings, SaveSettings
from greenchat.client.state.settings import IGNORABLE, OVERRIDES, TABLE, SettingError, format_value, without_password

_CALLING = ("highlight.words", "highlight.patterns")
# The kinds of messages that can be ignored, by irssi's names of levels.
_LEVELS: dict[str, tuple[str, ...]] = {
    "ALL": (),
    "*": (),
    "ACTIONS": ("actions",),
    "INVITES": ("invites",),
    "JOINS": ("joins",),
    "PARTS": ("joins",),
    "QUITS": ("joins",),
    "MSGS": ("messages",),
    "PUBLIC": ("messages",),
    "PUBLICS": ("messages",),
    "NOTICES": ("notices",),
}


@command("set", usage="[setting [value]]", example="/set highlight.words tea coffee", switches="reset default clear")
def set_(order: Order) -> None:
    """Show the changed settings, or change one. /set all lists all, /set NAME explains one.

    The value `default` resets it. /override changes settings for one window, network or person.
    """
    settings = order.model.settings
    name, _, text = order.arguments.partition(" ")
    if order.switches and name in TABLE:
        text = "default"
    if name not in TABLE:
        rows = TABLE.values()
        part = name.strip("*").lower()
        listed = [row for row in rows if (row.name in settings.values if not name else part in row.name)]
        listed = list(rows) if name == "all" else listed
        if name and (text or not listed):
            raise SlashError(f"There is no setting {name}. {_instead(name)}/set all lists them.")
        for row in listed:
            order.tell(f"{row.name} = {without_password(settings.get(row.name)) or '(nothing)'}: {row.help}")
        if not name:
            differs = "These settings differ from their defaults" if listed else "All settings have their defaults"
            order.tell(f"{differs}. /set all lists all of them, /set NAME explains one.")
        return
    row = TABLE[name]
    if not text.strip():
        choices = f"; one of {', '.join(row.choices)}" if row.choices else ""
        example = f"; for example: /set {name} {row.example}" if row.example else ""
        first = f"; default: {format_value(row.default) or '(nothing)'}" if name in settings.values else ""
        order.tell(
            f"{name} = {without_password(settings.get(name)) or '(nothing)'}: {row.help}{choices}{first}{example}"
        )
        return
    try:
        settings.set(name, format_value(row.default) if text.strip() == "default" else text.strip())
    except SettingError as error:
        raise SlashError(str(error)) from error
    order.model.effects.append(SaveSettings())
    order.tell(f"{name} = {without_password(settings.get(name)) or '(nothing)'}")


def _instead(name: str) -> str:
    """Return the equivalent of a setting of irssi or WeeChat, as a sentence with a space at the end, "" if unknown."""
    from greenchat.client.slash import equivalents  # late: only after an unknown setting

    instead = equivalents.setting_instead(name)
    return f"{instead}. " if instead else ""


@command("toggle", usage="setting", least=1, example="/toggle bell")
def toggle(order: Order) -> None:
    """Switch a setting on or off."""
    name = order.words[0]
    now = order.model.settings.get(name) if name in TABLE else None
    if not isinstance(now, bool):
        raise SlashError(f"{name} can't be switched on and off. {_instead(name)}/set all lists them.")
    set_(Order(order.model, f"{name} {'off' if now else 'on'}", order.now))


@command("unset", "reset", usage="setting", least=1, example="/unset theme")
def unset(order: Order) -> None:
    """Reset a setting to its default."""
    if order.words[0] not in TABLE:
        raise SlashError(f"There is no setting {order.words[0]}. {_instead(order.words[0])}/set all lists them.")
    set_(Order(order.model, f"{order.words[0]} default", order.now))


@command("save", example="/save")
def save(order: Order) -> None:
    """Save the settings. They are also saved at each change."""
    order.model.effects.append(SaveSettings())
    order.tell("The settings were saved.")


@command("reload", example="/reload")
def reload(order: Order) -> None:
    """Reload the settings file after editing it."""
    order.model.effects.append(ReloadSettings())


@command("alias", usage="[name [command]]", example="/alias hug me hugs $1")
def alias(order: Order) -> None:
    """Define an alias. $1 to $9 are the arguments, $2- the second and later ones, $* (the default) all.

    Separate several commands by semicolons: /alias hi /join #a; /join #b
    """
    aliases = order.model.settings.aliases
    name, _, text = order.arguments.partition(" ")
    if name in ("add", "list", "del", "remove"):  # WeeChat's words for it
        if text and name in ("del", "remove"):
            unalias(Order(order.model, text, order.now))
            return
        name, _, text = text.partition(" ")
    name = name.removeprefix("/").lower()
    if name.startswith("-") and not text.strip():  # irssi's way to remove one
        unalias(Order(order.model, name[1:], order.now))
        return
    if not text.strip():
        for known in sorted(aliases) if not name else [name] if name in aliases else []:
            order.tell(f"/{known} = /{aliases[known]}")
        if not aliases or (name and name not in aliases):
            order.tell("No such alias." if name else "There are no aliases. See /help alias.")
        return
    if name in COMMANDS or name in ALIASES:
        raise SlashError(f"/{name} is already a command.")
    if "$0" in text:
        raise SlashError("Arguments are $1, $2 ... here, and $* is all of them.")
    aliases[name] = text.strip().removeprefix("/")
    order.model.effects.append(SaveSettings())
    order.tell(f"/{name} = /{aliases[name]}")


@command("unalias", usage="name", least=1, example="/unalias hug")
def unalias(order: Order) -> None:
    """Remove an alias."""
    if order.model.settings.aliases.pop(order.words[0].removeprefix("/").lower(), None) is None:
        raise SlashError("No such alias.")
    order.model.effects.append(SaveSettings())


@command("bind", usage="[key [action]]", example="/bind F5 next window", switches="list delete reset")
def bind(order: Order) -> None:
    """List the keys, or bind one to an action or a command with its slash.

    Keys are F1, C-x (Ctrl-X), M-x (Alt-X), C-Left and the like; `default` restores a key, `nothing` unbinds it.
    """
    settings = order.model.settings
    key, _, action = order.arguments.partition(" ")
    key = as_key(key)
    if key and order.switches & {"delete", "reset"}:
        action = "default" if "reset" in order.switches else "nothing"
    keys = settings.keys()
    if key and not is_key(key):
        raise SlashError(f"There is no key {key}. Keys are written like F5, C-x, M-x or C-Left.")
    if not action.strip():
        for known in [key] if key else sorted(keys):
            order.tell(f"{known}: {keys.get(known, '(nothing)')}")
        return
    action = action.strip()
    if action == "default":
        settings.bindings.pop(key, None)
    elif action == "nothing":
        settings.bindings[key] = ""
    elif action in order.model.actions or action.startswith("/"):
        settings.bindings[key] = action
    else:
        raise SlashError(f"There is no action {action}. /bind lists the actions.")
    order.model.effects.append(SaveSettings())
    order.tell(f"{key}: {settings.keys().get(key, '(nothing)')}")


@command("key", usage="[bind key action]", example="/key bind M-x /who")
def key_(order: Order) -> None:
    """The same as /bind, with WeeChat's syntax: bind, unbind, reset and list."""
    what, _, rest = order.arguments.partition(" ")
    words = {"unbind": "nothing", "reset": "default"}
    if what in words and rest:
        rest = f"{rest.split()[0]} {words[what]}"
    elif what not in ("", "bind", "list", "listdefault", "listdiff"):
        raise SlashError("Usage: /key bind M-x /who; /bind M-x /who does the same.")
    bind(Order(order.model, rest if what == "bind" or what in words else "", order.now))


@command(
    "highlight", "hilight", "hl", usage="[word]", example="/highlight cake", switches="word line full regexp add list"
)
def highlight(order: Order) -> None:
    """Highlight messages with a word, or list the words. Your nickname always highlights.

    -regexp takes a regular expression. /override bob notify alerts you to every message from bob.
    """
    name = "highlight.patterns" if "regexp" in order.switches else "highlight.words"
    settings = order.model.settings
    words = format_value(settings.get(name)).split()
    wanted = [word for word in order.words if word not in words]
    if wanted:
        try:
            settings.set(name, " ".join((*words, *wanted)))
        except SettingError as error:
            raise SlashError(str(error)) from error
        order.model.effects.append(SaveSettings())
    for each in (name,) if wanted else _CALLING:
        order.tell(f"{each} = {without_password(settings.get(each)) or '(nothing)'}")


@command("dehighlight", "dehilight", "dhl", usage="word", least=1, example="/dehighlight cake", switches="")
def dehighlight(order: Order) -> None:
    """Remove a highlight word."""
    values = {each: format_value(order.model.settings.get(each)).split() for each in _CALLING}
    name, words = next(((each, words) for each, words in values.items() if order.words[0] in words), ("", []))
    if not name:
        raise SlashError(f"{order.words[0]} is not a highlight. /highlight lists them.")
    words.remove(order.words[0])
    order.model.settings.set(name, " ".join(words))
    order.model.effects.append(SaveSettings())
    order.tell(f"{name} = {' '.join(words) or '(nothing)'}")


@command("override", usage="[[network/]window [override ...]]", example="/override #busy mute hide-joins")
def override(order: Order) -> None:
    """Override settings for one window, network or person: mute, notify, no-highlight, hide-joins; `nothing` resets.

    The window is a channel or a nick; libera/* is a whole network, * is everything.
    """
    overrides = order.model.settings.overrides
    if not order.words:
        for name, words in sorted(overrides.items()):
            order.tell(f"{name}: {', '.join(words)}")
        if not overrides:
            order.tell("There are no overrides. See /help override.")
        return
    scope, *words = (word.lower() for word in order.words)
    unknown = next((word for word in words if word not in OVERRIDES), "")
    if unknown:
        known = "; ".join(f"{word}: {meaning}" for word, meaning in OVERRIDES.items())
        raise SlashError(f"There is no {unknown}. {known}.")
    if words:
        overrides[scope] = words
        order.tell(f"{scope}: {'; '.join(OVERRIDES[word] for word in words)}.")
    else:
        overrides.pop(scope, None)
        order.tell(f"{scope} has no overrides now.")
    order.model.effects.append(SaveSettings())


@command(
    "ignore",
    usage="[nick or mask [kinds] [#channel]]",
    example="/ignore *!*@spam.example",
    switches="channels pattern",
)
def ignore(order: Order) -> None:
    """Ignore somebody, or show the ignore list.

    Kinds are messages, notices, actions, invites and joins: /ignore bob joins #tea hides bob's joins and parts there.
    """
    ignored = order.model.settings.ignored
    words = order.words
    if words and words[0] in ("add", "list", "del"):  # WeeChat's words for it
        if words[0] == "del" and len(words) > 1:
            unignore(Order(order.model, " ".join(words[1:]), order.now))
            return
        words = words[1:] if words[0] == "add" else []
    if "pattern" in order.switches:
        raise SlashError("/ignore takes a nick or a mask, not a text. A plugin can hide texts; see /help plugin.")
    places = words.pop(0).split(",") if "channels" in order.switches and words else []
    kinds = [each for word in words[1:] for each in _LEVELS.get(word.upper(), (word,))]
    wrong = next((word for word in kinds if word not in IGNORABLE and word[:1] not in "#&!+"), "")
    if wrong:
        raise SlashError(f"{wrong} is neither a kind nor a channel. The kinds are {', '.join(IGNORABLE)}.")
    entry = " ".join(dict.fromkeys((*words[:1], *kinds, *places))) if words else ""
    if entry and entry not in ignored:
        ignored.append(entry)
        order.model.effects.append(SaveSettings())
    listed = ", ".join(f"{number}: {each}" for number, each in enumerate(ignored, 1))
    order.tell(f"Ignored: {listed}" if ignored else "Your ignore list is empty.")


@command("unignore", usage="nick or mask", least=1, example="/unignore *!*@spam.example")
def unignore(order: Order) -> None:
    """Stop ignoring somebody."""
    ignored = order.model.settings.ignored
    entry = " ".join(order.words)
    if entry.isdecimal() and 0 < int(entry) <= len(ignored):
        entry = ignored[int(entry) - 1]
    removed = [each for each in ignored if entry in (each, each.split()[0])]
    if not removed:
        raise SlashError(f"{entry} is not on your ignore list. /ignore shows the list.")
    ignored[:] = [each for each in ignored if each not in removed]
    order.model.effects.append(SaveSettings())
    order.tell(f"{entry} is no longer ignored.")
