"""Downloads of pictures, one at a time, in a thread; each is shown when it is complete."""

import queue
import threading
from collections.abc import Callable

from greenchat.client.state.lines import LineKind
from greenchat.client.state.model import ClientNetwork, Model
from greenchat.client.state.transfers import OpenConnection, Picture, TransferError
from greenchat.client.text.style import Graphics, Size


class Pictures:
    """Loads pictures in threads.

    wake: requests a call of `turn`; called from threads. connector: returns a function that opens connections for a
    network, encrypted if it is given True. show: shows a picture; returns False if it has to wait.

    Reads: running. Changes: load, turn.
    """

    def __init__(
        self,
        model: Model,
        wake: Callable[[], None],
        connector: Callable[[ClientNetwork, bool], OpenConnection],
        show: Callable[[Picture], bool],
    ) -> None:
        self._model = model
        self._wake = wake
        self._connector = connector
        self._show = show
        self._ended: queue.SimpleQueue[Picture | str] = queue.SimpleQueue()
        self._come: Picture | None = None
        self.running = False

    def load(self, network: ClientNetwork, source: str, area: Size, graphics: Callable[[], Graphics], now: int) -> None:
        """Start loading a picture. source: its URL, or a path. now: milliseconds since the epoch.

        graphics: waits for the terminal's answer how it draws pictures.
        """
        if self.running:
            self._model.tell("Another picture is being loaded.", now, LineKind.ERROR)
            return

        def work() -> None:
            from greenchat.client.net import picture_file  # late, and in the thread: rarely needed

            try:
                self._ended.put(
                    picture_file.load(source, area, lambda secure: self._connector(network, secure), graphics)
                )
            except TransferError as error:
                self._ended.put(f"Can't show {source}: {error}")
            self._wake()

        self.running = True
        threading.Thread(target=work, name="picture", daemon=True).start()
        if "://" in source:  # a file needs no download
            self._model.tell(f"Loading {source} ...", now)

    def turn(self, now: int) -> None:
        """Show a loaded picture. now: milliseconds since the epoch."""
        if self._come and self._show(self._come):
            self._come = None
        if not self.running or self._ended.empty():
            return
        self.running = False
        match self._ended.get():
            case Picture() as picture:
                self._come = None if self._show(picture) else picture
            case problem:
                self._model.tell(problem, now, LineKind.ERROR)
