"""The request to stop a server, and its reason."""

from gevent.event import Event


class Shutdown:
    """Whether a server is to stop, and why.

    farewell: the reason that every client is told. is_restarting: whether the server is to be started again afterwards.
    code: the exit code of the process.
    """

    def __init__(self) -> None:
        self.farewell = "The server is shutting down"
        self.is_restarting = False
        self.code = 0
        self._begun = Event()

    @property
    def has_begun(self) -> bool:
        """Whether the server was asked to stop."""
        return bool(self._begun.is_set())

    def begin(self, farewell: str) -> None:
        """Ask the server to stop."""
        self.farewell = farewell
        self._begun.set()

    def wait(self) -> None:
        """Wait until the server is asked to stop."""
        self._begun.wait()
