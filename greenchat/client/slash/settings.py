"""Commands that change the client itself: settings, aliases, keys, whom not to read. All are kept for the next time."""

from greenchat.client.slash.registry import ALIASES, Order, SlashError, command
from greenchat.client.slash.registry import TABLE as COMMANDS
from greenchat.client.state.bindings import as_key, is_key
from greenchat.client.state.effects import Load, Save
from greenchat.client.state.settings import IGNORABLE, OVERRIDES, TABLE, SettingError, shown, spoken

_CALLING = ("highlight.words", "highlight.patterns")
# The kinds of what can be ignored, by irssi's names of levels.
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
    """Show what differs from the defaults, or change a setting. /set all shows all, /set NAME what one does.

    `default` as the value sets it back. /override changes how single windows, networks and people are treated.
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
            order.tell(f"{row.name} = {spoken(settings.get(row.name)) or '(nothing)'}: {row.help}")
        if not name:
            differs = "These differ from what they are at first" if listed else "All is as it is at first"
            order.tell(f"{differs}. /set all shows the others, /set NAME explains one.")
        return
    row = TABLE[name]
    if not text.strip():
        choices = f"; one of {', '.join(row.choices)}" if row.choices else ""
        example = f"; for example: /set {name} {row.example}" if row.example else ""
        first = f"; at first {shown(row.default) or '(nothing)'}" if name in settings.values else ""
        order.tell(f"{name} = {spoken(settings.get(name)) or '(nothing)'}: {row.help}{choices}{first}{example}")
        return
    try:
        settings.set(name, shown(row.default) if text.strip() == "default" else text.strip())
    except SettingError as error:
        raise SlashError(str(error)) from error
    order.model.effects.append(Save())
    order.tell(f"{name} = {spoken(settings.get(name)) or '(nothing)'}")


def _instead(name: str) -> str:
    """Return what a setting of irssi or WeeChat is here as a sentence with a space behind it, "" for an unknown one."""
    from greenchat.client.slash import elsewhere  # late: only for who types what there is not

    instead = elsewhere.setting_instead(name)
    return f"{instead}. " if instead else ""


@command("toggle", usage="setting", least=1, example="/toggle bell")
def toggle(order: Order) -> None:
    """Switch a setting that is on or off."""
    name = order.words[0]
    now = order.model.settings.get(name) if name in TABLE else None
    if not isinstance(now, bool):
        raise SlashError(f"{name} is nothing that is on or off. {_instead(name)}/set all lists them.")
    set_(Order(order.model, f"{name} {'off' if now else 'on'}", order.now))


@command("unset", "reset", usage="setting", least=1, example="/unset theme")
def unset(order: Order) -> None:
    """Set a setting back to what it was at first."""
    if order.words[0] not in TABLE:
        raise SlashError(f"There is no setting {order.words[0]}. {_instead(order.words[0])}/set all lists them.")
    set_(Order(order.model, f"{order.words[0]} default", order.now))


@command("save", example="/save")
def save(order: Order) -> None:
    """Write the settings down. They are at each change, so there is seldom need to."""
    order.model.effects.append(Save())
    order.tell("The settings are saved.")


@command("reload", example="/reload")
def reload(order: Order) -> None:
    """Read the settings' file again, after you have changed it with an editor."""
    order.model.effects.append(Load())


@command("alias", usage="[name [what it stands for]]", example="/alias hug me hugs $1")
def alias(order: Order) -> None:
    """Give a command a name of your own. $1 to $9 are the words behind it, $2- the 2nd and on, $* (the default) all.

    Several commands stand one after the other: /alias hi /join #a; /join #b
    """
    aliases = order.model.settings.aliases
    name, _, text = order.arguments.partition(" ")
    if name in ("add", "list", "del", "remove"):  # WeeChat's words for it
        if text and name in ("del", "remove"):
            unalias(Order(order.model, text, order.now))
            return
        name, _, text = text.partition(" ")
    name = name.removeprefix("/").lower()
    if name.startswith("-") and not text.strip():  # irssi's way to forget one
        unalias(Order(order.model, name[1:], order.now))
        return
    if not text.strip():
        for known in sorted(aliases) if not name else [name] if name in aliases else []:
            order.tell(f"/{known} = /{aliases[known]}")
        if not aliases or (name and name not in aliases):
            order.tell("There is no such alias." if name else "There are no aliases. /help alias")
        return
    if name in COMMANDS or name in ALIASES:
        raise SlashError(f"/{name} is a command of greenchat already.")
    if "$0" in text:
        raise SlashError("The first word behind an alias is $1 here, and $* stands for all.")
    aliases[name] = text.strip().removeprefix("/")
    order.model.effects.append(Save())
    order.tell(f"/{name} = /{aliases[name]}")


@command("unalias", usage="name", least=1, example="/unalias hug")
def unalias(order: Order) -> None:
    """Forget an alias."""
    if order.model.settings.aliases.pop(order.words[0].removeprefix("/").lower(), None) is None:
        raise SlashError("There is no such alias.")
    order.model.effects.append(Save())


@command("bind", usage="[key [what it does]]", example="/bind F5 next window", switches="list delete reset")
def bind(order: Order) -> None:
    """Show what keys do, or have one do something else: an action of the table, or a command with its slash.

    Keys are F1, C-x (Ctrl-X), M-x (Alt-X), C-Left and the like; default gives a key its action back, nothing takes it.
    """
    settings = order.model.settings
    key, _, action = order.arguments.partition(" ")
    key = as_key(key)
    if key and order.switches & {"delete", "reset"}:
        action = "default" if "reset" in order.switches else "nothing"
    keys = settings.keys()
    if key and not is_key(key):
        raise SlashError(f"There is no key {key}. /bind F5 does something, or C-x, M-x, C-Left.")
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
        raise SlashError(f"There is no action {action}. /bind lists those that keys have.")
    order.model.effects.append(Save())
    order.tell(f"{key}: {settings.keys().get(key, '(nothing)')}")


