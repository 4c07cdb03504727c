"""Commands about the notify list: of whom the user hears when they come online and go."""

from greenchat.client.irc import notify_list
from greenchat.client.slash.registry import Order, SlashError, command
from greenchat.client.state.effects import Save


@command("notify", usage="[-away] [nick [network]]", example="/notify bob")
def notify(order: Order) -> None:
    """Hear when somebody comes online and goes, or show of whom you hear.

    -away tells when they go away and come back, too, where the server does. It is kept for the next time; /unnotify
    ends it. Nicknames only: servers tell of nothing else.
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
                here = {True: "online", False: "not online", None: "not known"}[network.presence.present.get(folded)]
                order.tell(f"{each} ({network.name}): {here}")
        if not settings.notified:
            order.tell("You hear of nobody. /notify nick")
        return
    if any(sign in words[0] for sign in "!@*?,"):
        raise SlashError("A nickname, please: servers tell of nothing else. /notify nick")
    wanted = notify_list.Watched(words[0], words[1] if len(words) > 1 else "", "-away" in order.words)
    _forget(order, wanted.nick, wanted.network)
    settings.notified.append(str(wanted))
    _watch_anew(order)
    order.tell(f"You hear when {wanted.nick} comes online and goes.")


@command("unnotify", usage="nick", least=1, example="/unnotify bob")
def unnotify(order: Order) -> None:
    """Hear of somebody no more."""
    if not _forget(order, order.words[0], ""):
        raise SlashError(f"You don't hear of {order.words[0]}. /notify shows of whom you do.")
    _watch_anew(order)
    order.tell(f"You hear of {order.words[0]} no more.")


def _forget(order: Order, nick: str, network: str) -> bool:
    """Take somebody off the list, on one network or ("") on all; False where they are not on it."""
    settings, fold = order.model.settings, order.network.fold
    kept = [
        text
        for text in settings.notified
        if fold((known := notify_list.parse(text)).nick) != fold(nick) or (network and known.network != network)
    ]
    found = len(kept) < len(settings.notified)
    settings.notified = kept
    return found


def _watch_anew(order: Order) -> None:
    order.model.effects.append(Save())
    for network in order.model.networks:
        notify_list.watch(order.model, network)
