"""The notify list: nicks whose status changes are shown.

Servers with MONITOR report changes; others are polled with ISON every minute, also for our wanted nickname while
somebody else uses it.

https://ircv3.net/specs/extensions/monitor, https://modern.ircdocs.horse/#ison-message
"""

from collections.abc import Iterable, Iterator

from greenchat.client.irc import nick_recovery
from greenchat.client.state.lines import Line, LineKind
from greenchat.client.state.model import ClientNetwork, LinkState, Model
from greenchat.records import record

ASK_SECONDS = 60
LONGEST_LIST = 400  # bytes of nicknames in one line


@record(frozen=True, slots=True)
class Watched:
    """An entry of the notify list. network: its name, "" for all. away: whether to report away messages, too."""

    nick: str
    network: str = ""
    away: bool = False

    def is_on(self, network: ClientNetwork) -> bool:
        """Whether this entry is for that network."""
        names = (network.name, str(network.address), network.isupport.tokens.get("NETWORK", ""))
        return not self.network or self.network.lower() in (name.lower() for name in names)

    def __str__(self) -> str:
        return " ".join((self.nick, *["-away"] * self.away, *[self.network] * bool(self.network)))


def parse(text: str) -> Watched:
    """Return the entry that `str` wrote: `bob -away libera`."""
    words = [word for word in text.split() if word != "-away"]
    nick, network = (*words, "", "")[:2]
    return Watched(nick, network, "-away" in text.split())


def watched(model: Model, network: ClientNetwork) -> dict[str, Watched]:
    """Return the list's entries for this network, by folded nickname."""
    entries = [parse(text) for text in model.settings.notified]
    return {network.fold(each.nick): each for each in entries if each.is_on(network)}


def watch(model: Model, network: ClientNetwork) -> None:
    """Let the server monitor the list after registration or a change of it, or begin to poll."""
    if network.link.state is not LinkState.ONLINE:
        return
    wanted = watched(model, network)
    network.presence.keep_only(wanted)
    if "MONITOR" not in network.isupport.tokens:
        network.presence.polled = tuple(each.nick for each in wanted.values())
        ask(network)
        return
    offline = [
        nick
        for nick in network.presence.monitored
        if nick not in wanted and nick != network.fold(network.nicks.watched)
    ]
    most = network.isupport.number("MONITOR", len(wanted) + 1) - bool(network.nicks.watched)
    new = {nick: each for nick, each in list(wanted.items())[:most] if nick not in network.presence.monitored}
    for targets in _lines(offline, ","):
        network.send("MONITOR", "-", targets)
    for targets in _lines([each.nick for each in new.values()], ","):
        network.send("MONITOR", "+", targets)
    network.presence.monitor(added=new, removed=offline)


def ask(network: ClientNetwork) -> None:
    """Ask a server that does not report changes which users of the list are online."""
    if network.link.state is not LinkState.ONLINE or "MONITOR" in network.isupport.tokens:
        return
    missing = () if network.is_me(network.nicks.wanted) else (network.nicks.wanted,)
    nicks = tuple(dict.fromkeys((*network.presence.polled, *missing)))
    for line in _lines(nicks, " "):
        network.presence.ison_requests.append(tuple(line.split(" ")))
        network.send("ISON", *line.split(" "))


def answered(model: Model, network: ClientNetwork, asked: Iterable[str], online: Iterable[str], now: int) -> None:
    """Note which users of the list are online, by the server's answer."""
    present = {network.fold(nick): nick for nick in online}
    for nick in asked:
        if network.fold(nick) in present:
            user_online(model, network, nick, now)
        else:
            user_offline(model, network, nick, now)


def user_online(model: Model, network: ClientNetwork, mask: str, now: int) -> None:
    """Note that somebody (`nick[!user@host]`) is online."""
    nick, _, hostmask = mask.partition("!")
    each = _change_presence(model, network, nick, is_online=True)
    if each:
        _tell(model, network, f"{nick} is online{f' ({hostmask})' if hostmask else ''}.", now)


def user_offline(model: Model, network: ClientNetwork, nick: str, now: int) -> None:
    """Note that somebody is offline."""
    was_here = network.presence.present.get(network.fold(nick))
    if _change_presence(model, network, nick, is_online=False) and was_here:
        _tell(model, network, f"{nick} has gone offline.", now)
    nick_recovery.on_nick_free(network, nick)


def renamed(model: Model, network: ClientNetwork, old: str, new: str, now: int) -> None:
    """Note that somebody has changed their nickname from or to one on the list."""
    if not model.settings.notified:
        return
    if _change_presence(model, network, old, is_online=False):
        _tell(model, network, f"{old} is now known as {new}.", now)
    user_online(model, network, new, now)


def away(model: Model, network: ClientNetwork, nick: str, reason: str | None, now: int) -> None:
    """Note that somebody is away, or (None) back."""
    each = watched(model, network).get(network.fold(nick)) if model.settings.notified else None
    if each and each.away:
        _tell(model, network, f"{nick} is back." if reason is None else away_text(nick, reason), now)


def away_text(nick: str, reason: str) -> str:
    """Return the text that a user is away, and why: `*` means that nobody reads any of the user's connections."""
    return f"{nick} is away" if reason in ("", "*") else f"{nick} is away: {reason}"


def _change_presence(model: Model, network: ClientNetwork, nick: str, *, is_online: bool) -> Watched | None:
    """Note whether a user is online; return the user's entry of the list if that has changed."""
    folded = network.fold(nick)
    each = watched(model, network).get(folded)
    if each is None or network.is_me(nick) or network.presence.present.get(folded) is is_online:
        return None
    network.presence.present[folded] = is_online
    return each


def _tell(model: Model, network: ClientNetwork, text: str, now: int) -> None:
    buffer = model.current if model.current.network is network else network.status
    model.add(buffer, Line(now, LineKind.INFO, text))


def _lines(nicks: Iterable[str], between: str) -> Iterator[str]:
    """Yield the nicks in lists that each fit into a line."""
    line = ""
    for nick in nicks:
        if line and len(f"{line}{between}{nick}".encode()) > LONGEST_LIST:
            yield line
            line = ""
        line += f"{between}{nick}" if line else nick
    if line:
        yield line
