"""The metrics, read from a real server with Prometheus' own parser; the dashboard and the alerts use existing names."""

import json
import re
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from greenchat.config.options import Options
from greenchat.config.settings import Settings
from greenchat.config.web import Metrics
from greenchat.server.net.meter import BOUNDS, Durations
from greenchat.values.addresses import network
from tests.conftest import ServerThread, StartServer, quick_options
from tests.http_client import Http, WebSocket
from tests.irc import Client, people

TOKEN = "s3cret"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
TEMPLATES = files("greenchat.server.tools").joinpath("templates")


def options(data: Path, metrics: Metrics) -> Options:
    return replace(quick_options(data), metrics=metrics)


@pytest.fixture
def server(start_server: StartServer, tmp_path: Path) -> ServerThread:
    return start_server(Settings(), options(tmp_path, Metrics(enabled=True, token=TOKEN)))


def scrape(server: ServerThread) -> dict[str, Metric]:
    with Http(server.address) as http:
        answer = http.get("/metrics", "GET", b"", **BEARER)
        assert answer.status == 200, answer
        assert answer.fields["content-type"].startswith("text/plain; version=")
        return {family.name: family for family in text_string_to_metric_families(answer.body.decode())}


def value(server: ServerThread, name: str, **labels: str) -> float:
    samples = [sample for family in scrape(server).values() for sample in family.samples if sample.name == name]
    found = [sample.value for sample in samples if labels.items() <= sample.labels.items()]
    assert len(found) == 1, (name, labels, samples)
    return found[0]


def test_who_may_read_metrics(server: ServerThread, start_server: StartServer, tmp_path: Path) -> None:
    with Http(server.address) as http:
        for fields in {}, {"Authorization": "Bearer wrong"}, {"Authorization": TOKEN}, {"Authorization": "Bearer \xff"}:
            answer = http.get("/metrics", "GET", b"", **fields)
            assert (answer.status, answer.fields["www-authenticate"]) == (401, "Bearer")
    by_address = Metrics(enabled=True, addresses=(network("127.0.0.0/8"),))
    with Http(start_server(Settings(), options(tmp_path, by_address)).address) as http:
        assert http.get("/metrics").status == 200
    for metrics in Metrics(), Metrics(token=TOKEN), Metrics(addresses=(network("127.0.0.0/8"),)):
        with Http(start_server(Settings(), options(tmp_path, metrics)).address) as http:
            assert http.get("/metrics", "GET", b"", **BEARER).status == 404
    with Http(start_server(Settings(), options(tmp_path, Metrics(enabled=True))).address) as http:
        assert http.get("/metrics", Authorization="Bearer ").status == 401


def test_users_connections_and_channels(server: ServerThread) -> None:
    with people(server.address, "a", "b", channel="#one"), WebSocket(server.address).register("web"):
        assert value(server, "greenchat_users") == 3
        assert value(server, "greenchat_channels") == 1
        assert value(server, "greenchat_connections", dialect="irc", tls="false") == 2
        assert value(server, "greenchat_connections", dialect="websocket", tls="false") == 1
        assert value(server, "greenchat_connections", dialect="http", tls="false") == 1
        assert value(server, "greenchat_connections", dialect="irc", tls="true") == 0


def test_counters_stay_when_clients_leave(server: ServerThread) -> None:
    with people(server.address, "a", "b", channel="#one") as (a, b):
        a.sync()
        received = value(server, "greenchat_received_messages_total")
        sent = value(server, "greenchat_sent_messages_total")
        a.send(*["PRIVMSG #one :hi"] * 5)
        a.sync()
        b.sync()
        assert value(server, "greenchat_commands_total", command="PRIVMSG") == 5
        assert value(server, "greenchat_command_seconds_total", command="PRIVMSG") > 0
        assert value(server, "greenchat_received_messages_total") >= received + 5
        assert value(server, "greenchat_sent_messages_total") >= sent + 5
    assert value(server, "greenchat_received_messages_total") >= received + 5


