"""What tests of commands share."""

from collections.abc import Callable
from pathlib import Path

import pytest

from greenchat.config.options import Options
from greenchat.config.settings import Settings
from tests.conftest import ServerThread, quick_options


@pytest.fixture
def house(start_server: Callable[[Settings, Options], ServerThread], tmp_path: Path) -> ServerThread:
    """A server with the default settings into which a test can reach: see `inside`."""
    return start_server(Settings(), quick_options(tmp_path))
