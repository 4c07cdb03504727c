"""`/metrics`: figures for Prometheus. They are counted when they are asked for, unless that takes time.

https://prometheus.io/docs/instrumenting/exposition_formats/. Names follow its advice: seconds and bytes, `_total` for
counters.
"""

import hmac
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate
from pathlib import Path
from typing import Protocol

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.gc_collector import GCCollector
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector, CollectorRegistry

from greenchat import __version__
from greenchat.chat.network import Network
from greenchat.commands.core.registry import COMMANDS
from greenchat.commands.info.node_rows import rows
from greenchat.config.web import Metrics
from greenchat.protocol import caps
from greenchat.protocol.http_head import HttpError
from greenchat.server.http.outboxes import HttpOutbox
from greenchat.server.http.request import NOT_KEPT, Request, Response
from greenchat.server.http.routes import Routes
from greenchat.server.http.service import HttpClientsParts
from greenchat.server.net.connection import Connection
from greenchat.server.net.meter import BOUNDS, Durations
from greenchat.server.net.turn import Turn
from greenchat.values.addresses import is_within

_BEARER = "Bearer "
_OTHER = "(unknown)"  # clients must not be able to add names
_KINDS = ("unregistered", "irc", "websocket", "plain", "http")


class MetricsServerParts(Protocol):
    """The parts of the server that are measured."""

    network: Network
    turn: Turn

    @property
    def clients(self) -> HttpClientsParts:
        """All clients."""

    @property
    def folder(self) -> Path:
        """The folder of the store."""

    @property
    def waiting_events(self) -> int:
        """Return how many events wait for the search index."""


class MetricsPage:
    """Answers authorized requests for the metrics."""

    def __init__(self, server: MetricsServerParts, options: Callable[[], Metrics]) -> None:
        self._options = options
        self._registry = CollectorRegistry()
        GCCollector(self._registry)
        ProcessCollector(registry=self._registry)
        self._registry.register(_Figures(server))

    def add_to(self, routes: Routes) -> None:
        """Add the row of the metrics."""
        routes.add("metrics", GET=self._answer)

    def _answer(self, request: Request) -> Response:
        options = self._options()
        given = request.head.get("authorization")
        knows = bool(options.token) and hmac.compare_digest(given.encode(), (_BEARER + options.token).encode())
        if not knows and not is_within(request.address, options.addresses):
            raise HttpError(401, "Metrics need the token", WWW_Authenticate="Bearer")
        return Response(body=generate_latest(self._registry), type=CONTENT_TYPE_LATEST, fields=[NOT_KEPT])


