"""Greenlets of a server in the process of the tests."""

import gc

from greenchat.server.app import App
from tests.hostile.figures import living_greenlets


def working_greenlets(app: App) -> int:
    """Return the greenlets of this process that have not ended, without the spare ones, which are bounded.

    It collects garbage first: whatever that finds is not leaked, whoever would find it later.
    """
    gc.collect()
    return living_greenlets() - len(app.clients.crew._idle)
