"""The users who read the history of a channel: the rule of `chat.closures` as a table, and after a restart.

"A conversation belongs to one life of a channel": what was said behind +i, +k, +s, +O or +H is shown only to users who
were members then, or whom these have let in since; what was said in the open is shown to every member.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from greenchat.config.options import Storage
from greenchat.config.settings import AccountSettings
from greenchat.protocol.message import Message
from tests.commands.conftest import StartWorld
from tests.commands.devices import device, make_account
from tests.conftest import quick_options
from tests.irc import Client, people
from tests.opers import WITH_OPERS
from tests.world import World

CAPS = "message-tags server-time batch draft/chathistory draft/message-redaction draft/event-playback"
EVER = "timestamp=2020-01-01T00:00:00.000Z timestamp=2099-01-01T00:00:00.000Z 50"
SETTINGS = replace(WITH_OPERS, accounts=AccountSettings(iterations=4096))


@pytest.fixture
def server(start_world: StartWorld, tmp_path: Path) -> World:
    return start_world(SETTINGS, quick_options(tmp_path))


def replayed(messages: list[Message]) -> list[str]:
    """Return the texts in history batches."""
    return [m.params[1] for m in messages if m.command == "PRIVMSG" and "batch" in m.tags]


def read(client: Client) -> list[str]:
    """Return all that a client can read of #a; all commands must agree."""
    latest = replayed(client.run("CHATHISTORY LATEST #a * 50"))
    assert replayed(client.run("CHATHISTORY AFTER #a timestamp=2020-01-01T00:00:00.000Z 50")) == latest
    assert replayed(client.run("CHATHISTORY AROUND #a timestamp=2099-01-01T00:00:00.000Z 50")) == latest
    assert replayed(client.run("SEARCH text=said")) == latest
    one_by_one: list[str] = []
    edge = "*"
    while page := client.run(f"CHATHISTORY {'LATEST' if edge == '*' else 'BEFORE'} #a {edge} 1"):
        lines = [m for m in page if "batch" in m.tags and "msgid" in m.tags]
        if not lines:
            break
        edge = f"msgid={lines[0].tags['msgid']}"
        one_by_one = replayed(page) + one_by_one
    assert one_by_one == latest
    listed = [m.params[2] for m in client.run(f"CHATHISTORY TARGETS {EVER}") if m.command == "CHATHISTORY"]
    assert bool(listed) == bool(latest)
    return latest


@pytest.mark.parametrize("lock", ["+i", "+k key", "+s", "+si", "+H", "+Hs"])
@pytest.mark.parametrize(
    ("who", "story", "shown"),
    [
        # members of that time
        ("bob", [], ["said before", "said behind locks"]),
        ("bob", ["bob PART #a", "alice PART #a", "bob JOIN #a"], ["said before", "said behind locks"]),
        ("bob", ["alice MODE #a {unlock}", "bob PART #a", "bob JOIN #a"], ["said before", "said behind locks"]),
        # the user who creates the channel again, and a member who joins afterwards
        ("eve", ["bob PART #a", "alice PART #a", "eve JOIN #a"], ["said before"]),
        ("eve", ["bob PART #a", "alice PART #a", "carol JOIN #a", "eve JOIN #a"], ["said before"]),
        ("eve", ["bob PART #a", "alice QUIT", "carol JOIN #a", "carol MODE #a +i-i", "eve JOIN #a"], ["said before"]),
        # a user who joins when it is open again
        ("eve", ["alice MODE #a {unlock}", "eve JOIN #a"], ["said before"]),
        (
            "eve",
            ["alice MODE #a {unlock}", "alice MODE #a {lock}", "alice INVITE eve #a", "eve JOIN #a"],
            ["said before"],
        ),
        # an invited user
        ("eve", ["alice INVITE eve #a", "eve JOIN #a"], ["said before", "said behind locks"]),
        ("eve", ["alice INVITE eve #a", "eve JOIN #a", "alice MODE #a {unlock}"], ["said before", "said behind locks"]),
    ],
)
def test_who_reads_the_history_of_a_channel(
    server: World, lock: str, who: str, story: list[str], shown: list[str]
) -> None:
    unlock = lock.replace("+", "-")
    with people(server.address, "alice", "bob", "carol", "eve", caps=CAPS) as clients:
        by_name = dict(zip(("alice", "bob", "carol", "eve"), clients, strict=True))
        alice, bob = by_name["alice"], by_name["bob"]
        alice.run("JOIN #a", "PRIVMSG #a :said before")
        bob.join("#a")
        alice.run(f"MODE #a {lock}", "PRIVMSG #a :said behind locks")
        for line in story:
            name, _, command = line.partition(" ")
            if command == "QUIT":
                by_name[name].send(command)
                by_name[name].until_end()
            else:
                by_name[name].run(command.format(lock=lock, unlock=unlock))
        reader = by_name[who]
        expected = shown
        if "H" in lock and who == "eve":
            still = "H" in "".join(m.params[2] for m in reader.run("MODE #a") if m.command == "324")
            expected = [] if still else ["said before"]
        elif "H" in lock and not story:
            expected = ["said behind locks"]  # with +H nobody reads what was said before their JOIN
        assert read(reader) == expected


