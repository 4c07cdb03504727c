"""Transfers of files, each in a thread of its own; their outcomes are reported in `turn`."""

import queue
import socket
import threading
from collections.abc import Callable
from pathlib import Path

from greenchat.client.irc import filehost
from greenchat.client.state.lines import LineKind
from greenchat.client.state.model import Buffer, ClientNetwork, Model
from greenchat.client.state.transfers import Offer, OpenConnection, TransferError, Upload, in_words

_TOKEN_MS = 30_000  # for the server to issue a token
Offered = Callable[[Buffer, str, int], None]  # a window, the text to send there, and the time


class Transfers:
    """Uploads and fetches files in threads.

    wake: requests a call of `turn`; called from threads. say: offers a link to the user, to send in a window.

    Reads: running. Changes: upload, use_token, fetch, turn.
    """

    def __init__(self, model: Model, wake: Callable[[], None], say: Offered) -> None:
        self._model = model
        self._wake = wake
        self._say = say
        self._ended: queue.SimpleQueue[tuple[ClientNetwork, str, str, Buffer | None]] = queue.SimpleQueue()
        self._running = 0
        self._waiting: list[tuple[Upload, int]] = []  # for a token, and since when

    @property
    def running(self) -> bool:
        """Whether a transfer is running."""
        return self._running > 0 or bool(self._waiting)

    def upload(self, asked: Upload, now: int) -> None:
        """Start uploading a file, once the server has issued a token if it needs one. now: milliseconds."""
        if filehost.needs_token(asked.network, asked.url):
            self._waiting.append((asked, now))
            asked.network.send("FILEHOST", "TOKEN")
        else:
            self._upload(asked, filehost.authorization(asked.network, asked.url), now)

    def use_token(self, network: ClientNetwork, token: str, now: int) -> None:
        """Start the upload that has waited for this token, "" for none. now: milliseconds."""
        waiting = next((each for each in self._waiting if each[0].network is network), None)
        if waiting:
            self._waiting.remove(waiting)
        if waiting and token:
            self._upload(waiting[0], f"Bearer {token}", now)

    def _upload(self, asked: Upload, authorization: str, now: int) -> None:
        network, path = asked.network, asked.path
        tls = asked.url.startswith("https://")
        connect = self.connector(network, tls)

        def work() -> None:
            from greenchat.client.net import file_transfer  # late, and in the thread: few users send files

            try:
                link = file_transfer.upload(path, asked.url, authorization, connect)
                self._ended.put((network, "", link, asked.buffer))
            except TransferError as error:
                self._ended.put((network, f"{path.name} was not uploaded: {error}", "", None))
            self._wake()

        self._begin(work)
        self._model.tell(f"Uploading {path.name}, {in_words(path.stat().st_size)} ...", now)

    def fetch(self, offer: Offer, folder: Path, now: int) -> None:
        """Start downloading an offered file. now: milliseconds since the epoch."""
        connect = self.connector(offer.network, False)

        def work() -> None:
            from greenchat.client.net import file_transfer

            try:
                path = file_transfer.fetch(offer, folder, connect)
                self._ended.put((offer.network, "", f"{offer.nick}'s file is in {path}", None))
            except TransferError as error:
                self._ended.put((offer.network, f"{offer.nick}'s file {offer.name}: {error}", "", None))
            self._wake()

        self._begin(work)
        self._model.tell(f"Fetching {offer.name} from {offer.nick} ({offer.host}) ...", now)

    def turn(self, now: int) -> None:
        """Report transfers that have ended, and tokens that did not arrive. now: milliseconds since the epoch."""
        for asked, since in [each for each in self._waiting if not 0 <= now - each[1] < _TOKEN_MS]:
            self._waiting.remove((asked, since))
            text = f"{asked.path.name} was not uploaded: {asked.network.address} did not issue an upload token"
            self._model.tell(text, now, LineKind.ERROR)
        while self._running:
            try:
                network, problem, text, buffer = self._ended.get_nowait()
            except queue.Empty:
                return
            self._running -= 1
            if problem:
                self._model.tell(problem, now, LineKind.ERROR)
            elif buffer:
                self._say(buffer, text, now)
            else:
                self._model.tell(text, now, network=network)

    def _begin(self, work: Callable[[], None]) -> None:
        self._running += 1
        threading.Thread(target=work, name="file", daemon=True).start()

    def connector(self, network: ClientNetwork, tls: bool) -> OpenConnection:
        """Return a function that opens connections, through the network's proxy if it has one."""
        from greenchat.client.net.file_transfer import SECONDS

        setting = str(self._model.settings.get("proxy"))
        own_proxy = network.saved.proxy if network.saved else ""
        local, server, pin = network.address.is_local, network.address.host, network.login.pin

        def plain(host: str, port: int) -> socket.socket:
            proxy = own_proxy or ("" if local else setting)
            if proxy:
                from greenchat.client.net import socks

                return socks.connect(proxy, host, port, SECONDS)
            return socket.create_connection((host, port), SECONDS)

        def encrypted(host: str, port: int) -> socket.socket:
            from greenchat.client.net import tls

            return tls.secure(lambda: plain(host, port), host, pin if host == server else "", "")

        return encrypted if tls else plain
