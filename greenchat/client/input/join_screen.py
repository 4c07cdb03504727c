"""The join screen: server, nickname, channel. Enter accepts the shown value and continues.

It suggests recent servers and well-known networks, and after connecting the server's channels. `join_view` draws it.
"""

from collections.abc import Callable, Sequence

from greenchat.client.input.editor import EMPTY, Editor, InputLine
from greenchat.client.input.input_modes import CANCEL, DONE, STAYS, edit
from greenchat.client.state import well_known
from greenchat.client.state.address import ServerAddress
from greenchat.client.state.channel_list import ListedChannel
from greenchat.client.state.destination import (
    CHANNEL_SIGNS,
    DEFAULT_CHANNEL,
    AddressError,
    is_channel,
    nick_problem,
    parse_destination,
)
from greenchat.client.state.effects import Connect, Quit, StartServer
from greenchat.client.state.model import LinkState, Model
from greenchat.records import record

SERVER, NICK, CHANNEL = "Server", "Nickname", "Channel"
FIELDS = (SERVER, NICK, CHANNEL)
OPEN = "C-o"
_JOIN = ("/join", "/j")  # out of habit: the field expects a name only
MOST_CHOICES = 200
STEPS = {"Up": -1, "S-Tab": -1, "PgUp": -10, "Down": 1, "Tab": 1, "PgDn": 10}

HELP = (
    "Server: the address of a chat server, like irc.libera.chat, or localhost:9090 for this machine; Up and Down"
    " choose from recent and well-known servers. Nickname: the name that others see; any word will do. Channel: the"
    " room to join, like #tea; a new name creates one. Enter goes on, Shift-Tab goes back, Esc leaves. In the chat,"
    " type a message and press Enter to send it; /help shows the rest."
)

Take = Callable[[str, int], None]


@record(slots=True)
class InitialFields:
    """The fields' first values; "" for a channel of the server's choice. recent: former destinations."""

    server: str
    nick: str
    channel: str = ""
    recent: tuple[str, ...] = ()


