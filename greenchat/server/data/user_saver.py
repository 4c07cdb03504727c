"""Stores the users who may return after a restart of the server, see `chat.continuity.saved_users`.

A server that is stopped stores all of them. After a crash (`kill -9`, a power cut) there are those stored before: the
sweeper stores changes once a second, in parts if they are many, so that nobody waits. So changes of the last seconds
may be missing (with ten thousand users, of the last quarter of a minute), and a user who has just left may be restored
until the grace time is over. Messages do not depend on it.
"""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, Protocol

from greenchat.chat import documents
from greenchat.chat.always_on import stays
from greenchat.chat.channel import Channel
from greenchat.chat.continuity import saved_users
from greenchat.chat.network import Network
from greenchat.chat.registered_channels import document as channel_document
from greenchat.chat.user import User
from greenchat.commands.connection.lost_connections import survives_restart
from greenchat.commands.core.context import Context
from greenchat.storage.interface import Document, Store
from greenchat.storage.log import Log

_LOOKED_AT = 2000  # users, and as many channels, each time
_WRITTEN = 200  # users and channels each time


class UserSaverServerParts(Protocol):
    """The parts of the server that `UserSaver` uses."""

    network: Network
    log: Log

    @property
    def store(self) -> Store:
        """The store, with all documents."""

    def now(self) -> int:
        """Return ms since the epoch."""

    def run_step(self, step: Callable[[Context], Any]) -> Any:
        """Run something as the server itself, in a turn, and return what it returns."""


class UserSaver:
    """Stores changed users and their channels, and removes those that have left.

    A hash of all fields except times shows whether a user or channel has changed.
    """

    def __init__(self, server: UserSaverServerParts) -> None:
        """Read which users are stored. Raises StoreError."""
        self._server = server
        # stored by another process, with unknown content
        self._users: dict[str, int] = dict.fromkeys(server.store.documents(documents.SAVED_USER.name), 0)
        self._channels: dict[str, int] = dict.fromkeys(server.store.documents(documents.SAVED_CHANNEL.name), 0)
        self._round: Iterator[list[Document]] | None = None
        self._seen = -1  # position of the log at which the last round began

    def save_some(self) -> None:
        """Store a part of the changes; call it again a second later."""
        if self._round is None:
            if self._seen == self._server.log.position:
                return  # nothing has happened since
            self._seen = self._server.log.position
            self._round = self._once()
        changed: list[Document] = []
        looked_at = 0
        for each in islice(self._round, _LOOKED_AT):
            looked_at += 1
            changed += each
            if len(changed) >= _WRITTEN:
                break
        if looked_at < _LOOKED_AT and len(changed) < _WRITTEN:
            self._round = None
        self._store(changed)

    def save_all(self) -> None:
        """Store all users, before the server exits."""
        # including times
        self._users = dict.fromkeys(self._users, 0)
        self._channels = dict.fromkeys(self._channels, 0)
        self._store([document for each in self._once() for document in each])

    def _store(self, changed: list[Document]) -> None:
        if changed:
            self._server.run_step(lambda ctx: ctx.record(*changed))

    def _once(self) -> Iterator[list[Document]]:
        """Yield the changes of one user or channel after the other."""
        network = self._server.network
        for user in list(network.users.values()):
            yield self._user(user)
        for guest_id in list(self._users):
            yield self._removal(guest_id)
        for folded in list(self._channels):
            yield self._channel(folded, network.channels.get(folded))

    def _user(self, user: User) -> list[Document]:
        network = self._server.network
        if not _is_saved(network, user):
            return []
        state = _hash_of_user(user, network)
        if self._users.get(user.guest_id) == state:
            return []
        self._users[user.guest_id] = state
        new = [folded for folded in user.channels if folded not in self._channels]
        channels = [document for folded in new for document in self._channel(folded, network.channels[folded])]
        saved = saved_users.document(network, user, self._server.now())
        return [*channels, Document(documents.SAVED_USER.name, user.guest_id, saved)]

    def _removal(self, guest_id: str) -> list[Document]:
        user = self._server.network.lost_users.guest(guest_id)
        if user is not None and _is_saved(self._server.network, user):
            return []
        del self._users[guest_id]
        return [Document(documents.SAVED_USER.name, guest_id, None)]

    def _channel(self, folded: str, channel: Channel | None) -> list[Document]:
        if channel is None or channel.registration or channel.is_kept:
            is_stored = self._channels.pop(folded, None) is not None
            return [Document(documents.SAVED_CHANNEL.name, folded, None)] if is_stored else []
        state = _hash_of_channel(channel)
        if self._channels.get(folded) == state:
            return []
        self._channels[folded] = state
        return [Document(documents.SAVED_CHANNEL.name, folded, channel_document(channel, None))]


def _is_saved(network: Network, user: User) -> bool:
    is_expected = user in network.lost_users or any(survives_restart(session) for session in user.sessions)
    return is_expected and not stays(network, user)


def _hash_of_user(user: User, network: Network) -> int:
    shown = user.revision, user.nick, user.username, user.host, user.realname, user.away, frozenset(user.modes)
    owned = user.channels, user.invitations, user.caller_id.accepted, user.metadata
    how = user in network.lost_users, network.lost_users.needs_tls(user)
    return hash((*shown, *(tuple(each.items()) for each in owned), *how)) or 1


def _hash_of_channel(channel: Channel) -> int:
    modes = channel.key, channel.limit, channel.forward, channel.forward_life, *channel.rate_limits.values()
    return hash((channel.life, channel.revision, channel.topic, modes, tuple(channel.metadata.items()))) or 1
