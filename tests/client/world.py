"""A client without terminal and sockets: lines of the server go in as text, and what it sends and shows comes out as
text.
"""

from greenchat.client.console import Console
from greenchat.client.state.address import ServerAddress
from greenchat.client.state.events import Connected, Disconnected, KeyPressed, Pasted, Received
from greenchat.client.state.model import Buffer, ClientNetwork, Model
from greenchat.client.text.style import Size
from greenchat.protocol.message import parse

NOON = 1_790_000_000_000  # milliseconds: 21 September 2026, 14:13 UTC


class World:
    """One console on one network, and a clock that stands still unless moved."""

    def __init__(self, rows: int = 10, columns: int = 60) -> None:
        self.now = NOON
        self.network = ClientNetwork("net", ServerAddress("irc.example", 9090), "alice")
        self.network.want("#tea")
        self.network.show_on_join["#tea"] = ""
        self.model = Model(self.network)
        self.console = Console(self.model, Size(rows, columns))

    def connect(self) -> None:
        """Establish the connection."""
        self.console.on_network(self.network, Connected(), self.now)

    def lose(self, reason: str = "the connection was cut") -> None:
        """Break the connection."""
        self.console.on_network(self.network, Disconnected(reason), self.now)

    def feed(self, *lines: str) -> None:
        """Receive these lines from the server."""
        for line in lines:
            self.console.on_network(self.network, Received(parse(line)), self.now)

    def welcome(self, caps: str = "") -> None:
        """Connect and register, with these capabilities."""
        self.come_in(caps)
        self.sent()

    def come_in(self, caps: str = "") -> None:
        """Do the same, but leave the lines sent to be looked at."""
        self.connect()
        if caps:
            self.feed(f":srv CAP * LS :{caps}", f":srv CAP * ACK :{caps}")
        self.feed(
            ":srv 001 alice :Welcome alice",
            ":srv 005 alice CASEMAPPING=ascii CHANTYPES=# PREFIX=(ov)@+ CHANMODES=beI,k,l,imnst :are supported",
            ":srv 422 alice :No MOTD",
        )

    def join(self, names: str = "@alice bob +carol", channel: str = "#tea") -> Buffer:
        """Join a channel with these members."""
        self.feed(
            f":alice!al@host.example JOIN {channel}",
            f":srv 353 alice = {channel} :{names}",
            f":srv 366 alice {channel} :End",
        )
        self.sent()
        buffer = self.network.find(channel)
        assert buffer
        return buffer

    def sent(self) -> list[str]:
        """Return the lines sent since the last call, except for typing; the server confirms all messages."""
        lines = self.all_sent()
        self.feed(*(f":srv PONG srv :{line.split()[1]}" for line in lines if line.startswith("PING said-")))
        return [line for line in lines if "+typing" not in line and not line.startswith("PING said-")]

    def all_sent(self) -> list[str]:
        """Return all lines sent since the last call."""
        lines = [message.format() for message in self.network.outgoing]
        self.network.outgoing.clear()
        return lines

    def press(self, *keys: str) -> None:
        """Press keys by name."""
        for key in keys:
            self.console.on_terminal(KeyPressed(key), self.now)

    def type(self, text: str) -> None:
        """Type letters, and Enter for a newline."""
        self.press(*("Enter" if letter == "\n" else letter for letter in text))

    def paste(self, text: str) -> None:
        """Paste by the terminal's bracketed paste."""
        self.console.on_terminal(Pasted(text), self.now)

    def shown(self, name: str = "#tea") -> list[str]:
        """Return the lines of a buffer: `nick: text`, `* text` for events and `! text` for errors."""
        buffer = self.network.find(name) if name else self.network.status
        assert buffer
        marks = {"EVENT": "* ", "INFO": "- ", "ERROR": "! "}
        return [marks.get(line.kind.name, f"{line.prefix}{line.nick}: ") + line.text for line in buffer.lines]

    def bar(self) -> str:
        """Return the status line, or what is in its place, as one line."""
        rows = list(self.console.frame(0.0).rows)
        bar = self.console.view.theme.bar
        while rows and rows[-1][:1] != () and rows[-1][0].style != bar:
            rows.pop()
        found: list[str] = []
        while rows and rows[-1][:1] != () and rows[-1][0].style == bar:
            found.insert(0, "".join(span.text for span in rows.pop()).strip())
        return " " + " ".join(found)

    def screen(self) -> list[str]:
        """Return the rows of the screen."""
        return self.console.frame(0.0).picture()