class _Figures(Collector):
    def __init__(self, server: MetricsServerParts) -> None:
        self._server = server

    def collect(self) -> Iterable[Metric]:
        """Yield all figures as of now."""
        yield from self._people()
        yield from self._traffic()
        yield from self._work()
        yield from self._store()
        yield from self._nodes()

    def _people(self) -> Iterator[Metric]:
        network = self._server.network
        info = GaugeMetricFamily("greenchat_info", "The running version; always 1", labels=["version"])
        info.add_metric([__version__], 1)
        yield info
        yield GaugeMetricFamily(
            "greenchat_start_time_seconds",
            "Start of the server, in seconds since the epoch",
            value=network.started / 1000,
        )
        connections = GaugeMetricFamily(
            "greenchat_connections", "Open connections, by protocol", labels=["dialect", "tls"]
        )
        counts = Counter((_kind(each), str(each.session.secure).lower()) for each in self._server.clients.connections)
        for kind in _KINDS:
            for secure in "true", "false":
                connections.add_metric([kind, secure], counts[kind, secure])
        yield connections
        yield GaugeMetricFamily("greenchat_users", "Users online", value=len(network.users))
        yield GaugeMetricFamily(
            "greenchat_users_most", "Maximum of users at the same time", value=network.counts.most_users
        )
        yield GaugeMetricFamily("greenchat_operators", "Operators online", value=network.counts.modes["o"])
        yield GaugeMetricFamily("greenchat_channels", "Channels", value=len(network.channels))
        yield GaugeMetricFamily("greenchat_accounts", "Accounts", value=len(network.accounts))
        yield GaugeMetricFamily("greenchat_tokens", "Tokens of browsers and programs", value=len(network.tokens))

    def _traffic(self) -> Iterator[Metric]:
        meter, network = self._server.clients.meter, self._server.network
        live = [(each.session, each.session.outbox) for each in self._server.clients.connections]
        yield _counter(
            "received_messages",
            "Messages from clients",
            meter.received_messages + sum(session.received_messages for session, _ in live),
        )
        yield _counter(
            "received_bytes",
            "Bytes from clients",
            meter.received_bytes + sum(session.received_bytes for session, _ in live),
        )
        yield _counter(
            "sent_messages",
            "Messages to clients: deliveries",
            meter.sent_messages + sum(outbox.sent_messages for _, outbox in live),
        )
        yield _counter(
            "sent_bytes", "Bytes to clients", meter.sent_bytes + sum(outbox.sent_bytes for _, outbox in live)
        )
        yield _counter("refused_connections", "Connections refused", meter.refused)
        yield _counter("throttled_lines", "Lines delayed by the throttle", meter.throttled)
        logins = CounterMetricFamily("greenchat_logins", "Logins, by result", labels=["result"])
        for result in "right", "wrong":
            logins.add_metric([result], network.local.logins[result])
        yield logins
        yield GaugeMetricFamily(
            "greenchat_sendq_bytes", "Bytes queued for slow clients", value=self._server.turn.send_queues.total
        )

    def _work(self) -> Iterator[Metric]:
        meter, network = self._server.clients.meter, self._server.network
        calls = CounterMetricFamily("greenchat_commands", "Commands run", labels=["command"])
        for name, count in network.local.command_counts.items():
            calls.add_metric([name], count)
        yield calls
        spent = CounterMetricFamily("greenchat_command_seconds", "Seconds in handlers of commands", labels=["command"])
        seconds: dict[str, float] = defaultdict(float)
        for name, each in meter.command_seconds.items():
            seconds[name if name in COMMANDS else _OTHER] += each
        for name, total in seconds.items():
            spent.add_metric([name], total)
        yield spent
        yield _histogram("turn_seconds", "From the first line of a turn to its last send", meter.turns)
        yield _histogram("commit_seconds", "Transactions of the store", meter.commits)

    def _store(self) -> Iterator[Metric]:
        size = sum(file.stat().st_size for file in self._server.folder.glob("greenchat.db*") if file.is_file())
        yield GaugeMetricFamily("greenchat_store_bytes", "The size of the database", value=size)
        yield GaugeMetricFamily(
            "greenchat_store_unindexed_events",
            "Events that the next search has to index first, since they wait for a quiet moment",
            value=self._server.waiting_events,
        )

    def _nodes(self) -> Iterator[Metric]:
        """Yield the figures of all nodes, as this one sees them."""
        network = self._server.network
        if not network.nodes:
            return
        yield GaugeMetricFamily(
            "greenchat_log_entry", "The last entry of the log that this node has applied", value=network.nodes.position
        )
        sessions = GaugeMetricFamily("greenchat_node_sessions", "Sessions of each node", labels=["node"])
        silent = GaugeMetricFamily(
            "greenchat_node_silent_seconds", "Seconds since the last entry of each node", labels=["node"]
        )
        behind = GaugeMetricFamily(
            "greenchat_node_behind_entries",
            "Entries of the log that each node had not applied at that time",
            labels=["node"],
        )
        for row in rows(network):
            sessions.add_metric([row.name], row.sessions)
            silent.add_metric([row.name], row.silent / 1000)
            behind.add_metric([row.name], row.behind)
        yield from (sessions, silent, behind)


def _kind(connection: Connection) -> str:
    session = connection.session
    if isinstance(connection.outbox, HttpOutbox):
        return "http"
    if session.user is None:
        return "unregistered"
    if session.caps & (caps.WEBSOCKET_TEXT | caps.WEBSOCKET_BINARY):
        return "websocket"
    return "plain" if session.dialect else "irc"


def _counter(name: str, about: str, value: float) -> Metric:
    return CounterMetricFamily(f"greenchat_{name}", about, value=value)


def _histogram(name: str, about: str, durations: Durations) -> Metric:
    bounds = [*map(str, BOUNDS), "+Inf"]
    buckets = list(zip(bounds, accumulate(durations.counts), strict=True))
    return HistogramMetricFamily(f"greenchat_{name}", about, buckets=buckets, sum_value=durations.total)
