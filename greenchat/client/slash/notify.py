"""Commands about the notify list."""

from greenchat.client.irc import notify_list
from greenchat.client.slash.registry import Order, SlashError, command
from greenchat.client.state.effects import SaveSettings


@command("notify", usage="[-away] [nick [network]]", example="/notify bob")
def notify(order: Order) -> None:
    """Be told when somebody comes online or goes offline, or show the list.

    With -away also when they go away and come back, if the server supports it. The list is saved; /unnotify
    removes an entry. It takes nicknames only.
    """
    settings = order.model.settings
    words = [word for word in order.words if word not in ("-away", "-list")]
    if words and words[0] in ("add", "del"):  # WeeChat's words for it
        if words[0] == "del" and len(words) > 1:
            unnotify(Order(order.model, words[1], order.now))
            return
        words = words[1:]
    if not words:
        for network in order.model.networks:
            for folded, each in notify_list.watched(order.model, network).items():
                presence = {True: "online", False: "not online", None: "not known"}[
                    network.presence.present.get(folded)
                ]
                order.tell(f"{each} ({network.name}): {presence}")
        if not settings.notified:
            order.tell("Your notify list is empty. Add a nick with /notify nick.")
        return
    if any(sign in words[0] for sign in "!@*?,"):
        raise SlashError("The notify list takes nicknames only: /notify nick")
    wanted = notify_list.Watched(words[0], words[1] if len(words) > 1 else "", "-away" in order.words)
    _forget(order, wanted.nick, wanted.network)
    settings.notified.append(str(wanted))
    _watch_anew(order)
    order.tell(f"You will be told when {wanted.nick} comes online or goes offline.")


@command("unnotify", usage="nick", least=1, example="/unnotify bob")
def unnotify(order: Order) -> None:
    """Remove somebody from the notify list."""
    if not _forget(order, order.words[0], ""):
        raise SlashError(f"{order.words[0]} is not on your notify list. /notify shows the list.")
    _watch_anew(order)
    order.tell(f"{order.words[0]} was removed from your notify list.")


def _forget(order: Order, nick: str, network: str) -> bool:
    """Remove a nick from the list, on one network or ("") on all; return False if it was not listed."""
    settings, fold = order.model.settings, order.network.fold
    remaining = [
        text
        for text in settings.notified
        if fold((known := notify_list.parse(text)).nick) != fold(nick) or (network and known.network != network)
    ]
    is_known = len(remaining) < len(settings.notified)
    settings.notified = remaining
    return is_known


def _watch_anew(order: Order) -> None:
    order.model.effects.append(SaveSettings())
    for network in order.model.networks:
        notify_list.watch(order.model, network)
