"""Effects: actions outside the model, one small class each, which wait in `Model.effects` for the app.

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
    """End the client. farewell: for a script, a reason that is still to be sent."""

    farewell: str = ""


@record(slots=True)
class Connect:
    """Connect a network (again) now."""

    network: ClientNetwork


@record(slots=True)
class Disconnect:
    """Close the network's connection after sending the queue."""

    network: ClientNetwork


@record(slots=True)
class SaveCredentials:
    """Store the credentials for later logins to this network under its wanted nick."""

    network: ClientNetwork
    credentials: Credentials


@record(slots=True)
class ForgetCredentials:
    """A request to delete the saved credentials of these nicknames on this network."""

    network: ClientNetwork
    nicks: tuple[str, ...]


@record(slots=True)
class Reconnect:
    """Close the network's connection and open it again. reason: for the QUIT message."""

    network: ClientNetwork
    reason: str


@record(slots=True)
class PinCertificate:
    """Trust this certificate from now on."""

    network: ClientNetwork
    fingerprint: str


@record(slots=True)
class RequireTls:
    """Remember that the server requires TLS for so many seconds."""

    network: ClientNetwork
    seconds: int


@record(slots=True)
class CopyText:
    """Put a text into the clipboard."""

    text: str


@record(slots=True)
class OpenLink:
    """Open a link."""

    link: str


@record(slots=True)
class SaveSettings:
    """Save the settings."""


@record(slots=True)
class ReloadSettings:
    """Read the settings file again."""


@record(slots=True)
class LoadPicture:
    """Show a picture. source: its URL, or a path. network: whose proxy is used."""

    network: ClientNetwork
    source: str


@record(slots=True)
class ShowSplits:
    """Show split windows, or tell the user that there is no room for them."""


@record(slots=True)
class Export:
    """A request to write these windows' messages to a file or folder; None for the usual folder."""

    buffers: tuple[Buffer, ...]
    path: Path | None


@record(slots=True)
class KeepLines:
    """Write the new lines of a closed window into the archive."""

    buffer: Buffer


@record(slots=True)
class Plugin:
    """Load, unload or list plugins. what: "load", "unload", or "" to list them."""

    what: str
    name: str


@record(slots=True)
class Execute:
    """Run a program. buffer: the window of the command. name: its name besides its number.

    to: the window to send its output to, None to only show it. notice: whether to send notices. quiet: whether not to
    show its end.
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
    """Send a signal to a running program. which: its number or name."""

    which: str
    number: int


@record(slots=True)
class ShowProcesses:
    """List the running programs."""


@record(slots=True)
class RunCommands:
    """A request to run these commands as in the network's own window."""

    network: ClientNetwork
    commands: tuple[str, ...]


@record(slots=True)
class StartServer:
    """Start a server on this machine, at the network's address, and connect to it."""

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
    """Fetch an offered file."""

    offer: Offer


Effect = (
    Quit
    | Connect
    | Disconnect
    | SaveCredentials
    | ForgetCredentials
    | Reconnect
    | PinCertificate
    | RequireTls
    | SaveSettings
    | ReloadSettings
    | ShowSplits
    | LoadPicture
    | CopyText
    | OpenLink
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
