"""Clients that repeat the same lines as fast as they can, and read the answers.

python -m tests.hostile.attackers HOST PORT NUMBER < LINES

A process of its own, so that the attackers' work is not counted as the server's. When all are connected it prints a
line, and continues until it is killed.
"""

import sys
import threading
from contextlib import suppress

from tests.irc import Client


def _send(client: Client, data: bytes) -> None:
    with suppress(OSError):
        while True:
            client.sock.sendall(data)


def _read(client: Client) -> None:
    with suppress(OSError):
        while client.sock.recv(65536):
            pass


def main(host: str, port: str, number: str) -> None:
    """Attack until the process is killed."""
    data = sys.stdin.buffer.read()
    clients = [Client((host, int(port)), f"attacker{n}") for n in range(int(number))]
    for n, client in enumerate(clients):
        client.join("#attackers")
        client.join(f"#own{n}")
    sys.stdout.write("here\n")
    sys.stdout.flush()
    threads = [threading.Thread(target=_read, args=(client,)) for client in clients]
    threads += [threading.Thread(target=_send, args=(client, data)) for client in clients]
    for thread in threads:
        thread.start()


if __name__ == "__main__":
    main(*sys.argv[1:])
