"""All addresses on which a server accepts clients."""

import socket
from collections.abc import Callable, Iterator, Sequence

from greenchat.commands.core.process import Port
from greenchat.config.options import Address, ListenerOptions
from greenchat.server.net.listener import CannotListenError, Listener, Serve, Sockets, open_address, take


class Listeners:
    """The listeners of a server, in the order of the configuration."""

    def __init__(self, serve: Serve, is_busy: Callable[[], bool]) -> None:
        """Start without any address. serve: serves a client to its end. is_busy: see `Listener`."""
        self._serve = serve
        self._is_busy = is_busy
        self._listeners: list[Listener] = []

    def __iter__(self) -> Iterator[Listener]:
        return iter(self._listeners)

    def __getitem__(self, number: int) -> Listener:
        return self._listeners[number]

    def open(self, wanted: Sequence[ListenerOptions], inherited: Sockets, *, shared: bool) -> None:
        """Open these addresses. Raises CannotListenError.

        inherited: sockets of the previous process, by the configured addresses for which it opened them. shared:
        whether other processes of this server use the same addresses.
        """
        for options in wanted:
            sock = take(inherited, options.address) or open_address(options.address, shared=shared)
            self._listeners.append(Listener(options, self._serve, self._is_busy, sock))
        for sock in (sock for rest in inherited.values() for sock in rest):
            sock.close()

    def adopt(self, opened: Sequence[socket.socket], configured: Sequence[ListenerOptions]) -> None:
        """Accept clients on sockets that already listen; their options are those of their address."""
        known = {options.address: options for options in configured}
        for sock in opened:
            address = Address(*sock.getsockname()[:2])
            options = known.get(address, ListenerOptions(address))
            self._listeners.append(Listener(options, self._serve, self._is_busy, sock))

    def use(self, wanted: Sequence[ListenerOptions]) -> list[str]:
        """Close the listeners that are no longer wanted, then open new ones; connections remain.

        Returns a line for each address that can't be listened on.
        """
        old = list(self._listeners)
        listeners: list[Listener] = []
        new: list[ListenerOptions] = []
        for options in wanted:
            listener = next((listener for listener in old if listener.options.address == options.address), None)
            if listener is None:
                new.append(options)
            else:
                old.remove(listener)
                listener.options = options
                listeners.append(listener)
        for listener in old:
            listener.stop(timeout=0)
        failures = []
        for options in new:
            try:
                listeners.append(Listener(options, self._serve, self._is_busy))
            except CannotListenError as error:
                failures.append(str(error))
        self._listeners = listeners
        return failures

    def ports(self, *, with_tls: bool) -> list[Port]:
        """Return the ports as operators see them. with_tls: whether there is a certificate."""
        return [listener.port(with_tls=with_tls) for listener in self._listeners]

    def close(self) -> None:
        """Stop accepting connections."""
        for listener in self._listeners:
            listener.stop(timeout=0)
