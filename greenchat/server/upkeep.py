"""All work that a server does by the clock, without a client."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import gevent

from greenchat.server import health, sweeper
from greenchat.server.data import user_saver
from greenchat.server.data.user_saver import UserSaver
from greenchat.server.health import Health
from greenchat.server.sweeper import Sweeper


class UpkeepServerParts(
    health.HealthServerParts, sweeper.SweeperServerParts, user_saver.UserSaverServerParts, Protocol
):
    """The parts of the server that upkeep uses."""


class Upkeep:
    """The upkeep of one server, from `start` to `stop`.

    sweeper: does the work of each second. health: watches the machine. user_saver: stores the users who may return.
    """

    def __init__(
        self,
        server: UpkeepServerParts,
        folder: Path,
        chores: Sequence[Callable[[], None]],
        dated: Sequence[Callable[[int], None]],
    ) -> None:
        """Prepare. folder: the data folder. chores, dated: further work of the sweeper. Raises StoreError."""
        last_id = server.store.last_id()
        self.health = Health(server, folder, last_id)
        self.user_saver = UserSaver(server)
        chores = [self.health.look_at_certificate, *chores, self.user_saver.save_some]
        self.sweeper = Sweeper(server, last_id, chores, dated)
        self._greenlet: gevent.Greenlet | None = None

    def start(self) -> None:
        """Begin."""
        self._greenlet = gevent.spawn(self.sweeper.run)
        self.health.start()

    def stop(self) -> None:
        """Stop."""
        if self._greenlet:
            self._greenlet.kill()
        self.health.stop()
