"""Clients with an unfinished HTTP request, as many as wanted.

python -m tests.hostile.half_open HOST PORT NUMBER < DATA

A process of its own: when all have sent their data it prints a line, and once a second how many were answered or
closed, until it is killed.
"""

import resource
import select
import socket
import sys
import time


def main(host: str, port: str, number: str) -> None:
    """Attack until the process is killed."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    data = sys.stdin.buffer.read()
    poll = select.epoll()
    sockets: dict[int, socket.socket] = {}
    gone = 0
    for count in range(int(number)):
        sock = socket.socket()
        sock.bind((f"127.0.{count // 20_000 + 1}.1", 0))
        sock.connect((host, int(port)))
        sock.sendall(data)
        sock.setblocking(False)
        sockets[sock.fileno()] = sock
        poll.register(sock, select.EPOLLIN | select.EPOLLRDHUP)
    sys.stdout.write("here\n")
    sys.stdout.flush()
    reported = 0.0
    while True:
        for fd, _ in poll.poll(1.0):
            try:
                over = not sockets[fd].recv(65536)
            except OSError:
                over = True
            if over:
                gone += 1
                poll.unregister(fd)
                sockets.pop(fd).close()
        if time.monotonic() - reported >= 0.5:
            reported = time.monotonic()
            sys.stdout.write(f"{gone}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
