"""The effects that the model asks for (state/effects.py): connections, the terminal, files, other programs."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from greenchat.client.archive.archiver import Archiver
from greenchat.client.archive.vault import Vault
from greenchat.client.console import Console
from greenchat.client.irc import login, offer_server
from greenchat.client.irc.trust import Trust
from greenchat.client.net.connection import NetworkConnection
from greenchat.client.plugins.manager import Plugins
from greenchat.client.programs import subprocesses
from greenchat.client.programs.pictures import Pictures
from greenchat.client.programs.processes import Processes
from greenchat.client.programs.transfers import Transfers
from greenchat.client.state.address import ServerAddress
from greenchat.client.state.credentials import SERVER, Credentials
from greenchat.client.state.effects import (
    Connect,
    CopyText,
    Disconnect,
    Effect,
    Execute,
    Export,
    Fetch,
    ForgetCredentials,
    KeepLines,
    LoadPicture,
    OpenLink,
    PinCertificate,
    Plugin,
    Quit,
    Reconnect,
    ReloadSettings,
    RequireTls,
    RunCommands,
    SaveCredentials,
    SaveSettings,
    SendFile,
    ShowProcesses,
    ShowSplits,
    Signal,
    StartServer,
    UseToken,
)
from greenchat.client.state.events import Disconnected
from greenchat.client.state.lines import LineKind
from greenchat.client.state.model import ClientNetwork, LinkState
from greenchat.client.state.paths import typed_path
from greenchat.client.state.settings import SettingError
from greenchat.client.terminal.surface import Surface
from greenchat.client.text.style import Size
from greenchat.client.text.times import milliseconds
from greenchat.records import record


@record(slots=True)
class Stores:
    """The stores that outlive the program, and their folders.

    save: saves the settings; raises OSError. load: reads the settings again; raises SettingError. report: writes a
    report of the exception that is being handled, under a name; returns its path. plugins: the folder of plugins.
    logs: the folder of exports. files: the folder of received files. serve: starts a server on this machine; returns
    why that failed, "" after a success.
    """

    vault: Vault
    trust: Trust
    save: Callable[[], None]
    load: Callable[[], None]
    report: Callable[[str], Path]
    plugins: Path
    logs: Path
    files: Path
    serve: Callable[[ServerAddress], str]


@record(slots=True)
class EffectRunner:
    """Performs the effects that the state requests.

    connection: returns a network's connection, made if need be. leaving: whether the user wants to leave; farewell: the
    reason that servers are still to be told.
    """

    console: Console
    surface: Surface
    stores: Stores
    plugins: Plugins
    archiver: Archiver
    processes: Processes
    transfers: Transfers
    pictures: Pictures
    connection: Callable[[ClientNetwork], NetworkConnection]
    leaving: bool = False
    farewell: str = ""

    def run(self) -> None:
        """Carry out every waiting effect."""
        effects = self.console.model.effects
        while effects:
            self._do(effects.popleft())

    def _do(self, effect: Effect) -> None:
        match effect:
            case Quit(farewell):
                self.leaving = True
                self.farewell = farewell
            case Connect(network):
                self.connection(network).connect()
            case CopyText(text):
                self.surface.copy(text)
                self.console.hint = "Copied."
            case OpenLink(link):
                self._open_link(link)
            case Disconnect(network):
                self.connection(network).close("you left", time.monotonic())
            case SaveCredentials(network, credentials):
                self._keep(network, credentials)
            case ForgetCredentials(network, nicks):
                self._forget(network, nicks)
            case Plugin(what, name):
                self.plugins.order(what, name)
            case KeepLines(buffer):
                self.archiver.keep(buffer)
            case Export(buffers, path):
                self.archiver.export(list(buffers), path, self.stores.logs, milliseconds())
            case Execute() as program:
                self.processes.start(program, time.monotonic(), milliseconds())
            case Signal(which, number):
                self.processes.signal(which, number, milliseconds())
            case ShowProcesses():
                self.processes.show(time.monotonic(), milliseconds())
            case RunCommands(network, commands):
                self.console.submitter.run_in(network.status, commands, milliseconds())
            case StartServer(network):
                self._start_server(network)
            case SaveSettings():
                self._follow_settings()
                self._remember(self.console.model.network, self.stores.save)
            case ReloadSettings():
                self._load_settings()
            case SendFile(upload):
                self.transfers.upload(upload, milliseconds())
            case UseToken(network, token):
                self.transfers.use_token(network, token, milliseconds())
            case Fetch(offer):
                chosen = str(self.console.model.settings.get("files.folder"))
                folder = typed_path(chosen) if chosen else self.stores.files
                self.transfers.fetch(offer, folder, milliseconds())
            case ShowSplits():
                self._tell_of_room()
            case LoadPicture(network, source):
                self._load_picture(network, source)
            case Reconnect(network, reason):
                self.connection(network).reconnect(reason, time.monotonic())
            case PinCertificate(network, fingerprint):
                self._remember(network, lambda: self.stores.trust.trust(network.address, fingerprint))
            case RequireTls(network, seconds):
                until = milliseconds() + seconds * 1000
                self._remember(network, lambda: self.stores.trust.require_tls(network.address, until))

    def _follow_settings(self) -> None:
        self.console.restyle()
        self.surface.mouse(bool(self.console.model.settings.get("mouse")))

    def _load_settings(self) -> None:
        model = self.console.model
        try:
            self.stores.load()
        except SettingError as error:
            model.tell(f"The settings were not changed: {error}", milliseconds(), LineKind.ERROR)
        else:
            self._follow_settings()
            model.tell("The settings were reloaded.", milliseconds())

    def _tell_of_room(self) -> None:
        model = self.console.model
        if len(self.console.view.layout.panes) < len(model.splits.windows):
            text = "The terminal is too small to show these windows together. /unsplit shows one."
            model.tell(text, milliseconds())

    def _load_picture(self, network: ClientNetwork, source: str) -> None:
        console = self.console
        if console.model.has_screen and not console.appearance.ascii and console.appearance.depth:
            area = Size(console.view.layout.height, console.size.columns)
            self.pictures.load(network, source, area, self.surface.graphics(), milliseconds())
        else:
            text = "This terminal can't show pictures: it has no colours or no half blocks."
            console.model.tell(text, milliseconds(), LineKind.ERROR)

    def _start_server(self, network: ClientNetwork) -> None:
        if network.link.state in (LinkState.REGISTERING, LinkState.ONLINE):
            return  # another program was faster
        problem = self.stores.serve(network.address)
        if problem:
            self.console.on_network(network, Disconnected(problem), milliseconds())
            return
        self.console.model.tell(offer_server.started(network.address), milliseconds(), network=network)
        self.connection(network).connect()

    def _keep(self, network: ClientNetwork, credentials: Credentials) -> None:
        model = self.console.model
        try:
            name = SERVER if credentials.account == SERVER else login.account_of(network)
            place = self.stores.vault.put(str(network.address), name, credentials)
        except OSError as error:
            model.complain(network, f"The password could not be saved: {error}", milliseconds())
        else:
            model.tell(f"The password was saved in {place}.", milliseconds(), network=network)

    def _forget(self, network: ClientNetwork, nicks: Sequence[str]) -> None:
        try:
            for nick in nicks:
                self.stores.vault.forget(str(network.address), nick)
        except OSError as error:
            self.console.model.complain(network, f"The password could not be removed: {error}", milliseconds())

    def _remember(self, network: ClientNetwork, remember: Callable[[], None]) -> None:
        try:
            remember()
        except OSError as error:
            text = f"This could not be saved: {error}"
            self.console.model.complain(network, text, milliseconds())

    def _open_link(self, link: str) -> None:
        try:
            subprocesses.open_link(link)
        except subprocesses.ProgramError as error:
            self.console.model.tell(str(error), milliseconds(), LineKind.ERROR)
