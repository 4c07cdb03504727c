"""Clients that repeat the same data over HTTP or a WebSocket, and read answers now and then.

python -m tests.hostile.http_attackers HOST PORT NUMBER http|websocket < DATA

A process of its own, so that the attackers' work is not counted as the server's. When all are connected it prints a
line, and continues until it is killed; a client that is cut reconnects.
"""

import contextlib
import sys
import time

from tests.http_client import Http, WebSocket

_PAUSE = 0.01  # seconds between two rounds; more waits at the server than it can process in that time


def _connect(address: tuple[str, int], kind: str) -> Http:
    attacker = WebSocket(address) if kind == "websocket" else Http(address)
    attacker.sock.setblocking(False)
    return attacker


def main(host: str, port: str, number: str, kind: str) -> None:
    """Attack until the process is killed."""
    data = sys.stdin.buffer.read()
    address = host, int(port)
    attackers = [_connect(address, kind) for _ in range(int(number))]
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
                    attackers[place] = _connect(address, kind)
        time.sleep(_PAUSE)


if __name__ == "__main__":
    main(*sys.argv[1:])
