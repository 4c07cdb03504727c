"""Commands that change the client itself: settings, aliases, keys, whom not to read. All are kept for the next time."""

from greenchat.client.slash.registry import ALIASES, Order, SlashError, command
from greenchat.client.slash.registry import TABLE as COMMANDS
from greenchat.client.state.effects import Save
from greenchat.client.state.settings import TABLE, SettingError, shown


@command("set", usage="[setting [value]]", example="/set highlight.words tea coffee")
def set_(order: Order) -> None:
    """Show settings, or change one. /set NAME shows what it does; `default` as the value sets it back."""
    settings = order.model.settings
    name, _, text = order.arguments.partition(" ")
    if not name or name not in TABLE:
        listed = [row for row in TABLE.values() if row.name.startswith(name)]
        if not listed:
            raise SlashError(f"There is no setting {name}. /set lists them all.")
        for row in listed:
            order.tell(f"{row.name} = {shown(settings.get(row.name)) or '(nothing)'}: {row.help}")
        return
    row = TABLE[name]
    if not text.strip():
        choices = f"; one of {', '.join(row.choices)}" if row.choices else ""
        order.tell(f"{name} = {shown(settings.get(name)) or '(nothing)'}: {row.help}{choices}")
        return
    try:
        settings.set(name, shown(row.default) if text.strip() == "default" else text.strip())
    except SettingError as error:
        raise SlashError(str(error)) from error
    order.model.requests.append(Save())
    order.tell(f"{name} = {shown(settings.get(name)) or '(nothing)'}")


@command("toggle", usage="setting", least=1, example="/toggle bell")
def toggle(order: Order) -> None:
    """Switch a setting that is on or off."""
    name = order.words[0]
    now = order.model.settings.get(name) if name in TABLE else None
    if not isinstance(now, bool):
        raise SlashError(f"{name} is nothing that is on or off. /set lists all settings.")
    set_(Order(order.model, f"{name} {'off' if now else 'on'}", order.now))


@command("unset", "reset", usage="setting", least=1, example="/unset theme")
def unset(order: Order) -> None:
    """Set a setting back to what it was at first."""
    if order.words[0] not in TABLE:
        raise SlashError(f"There is no setting {order.words[0]}. /set lists them all.")
    set_(Order(order.model, f"{order.words[0]} default", order.now))


@command("save", example="/save")
def save(order: Order) -> None:
    """Write the settings down. They are at each change, so there is seldom need to."""
    order.model.requests.append(Save())
    order.tell("The settings are saved.")


@command("alias", usage="[name [what it stands for]]", example="/alias hug me hugs $1")
def alias(order: Order) -> None:
    """Give a command a name of your own. $1 to $9 are the words behind it, $* (the default) all of them."""
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
    order.model.requests.append(Save())
    order.tell(f"/{name} = /{aliases[name]}")


@command("unalias", usage="name", least=1, example="/unalias hug")
def unalias(order: Order) -> None:
    """Forget an alias."""
    if order.model.settings.aliases.pop(order.words[0].removeprefix("/").lower(), None) is None:
        raise SlashError("There is no such alias.")
    order.model.requests.append(Save())


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
    order.model.requests.append(Save())
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
        order.model.requests.append(Save())
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
    order.model.requests.append(Save())
    order.tell(f"{name} = {' '.join(words) or '(nothing)'}")


@command("ignore", usage="[nick or mask]", example="/ignore *!*@spam.example")
def ignore(order: Order) -> None:
    """Don't read somebody any more, or show whom you don't."""
    ignored = order.model.settings.ignored
    if order.words and order.words[0] not in ignored:
        ignored.append(order.words[0])
        order.model.requests.append(Save())
    order.tell(f"You don't read: {', '.join(ignored)}" if ignored else "You read everybody.")


@command("unignore", usage="nick or mask", least=1, example="/unignore *!*@spam.example")
def unignore(order: Order) -> None:
    """Read somebody again."""
    ignored = order.model.settings.ignored
    if order.words[0] not in ignored:
        raise SlashError(f"{order.words[0]} is not ignored. /ignore shows who is.")
    ignored.remove(order.words[0])
    order.model.requests.append(Save())
    order.tell(f"You read {order.words[0]} again.")