def test_operators_of_a_new_life_cannot_redact_messages_of_an_older_one(server: World) -> None:
    with people(server.address, "alice", "eve", caps=CAPS) as (alice, eve):
        alice.run("JOIN #a", "PRIVMSG #a :said in the open", "PART #a")
        eve.run("JOIN #a", "PRIVMSG #a :said by me")
        found = {m.params[1]: m.tags["msgid"] for m in eve.run("CHATHISTORY LATEST #a * 9") if m.command == "PRIVMSG"}
        (fail,) = eve.run(f"REDACT #a {found['said in the open']}")
        assert fail.params[1] == "REDACT_FORBIDDEN"
        assert eve.commands(f"REDACT #a {found['said by me']}") == ["REDACT"]


def test_hidden_messages_cannot_be_redacted(server: World) -> None:
    with people(server.address, "alice", "eve", caps=CAPS + " echo-message") as (alice, eve):
        alice.run("JOIN #a", "MODE #a +i")
        msgid = next(m.tags["msgid"] for m in alice.run("PRIVMSG #a :said behind locks") if m.command == "PRIVMSG")
        alice.run("PART #a")
        eve.join("#a")
        (fail,) = eve.run(f"REDACT #a {msgid}")
        assert fail.params[1] == "UNKNOWN_MSGID"


def test_the_founder_and_users_of_the_access_list_read_all(server: World) -> None:
    for name in "olga", "ann":
        make_account(server.address, name)
    with (
        device(server.address, "olga", caps=f"sasl {CAPS}") as olga,
        device(server.address, "ann", caps=f"sasl {CAPS}") as ann,
        Client(server.address, "eve", caps=CAPS) as eve,
    ):
        for client in olga, ann:
            client.until("376", "422")
        olga.run("JOIN #a", "CS REGISTER #a", "MODE #a +s", "PRIVMSG #a :said behind locks", "MODE #a -s")
        for client in ann, eve:
            client.join("#a")
            assert read(client) == []
        olga.run("CS AMODE #a +v ann")
        assert read(ann) == ["said behind locks"]


def test_a_renamed_channel_keeps_its_closed_history(server: World) -> None:
    with people(server.address, "alice", "eve", caps=CAPS) as (alice, eve):
        alice.run("JOIN #b", "MODE #b +s", "PRIVMSG #b :said behind locks", "RENAME #b #a", "MODE #a -s")
        assert read(alice) == ["said behind locks"]
        eve.join("#a")
        assert read(eve) == []