def test_turns_and_commits_are_histograms(server: ServerThread) -> None:
    with people(server.address, "a", channel="#one") as (a,):
        before = value(server, "greenchat_commit_seconds_count")
        a.send("PRIVMSG #one :hi")
        a.sync()
        families = scrape(server)
    for name in "greenchat_turn_seconds", "greenchat_commit_seconds":
        family = families[name]
        assert family.type == "histogram"
        buckets = [sample.value for sample in family.samples if sample.name.endswith("_bucket")]
        assert len(buckets) == len(BOUNDS) + 1
        assert buckets == sorted(buckets)
        (count,) = [sample.value for sample in family.samples if sample.name.endswith("_count")]
        assert count == buckets[-1] > 0
    assert value(server, "greenchat_commit_seconds_count") > before


def test_events_that_wait_for_the_search_index(
    start_server: StartServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("greenchat.server.data.store_keeper._EVERY", 3600.0)
    server = start_server(Settings(), options(tmp_path, Metrics(enabled=True, token=TOKEN)))
    with people(server.address, "a", channel="#one") as (a,):
        before = value(server, "greenchat_store_unindexed_events")
        a.send(*["PRIVMSG #one :hi"] * 5)
        a.sync()
        assert value(server, "greenchat_store_unindexed_events") == before + 5
        a.send("CAP REQ :soju.im/search batch", "SEARCH in=#one;text=hi")
        a.until("BATCH")
        a.until("BATCH")
        assert value(server, "greenchat_store_unindexed_events") == 0


def test_logins(server: ServerThread) -> None:
    with Client(server.address, "alice") as alice:
        alice.send("NS REGISTER secret123")
        alice.until("900")
        alice.send("NS IDENTIFY alice wrong1234")
        while "Wrong password" not in alice.until("NOTICE")[-1].params[-1]:
            pass
    assert value(server, "greenchat_logins_total", result="right") == 1
    assert value(server, "greenchat_logins_total", result="wrong") == 1
    assert value(server, "greenchat_accounts") == 1


def test_input_of_clients_makes_no_new_names(server: ServerThread) -> None:
    with Client(server.address, "a") as a:
        a.send(*[f"NONSENSE{number}" for number in range(50)])
        a.sync()
    names = {
        sample.labels["command"]
        for family in scrape(server).values()
        for sample in family.samples
        if "command" in sample.labels
    }
    assert not any("NONSENSE" in name for name in names)
    assert "(unknown)" in names


def test_names_follow_the_rules(server: ServerThread) -> None:
    """https://prometheus.io/docs/practices/naming/"""
    for name, family in scrape(server).items():
        assert family.documentation
        if name.startswith("greenchat_"):
            for sample in family.samples:
                assert (family.type == "counter") == sample.name.endswith("_total"), sample


def test_the_dashboard_and_the_alerts_use_existing_names(server: ServerThread) -> None:
    with Client(server.address, "a") as a:
        a.send("NS REGISTER secret123")
        a.until("900")
        there = {sample.name for family in scrape(server).values() for sample in family.samples}
    dashboard = json.loads(TEMPLATES.joinpath("dashboard.json").read_text(encoding="utf-8"))
    asked = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    alerts = TEMPLATES.joinpath("alerts.yml").read_text(encoding="utf-8")
    rules = re.findall(r"expr: (.*)", alerts)
    assert len(rules) == 3
    for expression in asked + rules:
        names = re.findall(r"\b(?:greenchat|process)_[a-z_]+", expression)
        assert names
        assert set(names) <= there, expression


def test_durations_are_counted_in_their_buckets() -> None:
    durations = Durations()
    for seconds in 0.0, BOUNDS[0], BOUNDS[0] * 1.01, BOUNDS[-1], BOUNDS[-1] * 2:
        durations.observe(seconds)
    assert durations.counts[:2] == [2, 1]
    assert durations.counts[-2:] == [1, 1]
