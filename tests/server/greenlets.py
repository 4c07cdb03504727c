"""Greenlets of servers in the process of the tests."""

import gc

from greenchat.server.app import App
from tests.hostile.figures import living_greenlets


def working_greenlets(app: App) -> int:
    """Return the greenlets of this process that have not ended, without the spare ones, which are bounded.

    Garbage is collected first: a greenlet that the collector finds is not leaked.
    """
    gc.collect()
    return living_greenlets() - len(app.clients.greenlet_pool._idle)