@pytest.mark.parametrize("always_on", [False, True])
def test_a_restart_does_not_change_who_reads(start_world: StartWorld, tmp_path: Path, always_on: bool) -> None:
    options = replace(quick_options(tmp_path), storage=Storage(persistent=True))
    server = start_world(SETTINGS, options)
    make_account(server.address, "zoe")
    with device(server.address, "zoe", caps=f"sasl {CAPS}") as zoe, Client(server.address, "bob", caps=CAPS) as bob:
        zoe.until("376", "422")
        zoe.run(f"NS SET ALWAYS-ON {'on' if always_on else 'off'}", "JOIN #a", "PRIVMSG #a :said in the open")
        zoe.run(
            "TOPIC #a :plans", "MODE #a +isk key", "MODE #a +bIe mallory bob carol", "PRIVMSG #a :said behind locks"
        )
        bob.run("JOIN #a key")
        zoe.run("MODE #a +v bob")
        zoe.quit()
        bob.quit()
    server.stop()
    server = start_world(SETTINGS, options)
    with (
        Client(server.address, "mallory", caps=CAPS) as mallory,
        device(server.address, "zoe", caps=f"sasl {CAPS}") as zoe,
        Client(server.address, "carol", caps=CAPS) as carol,
    ):
        zoe.until("376", "422")
        if always_on:
            # the channel comes back whole: key, modes, lists, topic, ranks
            assert "366" not in mallory.commands("JOIN #a key")
            assert [m.params[1:] for m in zoe.run("MODE #a") if m.command == "324"] == [("#a", "+instk", "key")]
            assert "plans" in str(zoe.run("TOPIC #a"))
            masks = [m.params[2] for m in zoe.run("MODE #a b", "MODE #a e", "MODE #a I") if len(m.params) > 3]
            assert masks == ["mallory!*@*", "carol!*@*", "bob!*@*"]
            assert "@zoe" in str(zoe.run("NAMES #a"))
            assert read(zoe) == ["said in the open", "said behind locks"]
            assert mallory.commands("LIST") == ["321", "323"]
        else:
            mallory.join("#a")
            carol.join("#a")
            assert read(mallory) == read(carol) == ["said in the open"]
            zoe.join("#a")  # she was a member then
            assert read(zoe) == ["said in the open", "said behind locks"]


def test_membership_is_known_after_a_crash(start_world: StartWorld, tmp_path: Path) -> None:
    """A killed server announces no QUIT: what is stored must be enough."""
    options = replace(quick_options(tmp_path), storage=Storage(persistent=True))
    server = start_world(SETTINGS, options)
    for name in "first", "later":
        make_account(server.address, name)
    with (
        device(server.address, "first", caps=f"sasl {CAPS}") as first,
        device(server.address, "later", caps=f"sasl {CAPS}") as later,
    ):
        for client in first, later:
            client.until("376", "422")
        first.run("JOIN #a", "MODE #a +s", "PRIVMSG #a :said at first")
        later.run("JOIN #a", "PRIVMSG #a :said later")
        documents: dict[str, Any] = server.call(
            lambda app: {kind: app.store.documents(kind) for kind in ("closed", "inside", "account")}
        )
    assert len(documents["closed"]) == 1
    (closed,) = documents["closed"].values()
    assert (closed["end"], closed["first"]) == (0, [documents["account"]["first"]["id"]])
    assert [each["spans"][0][1] for each in documents["inside"].values()] == [0]


def test_an_unregistered_channel_survives_only_with_an_always_on_member(
    start_world: StartWorld, tmp_path: Path
) -> None:
    options = replace(quick_options(tmp_path), storage=Storage(persistent=True))
    server = start_world(SETTINGS, options)
    make_account(server.address, "zoe")
    with device(server.address, "zoe") as zoe, Client(server.address, "bob") as bob:
        zoe.until("376", "422")
        zoe.run("NS SET ALWAYS-ON on", "JOIN #a", "MODE #a +k key", "MODE #a +k-k key2 key")
        assert list(server.call(lambda app: app.store.documents("channel"))) == ["#a"]
        zoe.run("PART #a")
        bob.join("#a")
        bob.sync()
        assert server.call(lambda app: app.store.documents("channel")) == {}


def test_a_channel_ends_with_the_server_when_its_always_on_member_left(start_world: StartWorld, tmp_path: Path) -> None:
    options = replace(quick_options(tmp_path), storage=Storage(persistent=True))
    server = start_world(SETTINGS, options)
    make_account(server.address, "zoe")
    with device(server.address, "zoe") as zoe, Client(server.address, "bob") as bob:
        zoe.until("376", "422")
        zoe.run("NS SET ALWAYS-ON on", "JOIN #a", "MODE #a +m")
        bob.join("#a")
        zoe.run("PART #a")
    server.stop()
    server = start_world(SETTINGS, options)
    with Client(server.address, "bob") as bob:
        assert [m.params[-1] for m in bob.join("#a") if m.command == "353"] == ["@bob"]
        assert server.call(lambda app: app.store.documents("channel")) == {}


