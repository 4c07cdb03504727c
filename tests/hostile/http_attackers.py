"""Clients that send the same over HTTP or a WebSocket again and again, and read now and then what they are answered.

python -m tests.hostile.http_attackers HOST PORT NUMBER http|websocket < WHAT

A process of its own, because an attacker's work is not the server's. When all are there it says so in a line, and
continues until it is ended; who is cut comes again.
"""

import contextlib
import sys
import time

from tests.http_client import Http, WebSocket

_PAUSE = 0.01  # seconds between two rounds; what waits at the server is more than it can do meanwhile


def _come(address: tuple[str, int], kind: str) -> Http:
    attacker = WebSocket(address) if kind == "websocket" else Http(address)
    attacker.sock.setblocking(False)
    return attacker


def main(host: str, port: str, number: str, kind: str) -> None:
    """Attack until the process is ended."""
    data = sys.stdin.buffer.read()
    address = host, int(port)
    attackers = [_come(address, kind) for _ in range(int(number))]
    sys.stdout.write("here\n")
    sys.stdout.flush()
    while True:
        for place, attacker in enumerate(attackers):
            try:
                attacker.sock.send(data)
                attacker.sock.recv(1 << 20)
            except BlockingIOError:
                continue
            except OSError:
                attacker.sock.close()
                with contextlib.suppress(OSError, EOFError):
                    attackers[place] = _come(address, kind)
        time.sleep(_PAUSE)


if __name__ == "__main__":
    main(*sys.argv[1:])
