"""From a configuration to a running server: the log, the signals, the greeting."""

import dataclasses
import logging
import os
import signal
import sys
from collections.abc import Callable
from logging.handlers import WatchedFileHandler
from pathlib import Path

import gevent

from ..chat.names import MissingExtraError
from ..storage.interface import StoreError
from .app import App
from .config import NOT_GIVEN, Config
from .options import Address, Log

log = logging.getLogger(__name__)


class CannotStartError(Exception):
    """The server can't start like this; the text is one clear line."""


def serve(config: Config, data: Path, greet: Callable[[list[Address]], None]) -> int:
    """Serve until a signal or an operator ends it; the exit code.

    greet: called with the addresses on which it listens. Raises CannotStartError.
    """
    _start_log(config.options.log)
    try:
        app = App(config.settings, dataclasses.replace(config.options, data=data))
        addresses = app.listen()
    except (MissingExtraError, StoreError) as error:
        raise CannotStartError(str(error)) from error
    except OSError as error:
        raise CannotStartError(
            f"can't listen: {error.strerror or error}. Choose another address with --listen"
        ) from error
    signals = _Signals(app)
    for number in (signal.SIGINT, signal.SIGTERM):
        gevent.signal_handler(number, signals.end)
    greet(addresses)
    app.run()
    return 0


class _Signals:
    """The first SIGINT or SIGTERM ends the server in good order, the second at once."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._seen = False

    def end(self) -> None:
        """A signal came."""
        if self._seen:
            os._exit(130)
        self._seen = True
        self._app.stop("The server is shutting down")


def _start_log(options: Log) -> None:
    handler: logging.Handler = logging.StreamHandler(sys.stderr)
    if options.file != NOT_GIVEN:
        try:
            handler = WatchedFileHandler(options.file, encoding="utf-8")  # goes on after the file was rotated away
        except OSError as error:
            raise CannotStartError(f"can't write the log {options.file}: {error.strerror}") from error
    logging.basicConfig(
        level=options.level.upper(),
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        handlers=[handler],
    )
