"""A mail server for tests: it takes every mail for one mailbox, and refuses all others."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from queue import Queue

from tests.patience import PATIENCE


class Mailbox(socketserver.ThreadingTCPServer):
    """The server. Mails wait in `mails`; while `gate` is closed it does not greet anybody."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, address: str) -> None:
        super().__init__(("127.0.0.1", 0), _Talk)
        self.mailbox = address
        self.mails: Queue[EmailMessage] = Queue()
        self.gate = threading.Event()
        self.gate.set()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])

    def mail(self) -> EmailMessage:
        """The next mail."""
        return self.mails.get(timeout=PATIENCE)


class _Talk(socketserver.StreamRequestHandler):
    """RFC 5321, as much of it as a client needs that has one mail."""

    server: Mailbox

    def handle(self) -> None:
        self.server.gate.wait(PATIENCE)
        self._say("220 ready")
        while line := self.rfile.readline():
            verb = line[:4].upper()
            if verb == b"RCPT" and f"<{self.server.mailbox}>".encode() not in line:
                self._say("550 no such mailbox")
            elif verb == b"DATA":
                self._say("354 go on")
                lines = []
                while (line := self.rfile.readline()) not in (b".\r\n", b""):
                    lines.append(line.removeprefix(b"."))
                mail = message_from_bytes(b"".join(lines), policy=default)
                assert isinstance(mail, EmailMessage)
                self.server.mails.put(mail)
                self._say("250 taken")
            elif verb == b"QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 yes")

    def _say(self, text: str) -> None:
        self.wfile.write(text.encode() + b"\r\n")


@contextmanager
def mail_server(address: str) -> Iterator[Mailbox]:
    """A mail server on a free port, for this mailbox."""
    with Mailbox(address) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield server
        server.gate.set()
        server.shutdown()
        thread.join()