def test_merging_old_spans_hides_nothing_from_its_readers(
    start_world: StartWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither from present members nor, after a restart, from former ones."""
    monkeypatch.setattr("greenchat.chat.closures._MOST", 2)
    options = replace(quick_options(tmp_path), storage=Storage(persistent=True))
    server = start_world(SETTINGS, options)
    for name in "zoe", "bob":
        make_account(server.address, name)
    with (
        device(server.address, "zoe", caps=f"sasl {CAPS}") as zoe,
        device(server.address, "bob", caps=f"sasl {CAPS}") as bob,
        Client(server.address, "mallory", caps=CAPS) as mallory,
    ):
        for client in zoe, bob:
            client.until("376", "422")
        zoe.run("NS SET ALWAYS-ON on", "JOIN #a", "MODE #a +s", "MODE #a -s")
        bob.join("#a")
        zoe.run("MODE #a +s", "PRIVMSG #a :said behind locks", "MODE #a -s")
        bob.run("PART #a")
        for _ in range(2):
            zoe.run("MODE #a +s", "MODE #a -s")
        bob.join("#a")
        mallory.join("#a")
        assert read(zoe) == read(bob) == ["said behind locks"]
        assert read(mallory) == []
        documents = server.call(lambda app: {kind: app.store.documents(kind) for kind in ("closed", "inside")})
        assert {name.partition(" ")[0] for name in documents["inside"]} <= documents["closed"].keys()
    server.stop()
    server = start_world(SETTINGS, options)
    with device(server.address, "bob", caps=f"sasl {CAPS}") as bob, Client(server.address, "mallory", caps=CAPS) as eve:
        bob.until("376", "422")
        for client in bob, eve:
            client.join("#a")
        assert read(bob) == ["said behind locks"]
        assert read(eve) == []


def test_a_flood_of_new_channels_reveals_nothing(
    start_world: StartWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The memory of ended channels is bounded: only spans that guard nothing are forgotten."""
    monkeypatch.setattr("greenchat.chat.protection.ended_channels._MOST", 20)
    options = replace(quick_options(tmp_path), storage=Storage(persistent=True))
    server = start_world(SETTINGS, options)
    make_account(server.address, "zoe")
    with (
        device(server.address, "zoe", caps=f"sasl {CAPS}") as zoe,
        people(server.address, "guest", "eve", caps=CAPS) as (guest, eve),
    ):
        zoe.until("376", "422")
        zoe.run("JOIN #zoe", "MODE #zoe +s", "PRIVMSG #zoe :said by zoe", "PART #zoe")
        guest.run("JOIN #a", "PRIVMSG #a :said before", "MODE #a +s", "PRIVMSG #a :said behind locks")
        guest.run("PRIVMSG @#a :said to operators", "MODE #a -s", "PRIVMSG #a :said after", "PART #a")
        for number in range(30):
            guest.run(f"JOIN #n{number}", f"MODE #n{number} +s", f"PART #n{number}")
        eve.join("#a")
        guest.join("#a")
        assert read(eve) == read(guest) == ["said after"]
        zoe.join("#zoe")
        assert replayed(zoe.run("CHATHISTORY LATEST #zoe * 50")) == ["said by zoe"]
        zoe.run("PART #zoe")
        documents = server.call(lambda app: {kind: app.store.documents(kind) for kind in ("closed", "inside")})
        assert len(documents["closed"]) + len(documents["inside"]) <= 20
    server.stop()
    server = start_world(SETTINGS, options)
    with device(server.address, "zoe", caps=f"sasl {CAPS}") as zoe, Client(server.address, "eve", caps=CAPS) as eve:
        zoe.until("376", "422")
        eve.join("#a")
        assert read(eve) == ["said after"]
        zoe.join("#zoe")
        assert replayed(zoe.run("CHATHISTORY LATEST #zoe * 50")) == ["said by zoe"]


def test_a_former_key_is_not_shown_to_later_readers(server: World) -> None:
    """Neither by the MODE that sets it nor by the one that removes it: the key may be set again."""
    make_account(server.address, "olga")
    with device(server.address, "olga", caps=f"sasl {CAPS}") as olga, Client(server.address, "eve", caps=CAPS) as eve:
        olga.until("376", "422")
        olga.run("JOIN #a", "CS REGISTER #a", "MODE #a +k first", "MODE #a -k first", "MODE #a -k+k x second")
        olga.run("CS CLEAR #a modes", "PRIVMSG #a :open")
        eve.join("#a")
        answer = eve.run("CHATHISTORY LATEST #a * 50")
        assert replayed(answer) == ["open"]
        assert any(message.command == "MODE" and "-k" in message.params[1] for message in answer)
        assert not {"first", "second"} & {word for message in answer for word in message.params}
