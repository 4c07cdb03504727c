"""Opening a database under another casemapping: nothing is lost, and no two channels are merged."""

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from greenchat.chat import documents
from greenchat.chat.accounts import Account
from greenchat.chat.network import Network
from greenchat.config.settings import Settings
from greenchat.server.data import refold
from greenchat.server.data.restore import restore
from greenchat.storage.interface import Document, HistorySpan, StoreError, direct_key
from greenchat.storage.sqlite import SqliteStore
from tests.storage.events import START, EventMaker, opened, texts


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    with opened(tmp_path / "greenchat.db") as store:
        yield store


def restored(store: SqliteStore, casemapping: str = "precis") -> Network:
    network = Network(Settings(casemapping=casemapping), now=START)
    restore(network, store)
    return network


def channel(name: str, founder: str = "ann", **access: str) -> dict[str, Any]:
    return {"name": name, "created": 1, "founder": founder, "registered": 1, "access": access}


def account(key: str, name: str) -> Document:
    return Document("account", key, Account(name, "", START).document())


def read(store: SqliteStore, key: str) -> list[str]:
    return texts(store.read(key, HistorySpan(10)))


def test_channels_whose_names_become_equal_stay_separate(store: SqliteStore) -> None:
    talk = EventMaker()
    store.commit(
        [
            talk.say("the older", "#École"),
            talk.say("the registered", "#école"),
            talk.say("for its operators", "@#École", params=("@#École", "for its operators")),
            Document("channel", "#école", channel("#école")),
        ]
    )
    network = restored(store)
    assert network.channels["#école"].name == "#école"
    assert read(store, "#école") == ["the registered"]
    assert read(store, "#école_2") == ["the older"]
    assert read(store, "@#école_2") == ["for its operators"]
    assert dict(store.conversations())["#école_2"] == "#École_2"
    restored(store)  # the second start changes nothing
    assert [key for key, _ in store.conversations()] == ["#école_2", "#école", "@#école_2"]


def test_settings_of_a_channel_follow_it(store: SqliteStore) -> None:
    talk = EventMaker()
    presence = {
        "nick": "ann",
        "username": "~ann",
        "realname": "Ann",
        "real_host": "127.0.0.1",
        "account": "ann",
        "signon": START,
        "left": START,
        "modes": "",
        "channels": [["#ÉCOLE", "o", "x"]],
    }
    store.commit(
        [
            talk.say("hi", "#École", params=("#ÉCOLE", "hi")),
            account("ann", "ann"),
            Document("presence", "ann", presence),
            Document("read-marks", "ann", {"#École": 5, direct_key("ann", "bob"): 6}),
        ]
    )
    network = restored(store)
    assert network.channels == {}  # ann is not always on
    (kept,) = store.documents("presence").values()
    assert isinstance(kept, dict)
    assert kept["channels"] == [["#ÉCOLE", "o", "x"]]
    assert store.document("read-marks", "ann") == {"#école": 5, direct_key("ann", "bob"): 6}
    assert read(store, "#école") == ["hi"]


def test_names_get_their_spelling_back_after_rfc1459(store: SqliteStore) -> None:
    """Under rfc1459 `{}|^` are the lower case of `[]\\~`; under the others they are letters of their own."""
    talk = EventMaker()
    direct = talk.say("psst", direct_key("ann", "{ann}"), params=("ann", "psst"))
    store.commit(
        [
            Document("server", "casemapping", "rfc1459"),
            direct,
            account("{ann}", "[Ann]"),
            account("ann", "ann"),
            Document("channel", "#a", channel("#a", "{ann}", ann="o")),
        ]
    )
    network = restored(store)
    found = network.accounts.get("[ann]")
    assert found is not None
    assert found.name == "[Ann]"
    assert network.accounts.get("{ann}") is None
    registration = network.channels["#a"].registration
    assert registration is not None
    assert (registration.founder, registration.access) == ("[ann]", {"ann": "o"})
    assert read(store, direct_key("ann", "[ann]")) == ["psst"]
    assert [each.conversation for each in store.targets("[ann]", (), 0, direct.id + 1)] == [direct_key("ann", "[ann]")]


def test_accounts_are_never_merged(store: SqliteStore) -> None:
    store.commit([account("[ann]", "[ann]"), account("{ann}", "{ann}")])
    with pytest.raises(
        StoreError, match=r"the accounts \[ann\] and \{ann\} are different names with ascii but the same name"
    ):
        restored(store, "rfc1459")
    assert sorted(store.documents("account")) == ["[ann]", "{ann}"]
    assert len(restored(store).accounts) == 2


def test_a_renamed_duplicate_keeps_its_name(store: SqliteStore) -> None:
    """The history of a channel whose name went to another one is stored under a key that no query reaches."""
    talk = EventMaker()
    store.commit([talk.say("long ago", "#É until 1", params=("#É", "long ago")), talk.say("now", "#É")])
    restored(store)
    assert read(store, "#é") == ["now"]
    assert "#é_2" not in dict(store.conversations())


def test_every_kind_of_document_is_considered() -> None:
    """Whether it contains folded names or not."""
    source = inspect.getsource(refold)
    names = {name: kind for name, kind in vars(documents).items() if isinstance(kind, documents.DocumentKind)}
    handled = {kind for name, kind in names.items() if f"documents.{name}.name: " in source}
    assert set(documents.KINDS) - handled == {documents.SERVER}


def test_a_database_that_needs_no_change_is_written_once(store: SqliteStore) -> None:
    store.commit([EventMaker().say("hi", "#lobby"), account("ann", "Ann")])
    restored(store)
    assert store.document("server", "casemapping") == "precis"
    assert read(store, "#lobby") == ["hi"]