@command("key", usage="[bind key what it does]", example="/key bind M-x /who")
def key_(order: Order) -> None:
    """The same as /bind, in WeeChat's words: bind, unbind, reset and list."""
    what, _, rest = order.arguments.partition(" ")
    words = {"unbind": "nothing", "reset": "default"}
    if what in words and rest:
        rest = f"{rest.split()[0]} {words[what]}"
    elif what not in ("", "bind", "list", "listdefault", "listdiff"):
        raise SlashError("How to use it: /key bind M-x /who; /bind M-x /who does the same.")
    bind(Order(order.model, rest if what == "bind" or what in words else "", order.now))


@command(
    "highlight", "hilight", "hl", usage="[word]", example="/highlight cake", switches="word line full regexp add list"
)
def highlight(order: Order) -> None:
    """Be called by one more word, or show which words call you besides your nickname. /set changes them all.

    -regexp takes a regular expression. /override bob notify calls you for all that bob says to you.
    """
    name = "highlight.patterns" if "regexp" in order.switches else "highlight.words"
    settings = order.model.settings
    words = shown(settings.get(name)).split()
    wanted = [word for word in order.words if word not in words]
    if wanted:
        try:
            settings.set(name, " ".join((*words, *wanted)))
        except SettingError as error:
            raise SlashError(str(error)) from error
        order.model.effects.append(Save())
    for each in (name,) if wanted else _CALLING:
        order.tell(f"{each} = {spoken(settings.get(each)) or '(nothing)'}")


@command("dehighlight", "dehilight", "dhl", usage="word", least=1, example="/dehighlight cake", switches="")
def dehighlight(order: Order) -> None:
    """Be called by a word no more."""
    values = {each: shown(order.model.settings.get(each)).split() for each in _CALLING}
    name, words = next(((each, words) for each, words in values.items() if order.words[0] in words), ("", []))
    if not name:
        raise SlashError(f"{order.words[0]} does not call you. /highlight shows what does.")
    words.remove(order.words[0])
    order.model.settings.set(name, " ".join(words))
    order.model.effects.append(Save())
    order.tell(f"{name} = {' '.join(words) or '(nothing)'}")


@command("override", usage="[[network/]window [what ...]]", example="/override #busy mute hide-joins")
def override(order: Order) -> None:
    """Treat one window, network or person otherwise: mute, notify, no-highlight, hide-joins; nothing takes it back.

    The window is a channel or a nick; libera/* is a whole network, * is everything.
    """
    overrides = order.model.settings.overrides
    if not order.words:
        for name, words in sorted(overrides.items()):
            order.tell(f"{name}: {', '.join(words)}")
        if not overrides:
            order.tell("No window is treated otherwise than the settings say. /help override")
        return
    where, *words = (word.lower() for word in order.words)
    unknown = next((word for word in words if word not in OVERRIDES), "")
    if unknown:
        known = "; ".join(f"{word}: {meaning}" for word, meaning in OVERRIDES.items())
        raise SlashError(f"There is no {unknown}. {known}.")
    if words:
        overrides[where] = words
        order.tell(f"{where}: {'; '.join(OVERRIDES[word] for word in words)}.")
    else:
        overrides.pop(where, None)
        order.tell(f"{where} is treated as the settings say.")
    order.model.effects.append(Save())


@command(
    "ignore",
    usage="[nick or mask [kinds] [#channel]]",
    example="/ignore *!*@spam.example",
    switches="channels pattern",
)
def ignore(order: Order) -> None:
    """Don't read somebody any more, or show whom you don't.

    Kinds are messages, notices, actions, invites and joins: /ignore bob joins #tea hides who comes and goes there.
    """
    ignored = order.model.settings.ignored
    words = order.words
    if words and words[0] in ("add", "list", "del"):  # WeeChat's words for it
        if words[0] == "del" and len(words) > 1:
            unignore(Order(order.model, " ".join(words[1:]), order.now))
            return
        words = words[1:] if words[0] == "add" else []
    if "pattern" in order.switches:
        raise SlashError("People are ignored, not texts: /ignore nick or mask. A plugin can hide texts: /help plugin.")
    places = words.pop(0).split(",") if "channels" in order.switches and words else []
    kinds = [each for word in words[1:] for each in _LEVELS.get(word.upper(), (word,))]
    wrong = next((word for word in kinds if word not in IGNORABLE and word[:1] not in "#&!+"), "")
    if wrong:
        raise SlashError(f"{wrong} is no kind and no channel. Kinds are {', '.join(IGNORABLE)}.")
    entry = " ".join(dict.fromkeys((*words[:1], *kinds, *places))) if words else ""
    if entry and entry not in ignored:
        ignored.append(entry)
        order.model.effects.append(Save())
    listed = ", ".join(f"{number}: {each}" for number, each in enumerate(ignored, 1))
    order.tell(f"You don't read {listed}" if ignored else "You read everybody.")


@command("unignore", usage="nick or mask", least=1, example="/unignore *!*@spam.example")
def unignore(order: Order) -> None:
    """Read somebody again."""
    ignored = order.model.settings.ignored
    entry = " ".join(order.words)
    if entry.isdecimal() and 0 < int(entry) <= len(ignored):
        entry = ignored[int(entry) - 1]
    gone = [each for each in ignored if entry in (each, each.split()[0])]
    if not gone:
        raise SlashError(f"{entry} is not ignored. /ignore shows who is.")
    ignored[:] = [each for each in ignored if each not in gone]
    order.model.effects.append(Save())
    order.tell(f"You read {entry} again.")
