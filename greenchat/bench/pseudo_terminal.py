"""A terminal client in a pseudo-terminal, connected to a scripted server.

The client's output is not rendered, but searched for words without escape sequences.
"""

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import socket
import struct
import termios
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

CHANNEL = "#bench"
CAPS = "message-tags batch labeled-response echo-message server-time"  # as current servers offer them
WELCOME, TOPIC = "zebrawelcome", "zebratopic"  # words that do not appear elsewhere on the screen
_LONGEST_SEQUENCE = 200
_SEQUENCES = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[()][0-9A-B]|[=>78M])|[\x0e\x0f]")


class ClientGoneError(Exception):
    """The client ended, or did not show the expected text in time."""


class StageServer:
    """An IRC server for one client: welcomes it, lets it join, answers PING, and records its messages.

    Its thread accepts again after `drop`. messages: the PRIVMSGs received, in order.
    """

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.messages: list[str] = []
        self.changed = threading.Condition()
        self._connection: socket.socket | None = None
        self._nick = "bench"
        self._negotiating = False
        self._echoes = False
        threading.Thread(target=self._serve, daemon=True).start()

    def say(self, lines: Sequence[str]) -> None:
        """Send these lines to the channel, from another user."""
        assert self._connection
        start = f":ann!a@h PRIVMSG {CHANNEL} :"
        self._connection.sendall("".join(f"{start}{line}\r\n" for line in lines).encode())

    def drop(self) -> None:
        """Close the connection without an ERROR."""
        assert self._connection
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._connection.shutdown(socket.SHUT_RD)
        self._connection.close()

    def close(self) -> None:
        """Stop listening."""
        self._listener.close()

    def wait_message(self, text: str, seconds: float) -> bool:
        """Whether the client sends a message with this text, before now or within that time."""
        with self.changed:
            return self.changed.wait_for(lambda: any(text in line for line in self.messages), seconds)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._connection = connection
            self._negotiating = self._echoes = False
            try:
                with connection.makefile("rb") as lines:
                    for line in lines:
                        self._answer(connection, line.decode(errors="replace").strip())
            except (OSError, ValueError):
                pass  # dropped

    def _answer(self, connection: socket.socket, line: str) -> None:
        tags, _, bare = line.partition(" ") if line.startswith("@") else ("", "", line)
        label = "".join("@" + tag for tag in tags[1:].split(";") if tag.startswith("label="))
        command, _, rest = bare.partition(" ")
        nick = self._nick
        replies: list[str] = []
        match command.upper():
            case "CAP" if rest.upper().startswith("LS"):
                self._negotiating = True
                replies = [f":stage CAP * LS :{CAPS}"]
            case "CAP" if rest.upper().startswith("REQ"):
                asked = rest[4:].lstrip(":")
                self._echoes = self._echoes or "echo-message" in asked.split()
                replies = [f":stage CAP * ACK :{asked}"]
            case "NICK":
                self._nick = rest.lstrip(":")
            case "USER" | "CAP" if command.upper() == "CAP" or not self._negotiating:
                self._negotiating = False
                replies = [
                    f":stage 001 {nick} :{WELCOME}",
                    f":stage 005 {nick} CASEMAPPING=ascii CHANTYPES=# PREFIX=(ov)@+ CHANMODES=b,k,l,imnst :are known",
                    f":stage 422 {nick} :No MOTD",
                ]
            case "JOIN":
                channel = rest.split()[0].lstrip(":")
                replies = [
                    f":{nick}!b@h JOIN {channel}",
                    f":stage 332 {nick} {channel} :{TOPIC}",
                    f":stage 353 {nick} = {channel} :{nick} ann",
                    f":stage 366 {nick} {channel} :End",
                ]
            case "PING":
                replies = [f":stage PONG stage {rest}"]
            case "PRIVMSG":
                if self._echoes:
                    replies = [f"{label} :{nick}!b@h PRIVMSG {rest}".lstrip()]
                with self.changed:
                    self.messages.append(rest)
                    self.changed.notify_all()
        if replies:
            connection.sendall("".join(f"{reply}\r\n" for reply in replies).encode())


class TerminalClient:
    """A client in a pseudo-terminal of 40 rows and 120 columns. started: seconds of the monotonic clock.

    Escape sequences are removed from its output once, on arrival, so that searching does not disturb the measurement.
    """

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self.started = time.monotonic()
        self._pid, self._fd = pty.fork()
        if not self._pid:
            try:
                os.execvpe(command[0], list(command), dict(environment))
            finally:
                os._exit(127)  # no code of ours may run in the child
        self.resize(40, 120)
        self._begun = b""  # an incomplete escape sequence
        self._text = bytearray()  # what was drawn
        self._searched: dict[bytes, int] = {}

    def resize(self, rows: int, columns: int) -> None:
        """Resize the window."""
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def press(self, keys: str) -> None:
        """Type these keys."""
        os.write(self._fd, keys.encode())

    def wait_for(self, *words: str, seconds: float = 20.0) -> float:
        """Return when one of these words was drawn, by the monotonic clock; earlier drawing does not count."""
        wanted = [word.encode() for word in words]
        self._wait(lambda: any(self._has(word) for word in wanted), seconds, str(words))
        return time.monotonic()

    def wait_output(self, seconds: float = 20.0) -> float:
        """Return when anything was drawn."""
        self._wait(lambda: bool(self._text or self._begun), seconds, "anything")
        return time.monotonic()

    def forget(self) -> None:
        """Discard the output so far."""
        self._text.clear()
        self._searched.clear()

    def wait_quiet(self, seconds: float = 0.3) -> None:
        """Wait until nothing is drawn for that long."""
        while self._read(seconds):
            pass
        self.forget()

    def peak_memory(self) -> int:
        """Return the peak of its resident memory, in bytes."""
        for line in Path(f"/proc/{self._pid}/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
        return 0

    def cpu(self) -> float:
        """Return the seconds of processor time that it has used."""
        fields = Path(f"/proc/{self._pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def close(self) -> None:
        """End it."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGKILL)
        os.close(self._fd)
        os.waitpid(self._pid, 0)

    def _has(self, word: bytes) -> bool:
        """Whether a word was drawn; of the text searched before, only the end is searched again."""
        start = max(0, self._searched.get(word, 0) - len(word))
        is_drawn = self._text.find(word, start) >= 0
        self._searched[word] = len(self._text)
        return is_drawn

    def _wait(self, condition: Callable[[], bool], seconds: float, what: str) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            left = deadline - time.monotonic()
            if left <= 0 or (not self._read(left) and time.monotonic() < deadline):
                raise ClientGoneError(f"it did not show {what}")

    def _read(self, seconds: float) -> bool:
        readable, _, _ = select.select([self._fd], [], [], seconds)
        if not readable:
            return False
        try:
            data = os.read(self._fd, 65536)
        except OSError:
            return False
        data, begun = self._begun + data, b""
        escape = data.rfind(b"\x1b")
        if escape >= 0 and len(data) - escape < _LONGEST_SEQUENCE and not _SEQUENCES.match(data, escape):
            data, begun = data[:escape], data[escape:]
        self._text += _SEQUENCES.sub(b"", data)
        self._begun = begun
        return True