class JoinScreen:
    """The join screen. take: called with the chosen channel and the time. first: whether leaving it ends greenchat.

    Reads: what the view draws. Changes: key, paste, update.
    """

    def __init__(
        self, model: Model, plan: InitialFields, take: Take, *, start: str = SERVER, first: bool = True
    ) -> None:
        self.field = start
        self.first = first
        self.error = ""
        self.choices: list[ListedChannel] = []
        self.chosen: int | None = None
        self.servers = _servers(plan.recent)
        self._all_servers = self.servers
        self._helped = False
        self._model = model
        self._network = model.network
        self._take = take
        self._given = plan.channel
        texts = (plan.server, plan.nick, plan.channel or DEFAULT_CHANNEL)
        self._editors = {name: Editor(_at_end(text)) for name, text in zip(FIELDS, texts, strict=True)}
        self._suggested = set(FIELDS)
        self._asked = False
        self._connecting = False
        self._offers_server = False
        self._failed_once = False
        self._shown: tuple[int, str] | None = None
        self.update()

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields to fill in: only the channel, on a network that is connected."""
        return FIELDS if self.first else (CHANNEL,)

    def line(self, field: str) -> InputLine:
        """Return a field's text."""
        return self._editors[field].line

    def is_suggestion(self, field: str) -> bool:
        """Whether the field has a suggestion, which the first typed letter replaces."""
        return field in self._suggested

    @property
    def progress(self) -> str:
        """The progress of connecting, or the error."""
        network = self._network
        if self.error:
            return self.error
        if self._helped:
            return HELP
        if not self._connecting and self.first:
            return ""
        if network.link.state is not LinkState.ONLINE or not network.link.welcomed:
            return f"Connecting to {network.address} ..."
        directory = network.directory
        if not directory.entries:
            return (
                "There are no channels yet. Type a name to create one."
                if directory.complete
                else "Loading channels ..."
            )
        return (
            f"{len(directory.entries)} channel{'s' * (len(directory.entries) != 1)} here. Choose one, or type a name:"
        )

    @property
    def hint(self) -> str:
        """The hint: what the keys do."""
        if self._helped:
            return "Enter goes on, Esc closes the help"
        leave = "Esc leaves" if self.first else "Esc goes back"
        if self._failed_once and self.field == SERVER:
            enter = "starts a server there" if self._offers_server else "goes on"
            return f"Enter {enter}, Ctrl-O opens the history, {leave}"
        if self.field == CHANNEL:
            return f"Enter joins, Up and Down choose, F1 helps, {leave}"
        if self.field == SERVER and self.servers:
            return f"Enter goes on, Up and Down choose, F1 helps, {leave}"
        return f"Enter goes on, F1 helps, {leave}"

    def key(self, key: str, now: int) -> str:
        """Handle a key; return DONE at the end of the screen. Escape closes the help first."""
        if key in CANCEL and self._helped:
            self._helped = False
            return STAYS
        if key in CANCEL or (key == "C-d" and not self._editors[self.field].text):
            if self.first:
                self._model.effects.append(Quit())
            return DONE
        if key == "F1":
            self._helped = not self._helped
            return STAYS
        if key == "Enter":
            return self._enter(now)
        if key == OPEN and self._failed_once and self.field == SERVER:
            return self._open(now)
        if key in STEPS:
            self._step(key)
        else:
            self._type(key)
        return STAYS

    def paste(self, text: str) -> None:
        """Insert the first line of pasted text."""
        self._put("" if self.field in self._suggested else self._editors[self.field].text)
        self._editors[self.field].insert(text.split("\n")[0].strip())
        self._typed()

    def update(self) -> None:
        """Check the state of the network."""
        network = self._network
        if self._connecting and network.link.error_line and network.link.state is LinkState.OFFLINE:
            self._failed(network.link.error_line.text)
        if network.link.state is not LinkState.ONLINE:
            self._asked = False
        elif network.link.welcomed:
            self._editors[NICK].load(_at_end(network.nicks.current))
            if not self._asked:
                self._asked = True
                network.directory.begin(quiet=True)
                network.send("LIST")
        self._look_up()
        typed = CHANNEL not in self._suggested
        fresh = self.field == CHANNEL and not typed and not self._given
        if fresh and network.directory.complete and self.choices and self.chosen is None:
            names = [each.name for each in self.choices]
            self._choose(names.index(DEFAULT_CHANNEL) if DEFAULT_CHANNEL in names else 0)

    def _enter(self, now: int) -> str:
        text = self._editors[self.field].text.strip()
        if text in ("/help", "?"):
            self._put("")
            self._helped = True
            return STAYS
        if self.field == CHANNEL and text.partition(" ")[0].casefold() in _JOIN:
            text = text.partition(" ")[2].strip()
        if self.field == SERVER:
            self._enter_server(text)
        elif self.field == NICK:
            self.error = nick_problem(text)
            if not self.error:
                self._connect()
        elif not text.strip(CHANNEL_SIGNS):
            self.error = "Type the name of a channel, like #tea."
        else:
            signs = self._network.isupport.chantypes
            self._take(text.split()[0] if text[:1] in signs else signs[:1] + text.split()[0], now)
            return DONE
        return STAYS

    def _enter_server(self, text: str) -> None:
        if self._offers_server and self._address() == self._network.address:
            self._offers_server = False
            self.error = ""
            self._model.effects.append(StartServer(self._network))
            self._connecting = True
            self.field = CHANNEL
            return
        if is_channel(text):
            self.error = f"{text} is a channel. Name its server first."
            return
        try:
            destination = parse_destination(text)
        except AddressError as error:
            self.error = str(error)
            return
        self._offers_server = False
        self.error = ""
        self.chosen = None
        if destination.nick:
            self._editors[NICK].load(_at_end(destination.nick))
        if "/" in text.partition("://")[2] or ("://" not in text and "/" in text):
            self._given = ",".join(destination.channels)
            self._editors[CHANNEL].load(_at_end(self._given))
        elif not destination.channels:
            self._editors[CHANNEL].load(EMPTY)
        self.field = NICK

    def _connect(self) -> None:
        network, address = self._network, self._address()
        if address != network.address:
            network.login.forget_server()
        network.address = address
        network.rename(address.host)
        nick = self._editors[NICK].text.strip()
        if nick != network.nicks.wanted:
            network.login.credentials = None
        network.nicks.set(nick)
        network.link.forget_failures()
        self._model.effects.append(Connect(network))
        self._connecting = True
        self._asked = False
        self.field = CHANNEL

    def _failed(self, reason: str) -> None:
        network = self._network
        network.link.retry_at = None
        self._connecting = False
        self.field = SERVER
        self._failed_once = True
        self._suggested.add(SERVER)
        self.error = f"{reason}."
        text = self._editors[SERVER].text
        if "nothing answers" in reason and parse_destination(text).address.is_local and not network.address.tls:
            self._offers_server = True
        elif "://" not in text and ":" not in text:
            self.error += f" If this is another kind of IRC server: ircs://{text}"

    def _open(self, now: int) -> str:
        """Open the windows without a connection, to read the archive; the client continues to connect."""
        self._model.effects.append(Connect(self._network))
        self._take(self._editors[CHANNEL].text.strip(), now)
        return DONE

    def _address(self) -> ServerAddress:
        return parse_destination(self._editors[SERVER].text.strip()).address

    def _step(self, key: str) -> None:
        """Move to the next channel of the list, or else the next field; those of a connection are fixed."""
        step = STEPS[key]
        self.error = ""
        self._offers_server = False
        listed = len(self.choices if self.field == CHANNEL else self.servers if self.field == SERVER else ())
        if listed and (self.field == CHANNEL or key in ("Up", "Down", "PgUp", "PgDn")):
            place = -1 if self.chosen is None and step > 0 else self.chosen or 0
            self._choose(max(0, min(listed - 1, place + step)))
        elif not self._connecting and self.first:
            place = FIELDS.index(self.field) + step
            self.field = FIELDS[max(0, min(1, place))]
            self.chosen = None

    def _choose(self, place: int) -> None:
        self.chosen = place
        self._put(self.choices[place].name if self.field == CHANNEL else self.servers[place].name)
        self._suggested.add(self.field)

    def _type(self, key: str) -> None:
        if len(key) == 1 and self.field in self._suggested:
            self._put("")
        edit(self._editors[self.field], key)
        self._typed()

    def _put(self, text: str) -> None:
        self._editors[self.field].load(_at_end(text))

    def _typed(self) -> None:
        self._suggested.discard(self.field)
        self.error = ""
        self._offers_server = False
        self._failed_once = False
        self._helped = False
        self.chosen = None
        if self.field == CHANNEL:
            self._look_up()
        elif self.field == SERVER:
            wanted = self._editors[SERVER].text.strip().lower()
            self.servers = [each for each in self._all_servers if wanted in f"{each.name} {each.topic}".lower()]

    def _look_up(self) -> None:
        """Look up the channels whose names contain the typed text."""
        directory = self._network.directory
        wanted = "" if CHANNEL in self._suggested else self._network.fold(self._editors[CHANNEL].text.strip())
        if self._shown != (len(directory.entries), wanted):
            self._shown = (len(directory.entries), wanted)
            self.choices = directory.largest(MOST_CHOICES, wanted)


def _servers(recent: Sequence[str]) -> list[ListedChannel]:
    """Return the servers to choose from: the last ones, then the well-known ones."""
    entries = [ListedChannel(text, 0, "used before") for text in recent]
    known = {destination_host(text) for text in recent}
    for name, address in well_known.NETWORKS.items():
        if address.host not in known:
            entries.append(ListedChannel(address.host, 0, name if address.tls else f"{name} (without TLS)"))
    return entries


def destination_host(text: str) -> str:
    """Return the host of a destination that was used before, "" if it is not a valid destination."""
    try:
        return parse_destination(text).address.host
    except AddressError:
        return ""


def _at_end(text: str) -> InputLine:
    return InputLine(text, len(text)) if text else EMPTY


def first_screen(model: Model, plan: InitialFields, start: str, remember: Take) -> JoinScreen:
    """Return the screen that the client begins with. remember: given the channel that was chosen."""
    network = model.network

    def take(names: str, now: int) -> None:
        for name in names.split(","):
            network.ask_for(name)
            model.show(model.open(network, name))
            if network.link.welcomed:
                network.send("JOIN", name)
        remember(names, now)

    return JoinScreen(model, plan, take, start=start)
