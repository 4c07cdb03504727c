"""Snapshots of a node: written by a child process, so that nobody waits for them."""

import logging
import os
from pathlib import Path

from greenchat.chat.network import Network
from greenchat.server.nodes import state_file
from greenchat.server.nodes.state_file import StateHead
from greenchat.server.nodes.turn import NodeTurn

log = logging.getLogger(__name__)


class Snapshots:
    """The snapshots of one node. file: of the last one. identity: of the log."""

    def __init__(self, file: Path, identity: str, network: Network, turn: NodeTurn) -> None:
        self._file = file
        self._identity = identity
        self._network = network
        self._turn = turn
        self._child = 0
        self._position = 0

    def take(self) -> None:
        """Begin a snapshot, unless one is running. Acts are stored first, so that the database is never older."""
        if self._child or not self._turn.commit_position():
            return
        try:
            self._child = state_file.write_apart(self._file, self._identity, self._network)
        except OSError as error:
            log.error("the state can't be written: %s", error.strerror)
        self._position = self._network.nodes.position

    def finished(self) -> StateHead | None:
        """Return the head of a snapshot that has just ended, or None."""
        if not self._child:
            return None
        child, status = os.waitpid(self._child, os.WNOHANG)
        if not child:
            return None
        self._child = 0
        head = state_file.head_of(self._file)
        if status or head is None or head.position != self._position:
            log.error("the state could not be written to %s", self._file)
            return None
        return head

    def write(self) -> None:
        """Write one now: everything waits."""
        if self._child:
            os.waitpid(self._child, 0)
            self._child = 0
        if not self._turn.commit_position():
            return
        try:
            state_file.write(self._file, self._identity, self._network)
        except OSError as error:
            log.error("the state can't be written to %s: %s", self._file, error.strerror)
