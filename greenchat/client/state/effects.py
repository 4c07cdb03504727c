"""What is to be done outside the model, one small class each: it waits in `Model.requests` until the app does it.

Not frozen, as the events are.
"""

from dataclasses import dataclass
from pathlib import Path

from greenchat.client.state.credentials import Credentials
from greenchat.client.state.network import Buffer, Network


@dataclass(slots=True)
class Quit:
    """The user wants to leave the client."""


@dataclass(slots=True)
class Connect:
    """The network is to be connected (again), now."""

    network: Network


@dataclass(slots=True)
class Disconnect:
    """The network's connection is to be closed once what waits is sent."""

    network: Network


@dataclass(slots=True)
class Keep:
    """The credentials are to be there the next time that this network is joined under its wanted nick."""

    network: Network
    credentials: Credentials


@dataclass(slots=True)
class Forget:
    """What is saved for these nicks on this network is to go."""

    network: Network
    nicks: tuple[str, ...]


@dataclass(slots=True)
class Reconnect:
    """The network's connection is to be closed and opened again. reason: why, for who looks at its end."""

    network: Network
    reason: str


@dataclass(slots=True)
class Pin:
    """This certificate is to be trusted the next time, too."""

    network: Network
    fingerprint: str


@dataclass(slots=True)
class OnlyTls:
    """The server wants TLS only, for so many seconds."""

    network: Network
    seconds: int


@dataclass(slots=True)
class Copy:
    """A text is to be put into the clipboard."""

    text: str


@dataclass(slots=True)
class Mouse:
    """The terminal is to tell of the mouse, or not."""

    wanted: bool


@dataclass(slots=True)
class Open:
    """A link is to be opened."""

    link: str


@dataclass(slots=True)
class Save:
    """The settings are to be kept as they are now."""


@dataclass(slots=True)
class Export:
    """What was said in these windows is to be written to a file, or a folder; None: where such files belong."""

    buffers: tuple[Buffer, ...]
    path: Path | None


@dataclass(slots=True)
class Plugin:
    """Something is to be done with plugins. what: "load", "unload", or to list them."""

    what: str
    name: str


@dataclass(slots=True)
class Execute:
    """A program is to be run. buffer: where it was asked for. name: what it is called besides its number.

    to: the window in which its output is to be said, None to show it. notice: as notices. quiet: its end is no news.
    """

    command: str
    buffer: Buffer
    to: Buffer | None = None
    notice: bool = False
    shell: bool = True
    quiet: bool = False
    name: str = ""


@dataclass(slots=True)
class Signal:
    """A program that was run is to get this signal. which: its number or name."""

    which: str
    number: int


@dataclass(slots=True)
class ShowProcesses:
    """The programs that run are to be shown."""


@dataclass(slots=True)
class StartServer:
    """A server is to be started on this machine, at the network's address, and to be connected to."""

    network: Network


Request = (
    Quit
    | Connect
    | Disconnect
    | Keep
    | Forget
    | Reconnect
    | Pin
    | OnlyTls
    | Save
    | Copy
    | Open
    | Mouse
    | Plugin
    | Export
    | Execute
    | Signal
    | ShowProcesses
    | StartServer
)
