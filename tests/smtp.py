"""A mail server for tests: it accepts mail for one mailbox, and refuses all others."""

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
    """The server. Mails wait in `mails`; while `gate` is closed it sends no greeting."""

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
        """The server's port."""
        return int(self.server_address[1])

    def mail(self) -> EmailMessage:
        """Return the next mail."""
        return self.mails.get(timeout=PATIENCE)


class _Talk(socketserver.StreamRequestHandler):
    """The part of RFC 5321 that a client with one mail needs."""

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
    """Run a mail server on a free port for this mailbox."""
    with Mailbox(address) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield server
        server.gate.set()
        server.shutdown()
        thread.join()
