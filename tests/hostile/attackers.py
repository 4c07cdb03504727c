"""Clients that send the same again and again as fast as they can, and read what they are answered.

python -m tests.hostile.attackers HOST PORT NUMBER < WHAT

A process of their own, because an attacker's work is not the server's. When all are there it says so in a line, and
continues until it is ended.
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
    """Attack until the process is ended."""
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
