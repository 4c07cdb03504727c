"""What is to be done outside the model, one small class each: it waits in `Model.effects` until the app does it.

Not frozen, as the events are.
"""

from pathlib import Path

from greenchat.client.state.credentials import Credentials
from greenchat.client.state.network import Buffer, ClientNetwork
from greenchat.client.state.transfers import Offer, Upload
from greenchat.records import record

ANEW = "to reconnect"  # the reason for a reconnect that the user ordered


@record(slots=True)
class Quit:
    """The user wants to leave the client. why: what is still to be said to the servers, of a script."""

    why: str = ""


@record(slots=True)
class Connect:
    """The network is to be connected (again), now."""

    network: ClientNetwork


@record(slots=True)
class Disconnect:
    """The network's connection is to be closed once what waits is sent."""

    network: ClientNetwork


@record(slots=True)
class Keep:
    """The credentials are to be there the next time that this network is joined under its wanted nick."""

    network: ClientNetwork
    credentials: Credentials


@record(slots=True)
class Forget:
    """A request to delete the saved credentials of these nicknames on this network."""

    network: ClientNetwork
    nicks: tuple[str, ...]


@record(slots=True)
class Reconnect:
    """The network's connection is to be closed and opened again. reason: why, for who looks at its end."""

    network: ClientNetwork
    reason: str


@record(slots=True)
class Pin:
    """This certificate is to be trusted the next time, too."""

    network: ClientNetwork
    fingerprint: str


@record(slots=True)
class OnlyTls:
    """The server wants TLS only, for so many seconds."""

    network: ClientNetwork
    seconds: int


@record(slots=True)
class Copy:
    """A text is to be put into the clipboard."""

    text: str


@record(slots=True)
class Open:
    """Open a link."""

    link: str


@record(slots=True)
class Save:
    """The settings are to be kept as they are now."""


@record(slots=True)
class Load:
    """The settings are to be read again as they are kept."""


@record(slots=True)
class LoadPicture:
    """A picture is to be shown. source: its address, or a path. network: whose proxy is used."""

    network: ClientNetwork
    source: str


@record(slots=True)
class Rearranged:
    """Windows are to be on the screen together; the user is to hear where there is no room for that."""


@record(slots=True)
class Export:
    """A request to write these windows' messages to a file or folder; None for the usual folder."""

    buffers: tuple[Buffer, ...]
    path: Path | None


@record(slots=True)
class KeepLines:
    """A request to write what is new in a window that was closed into the archive."""

    buffer: Buffer


@record(slots=True)
class Plugin:
    """Load, unload or list plugins. what: "load", "unload", or "" to list them."""

    what: str
    name: str


@record(slots=True)
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


@record(slots=True)
class Signal:
    """A program that was run is to get this signal. which: its number or name."""

    which: str
    number: int


@record(slots=True)
class ShowProcesses:
    """The programs that run are to be shown."""


@record(slots=True)
class RunCommands:
    """A request to run these commands as in the network's own window."""

    network: ClientNetwork
    commands: tuple[str, ...]


@record(slots=True)
class StartServer:
    """A server is to be started on this machine, at the network's address, and to be connected to."""

    network: ClientNetwork


@record(slots=True)
class SendFile:
    """A request to upload a file."""

    upload: Upload


@record(slots=True)
class UseToken:
    """The server has given a token, or "", for the upload that waits for one."""

    network: ClientNetwork
    token: str


@record(slots=True)
class Fetch:
    """A request to fetch a file that somebody offers."""

    offer: Offer


Effect = (
    Quit
    | Connect
    | Disconnect
    | Keep
    | Forget
    | Reconnect
    | Pin
    | OnlyTls
    | Save
    | Load
    | Rearranged
    | LoadPicture
    | Copy
    | Open
    | Plugin
    | Export
    | KeepLines
    | Execute
    | Signal
    | ShowProcesses
    | RunCommands
    | StartServer
    | SendFile
    | UseToken
    | Fetch
)
