"""Commands that change the client itself: settings, aliases, keys, whom not to read. All are kept for the next time."""

from greenchat.client.slash.registry import ALIASES, Order, SlashError, command
from greenchat.client.slash.registry import TABLE as COMMANDS
from greenchat.client.state.effects import Save
from greenchat.client.state.settings import IGNORABLE, OVERRIDES, TABLE, SettingError, shown


@command("set", usage="[setting [value]]", example="/set highlight.words tea coffee")
def set_(order: Order) -> None:
    """Show what differs from the defaults, or change a setting. /set all shows all, /set NAME what one does.

    `default` as the value sets it back. /override changes how single windows, networks and people are treated.
    """
    settings = order.model.settings
    name, _, text = order.arguments.partition(" ")
    if name not in TABLE:
        rows = TABLE.values()
        listed = [row for row in rows if (row.name in settings.values if not name else row.name.startswith(name))]
        listed = list(rows) if name == "all" else listed
        if name and not listed:
            raise SlashError(f"There is no setting {name}. /set all lists them.")
        for row in listed:
            order.tell(f"{row.name} = {shown(settings.get(row.name)) or '(nothing)'}: {row.help}")
        if not name:
            differs = "These differ from what they are at first" if listed else "All is as it is at first"
            order.tell(f"{differs}. /set all shows the others, /set NAME explains one.")
        return
    row = TABLE[name]
    if not text.strip():
        choices = f"; one of {', '.join(row.choices)}" if row.choices else ""
        example = f"; for example: /set {name} {row.example}" if row.example else ""
        first = f"; at first {shown(row.default) or '(nothing)'}" if name in settings.values else ""
        order.tell(f"{name} = {shown(settings.get(name)) or '(nothing)'}: {row.help}{choices}{first}{example}")
        return
    try:
        settings.set(name, shown(row.default) if text.strip() == "default" else text.strip())
    except SettingError as error:
        raise SlashError(str(error)) from error
    order.model.effects.append(Save())
    order.tell(f"{name} = {shown(settings.get(name)) or '(nothing)'}")


@command("toggle", usage="setting", least=1, example="/toggle bell")
def toggle(order: Order) -> None:
    """Switch a setting that is on or off."""
    name = order.words[0]
    now = order.model.settings.get(name) if name in TABLE else None
    if not isinstance(now, bool):
        raise SlashError(f"{name} is nothing that is on or off. /set all lists them.")
    set_(Order(order.model, f"{name} {'off' if now else 'on'}", order.now))


@command("unset", "reset", usage="setting", least=1, example="/unset theme")
def unset(order: Order) -> None:
    """Set a setting back to what it was at first."""
    if order.words[0] not in TABLE:
        raise SlashError(f"There is no setting {order.words[0]}. /set all lists them.")
    set_(Order(order.model, f"{order.words[0]} default", order.now))


@command("save", example="/save")
def save(order: Order) -> None:
    """Write the settings down. They are at each change, so there is seldom need to."""
    order.model.effects.append(Save())
    order.tell("The settings are saved.")


@command("alias", usage="[name [what it stands for]]", example="/alias hug me hugs $1")
def alias(order: Order) -> None:
    """Give a command a name of your own. $1 to $9 are the words behind it, $2- the 2nd and on, $* (the default) all."""
    aliases = order.model.settings.aliases
    name, _, text = order.arguments.partition(" ")
    name = name.removeprefix("/").lower()
    if not text.strip():
        for known in sorted(aliases) if not name else [name] if name in aliases else []:
            order.tell(f"/{known} = /{aliases[known]}")
        if not aliases or (name and name not in aliases):
            order.tell("There is no such alias." if name else "There are no aliases. /help alias")
        return
    if name in COMMANDS or name in ALIASES:
        raise SlashError(f"/{name} is a command of greenchat already.")
    aliases[name] = text.strip().removeprefix("/")
    order.model.effects.append(Save())
    order.tell(f"/{name} = /{aliases[name]}")


@command("unalias", usage="name", least=1, example="/unalias hug")
def unalias(order: Order) -> None:
    """Forget an alias."""
    if order.model.settings.aliases.pop(order.words[0].removeprefix("/").lower(), None) is None:
        raise SlashError("There is no such alias.")
    order.model.effects.append(Save())


@command("bind", usage="[key [what it does]]", example="/bind F5 next window")
def bind(order: Order) -> None:
    """Show what keys do, or have one do something else: an action of the table, or a command with its slash."""
    settings = order.model.settings
    key, _, action = order.arguments.partition(" ")
    keys = settings.keys()
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


@command("highlight", "hilight", "hl", usage="[word]", example="/highlight cake")
def highlight(order: Order) -> None:
    """Be called by one more word, or show which words call you besides your nickname. /set changes them all."""
    name = "highlight.words"
    settings = order.model.settings
    words = shown(settings.get(name)).split()
    wanted = [word for word in order.words if word not in words]
    if wanted:
        settings.set(name, " ".join((*words, *wanted)))
        order.model.effects.append(Save())
    order.tell(f"{name} = {shown(settings.get(name)) or '(nothing)'}")


@command("dehighlight", "dehilight", "dhl", usage="word", least=1, example="/dehighlight cake")
def dehighlight(order: Order) -> None:
    """Be called by a word no more."""
    name = "highlight.words"
    words = shown(order.model.settings.get(name)).split()
    if order.words[0] not in words:
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


@command("ignore", usage="[nick or mask [kinds] [#channel]]", example="/ignore *!*@spam.example")
def ignore(order: Order) -> None:
    """Don't read somebody any more, or show whom you don't.

    Kinds are messages, notices, actions, invites and joins: /ignore bob joins #tea hides who comes and goes there.
    """
    ignored = order.model.settings.ignored
    entry = " ".join(order.words)
    wrong = next((word for word in order.words[1:] if word not in IGNORABLE and word[:1] not in "#&!+"), "")
    if wrong:
        raise SlashError(f"{wrong} is no kind and no channel. Kinds are {', '.join(IGNORABLE)}.")
    if entry and entry not in ignored:
        ignored.append(entry)
        order.model.effects.append(Save())
    order.tell(f"You don't read: {', '.join(ignored)}" if ignored else "You read everybody.")


@command("unignore", usage="nick or mask", least=1, example="/unignore *!*@spam.example")
def unignore(order: Order) -> None:
    """Read somebody again."""
    ignored = order.model.settings.ignored
    entry = " ".join(order.words)
    gone = [each for each in ignored if entry in (each, each.split()[0])]
    if not gone:
        raise SlashError(f"{entry} is not ignored. /ignore shows who is.")
    ignored[:] = [each for each in ignored if each not in gone]
    order.model.effects.append(Save())
    order.tell(f"You read {entry} again.")
