"""The new process of an upgrade: gets ready, receives the state and the sockets of the old one, and replaces it."""

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from socket import socket
from time import process_time
from typing import IO, Any

from greenchat import __version__
from greenchat.chat import acts
from greenchat.chat.continuity import session_form, snapshot
from greenchat.chat.continuity.local_form import load_local, load_own
from greenchat.chat.network import Network
from greenchat.chat.outbox import Dirty, Outbox
from greenchat.chat.user import Session
from greenchat.commands.core.process import HandoverError
from greenchat.config.file import Config
from greenchat.config.options import Address, ListenerOptions
from greenchat.config.schema import take_over
from greenchat.server.handover.forms import MovedConnection, OutboxParts
from greenchat.server.handover.wire import VARIABLE, HandoverLink
from greenchat.server.net.connection import Connection, ConnectionServerParts
from greenchat.storage.schema import MIGRATIONS

_STEP = 20.0  # seconds for the old process to finish its work


class HandedOverState:
    """Everything handed over by the old process. moved: its connections, by the numbers of their sessions.

    listening: its sockets, by the configured address; is_activated: whether systemd opened them.
    """

    def __init__(self, document: Mapping[str, Any], descriptors: list[int]) -> None:
        """Read the document. Raises HandoverError."""
        try:
            self.folder = Path(document["folder"])
            self.is_temporary: bool = document["temporary"]
            self.is_activated: bool = document["activated"]
            self.version: str = document["version"]
            self.pid: int = document["pid"]
            self.lock: IO[str] | None = None
            if document["lock"]:
                self.lock = os.fdopen(descriptors.pop(), "a+")
            self.listening: dict[Address, list[socket]] = {}
            for host, port in document["listeners"]:
                self.listening.setdefault(Address(host, port), []).append(socket(fileno=descriptors.pop(0)))
            forms = document["connections"]
            self.moved = {
                form["number"]: MovedConnection(form, fd) for form, fd in zip(forms, descriptors, strict=True)
            }
            self._state = document["state"]
            self._local = document["local"]
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise HandoverError(f"what was handed over can't be read: {type(error).__name__}: {error}") from error
        self.lost: list[Session] = []

    def restore(self, ways: OutboxParts) -> Network:
        """Return the state, with an outbox for every session that was handed over; `lost` has the others.

        Raises SnapshotError.
        """
        nowhere = Dirty()
        outboxes = {number: moved.outbox(ways) for number, moved in self.moved.items()}
        network = snapshot.restore(self._state, lambda form: outboxes.get(form["number"]) or Outbox(nowhere))
        try:
            sessions = {session.number: session for session in network.sessions}
            for number, moved in self.moved.items():
                if "session" in moved.form:
                    session = sessions[number] = session_form.load(moved.form["session"], outboxes[number])
                    network.connect(session)
            for number, moved in self.moved.items():
                load_own(sessions[number], moved.form["own"])
            self._sessions = {number: (sessions[number], outboxes[number]) for number in self.moved}
            load_local(network, self._local)
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            raise snapshot.SnapshotError(f"the local state can't be read: {type(error).__name__}: {error}") from error
        self.lost = [session for session in network.sessions if session.number not in self.moved]
        self._state = self._local = {}
        return network

    def connection(
        self, server: ConnectionServerParts, moved: MovedConnection, listeners: Mapping[Address, ListenerOptions]
    ) -> Connection:
        """Return a connection that was handed over."""
        session, outbox = self._sessions[moved.number]
        address = Address(*moved.form["listener"])
        listener = listeners.get(address, ListenerOptions(address))
        return Connection(server, listener, moved.sock, session.host, (session, outbox))


def hello() -> dict[str, Any]:
    """Return this process's greeting. acts: for old processes without epochs."""
    epochs = [acts.OLDEST, acts.VERSION]
    return {"version": __version__, "acts": acts.VERSION, "epochs": epochs, "schema": len(MIGRATIONS)}


class Takeover:
    """A process that was started to take over. link: to the one that serves."""

    def __init__(self, link: HandoverLink) -> None:
        self._link = link
        self._began = 0.0  # when the other process stops, by the processor time of this one

    def receive(self, config: Config) -> HandedOverState:
        """Report that this process is ready, and wait until the other one has stopped and handed over everything.

        Raises HandoverError.
        """
        self._link.send(hello())
        self._began = process_time()
        document, descriptors = self._link.receive()
        handed_over = HandedOverState(document, descriptors)
        wrong = self._unfit(config, handed_over, document)
        if wrong:
            raise HandoverError(wrong, needs_restart=True)
        return handed_over

    def accept(self) -> None:
        """Confirm that everything has arrived; from now on this process serves. Raises HandoverError if it must not."""
        self._link.send({"ready": True, "worked": process_time() - self._began}, patience=_STEP)
        # To cancel, the other process ends this one; if nothing arrives, the other process has exited and this one
        # must serve.
        with suppress(HandoverError):
            self._link.receive(_STEP)
        self._link.close()
        del os.environ[VARIABLE]

    @staticmethod
    def _unfit(config: Config, state: HandedOverState, document: Mapping[str, Any]) -> str:
        """Return a text about changes of the configuration that need a restart, "" without any."""
        options = config.options
        if options.storage.persistent and options.data.resolve() != state.folder.resolve():
            return "data: a change needs a restart"
        if options.storage.persistent == state.is_temporary:
            return "storage.persistent: a change needs a restart"
        before = snapshot.settings_of(document["state"])
        _, refused = take_over(before, config.settings)
        return f"{refused[0]}: a change needs a restart" if refused else ""
