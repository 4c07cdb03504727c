"""METADATA, the command: quoted sentences are from the third draft.

https://github.com/ircv3/ircv3-specifications/pull/613. For the second draft see test_metadata_2.
"""

from dataclasses import replace
from pathlib import Path

import pytest

from greenchat.chat.metadata import MetadataUse, changed, difference
from greenchat.config.settings import Metadata, Settings
from greenchat.protocol.message import Message
from tests.commands.devices import device, log_in, make_account
from tests.conftest import Serve, StartServer, Target, quick_options
from tests.irc import Client, people
from tests.opers import WITH_OPERS, become_oper

CAPS = "draft/metadata-3 batch"
UMLAUT = "\u00e4"  # two bytes
SMALL = Settings(metadata=Metadata(keys=2, subscriptions=3, value_bytes=20, changes=0))


def comparable(messages: list[Message]) -> list[tuple[str, ...]]:
    """Return command and parameters, without the recipient of numerics and the text of standard replies."""
    found = []
    for message in messages:
        if message.command.isdigit():
            found.append((message.command, *message.params[1:]))
        elif message.command in ("FAIL", "WARN", "NOTE"):
            found.append((message.command, *message.params[1:-1]))
        elif message.command == "BATCH" and message.params[0][0] == "+":
            found.append(("BATCH", *message.params[1:]))
        elif message.command != "BATCH":
            found.append((message.command, *message.params))
    return found


def test_the_changes_between_two_states() -> None:
    assert changed({"a": "1", "b": "2"}, {"a": "", "b": "3", "c": "4", "d": "5"}, most=2) == {"b": "3", "c": "4"}
    assert difference({"a": "1", "b": "2", "c": "3"}, {"b": "2", "c": "4", "d": "5"}) == {"a": "", "c": "4", "d": "5"}


def test_changes_are_counted_for_a_minute() -> None:
    use = MetadataUse()
    for now in 0, 10_000:
        assert use.wait(now, 2) == 0
        use.count_change(now)
    assert use.wait(20_500, 2) == 40
    assert use.wait(20_500, 0) == 0
    assert use.wait(60_000, 2) == 0


def test_after_the_clock_is_set_back_changes_are_accepted() -> None:
    use = MetadataUse()
    use.count_change(3_600_000)
    assert use.wait(0, 1) == 0


def test_the_capability_and_its_value(serve: Serve) -> None:
    with Client(serve(SMALL)) as client:
        client.send("CAP LS 302")
        offers = " ".join(message.params[-1] for message in client.until("CAP"))
        while "draft/metadata-3" not in offers:
            offers += " " + client.expect("CAP").params[-1]
        # "`max-keys`: The maximum number of keys a client is allowed to set on its own nickname."
        second = "before-connect,max-subs=3,max-keys=2,max-value-bytes=20"
        third = "before-connect,max-subs=3,max-keys=2,max-key-bytes=48,max-value-bytes=20"
        assert f"draft/metadata-2={second}" in offers.split()
        assert f"draft/metadata-3={third}" in offers.split()
        # "Clients MUST NOT request more than one of `metadata-notify`, `draft/metadata-2`, and `draft/metadata-3`.
        # Servers MUST NOT accept these requests either."
        assert client.run("CAP REQ :batch draft/metadata-2 draft/metadata-3")[0].params[1] == "NAK"
        assert client.run("CAP REQ :draft/metadata-2")[0].params[1] == "ACK"
        assert client.run("CAP REQ :draft/metadata-3")[0].params[1] == "NAK"
        assert client.run("CAP REQ :draft/metadata-3 -draft/metadata-2")[0].params[1] == "ACK"


def test_switched_off(serve: Serve) -> None:
    with Client(serve(Settings(metadata=Metadata(enabled=False))), "alice") as alice:
        assert alice.run("CAP REQ draft/metadata-3")[0].params[1] == "NAK"
        assert alice.commands("METADATA * LIST") == ["421"]


def test_setting_getting_and_listing(server: Target) -> None:
    with people(server, "alice", "bob", caps=CAPS) as (alice, bob):
        # "the server carries out the requested change and responds with one `761 RPL_KEYVALUE` event"
        assert comparable(alice.run("METADATA * SET display-name :Alice in chains")) == [
            ("761", "alice", "display-name", "*", "Alice in chains")
        ]
        assert comparable(alice.run("METADATA alice SET url http://example.org")) == [
            ("761", "alice", "url", "*", "http://example.org")
        ]
        # "The ordering of responses within the batch MUST match the order keys were specified by the client."
        answer = bob.run("METADATA ALICE GET url $url$ none display-name")
        assert comparable(answer) == [
            ("BATCH", "metadata", "alice"),
            ("761", "alice", "url", "*", "http://example.org"),
            ("WARN", "INVALID_KEY", "$url$"),
            ("766", "alice", "none", "Key not set"),
            ("761", "alice", "display-name", "*", "Alice in chains"),
        ]
        assert {message.tags.get("batch") for message in answer[1:-1]} == {answer[0].params[0][1:]}
        assert comparable(bob.run("METADATA alice LIST")) == [
            ("BATCH", "metadata", "alice"),
            ("761", "alice", "display-name", "*", "Alice in chains"),
            ("761", "alice", "url", "*", "http://example.org"),
        ]
        assert comparable(bob.run("METADATA * LIST")) == [("BATCH", "metadata", "bob")]


def test_removing_a_key(server: Target) -> None:
    with Client(server, "alice", caps=CAPS) as alice:
        # "If the Value parameter is omitted or is an empty string, the key is removed."
        for removal in "METADATA * SET url", "METADATA * SET url :":
            alice.run("METADATA * SET url :here")
            assert comparable(alice.run(removal)) == [("766", "alice", "url", "Key not set")]
            # "It is not an error if a client attempts to ... remove a nonexistent key"
            assert comparable(alice.run(removal)) == [("766", "alice", "url", "Key not set")]
        assert comparable(alice.run("METADATA * LIST")) == [("BATCH", "metadata", "alice")]


def test_clearing(server: Target) -> None:
    with Client(server, "alice", caps=CAPS) as alice:
        alice.run("METADATA * SET a 1", "METADATA * SET b 2")
        # "a `metadata` batch containing one `766 RPL_KEYNOTSET` message per cleared key"
        assert comparable(alice.run("METADATA * CLEAR")) == [
            ("BATCH", "metadata", "alice"),
            ("766", "alice", "a", "Key not set"),
            ("766", "alice", "b", "Key not set"),
        ]
        assert comparable(alice.run("METADATA * LIST")) == [("BATCH", "metadata", "alice")]


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        # "C: METADATA / S: FAIL METADATA INVALID_PARAMS * :Not enough parameters", and the lines after that
        ("METADATA", ("INVALID_PARAMS", "*")),
        ("METADATA *", ("INVALID_PARAMS", "*")),
        ("METADATA #chan GET", ("INVALID_PARAMS", "GET")),
        ("METADATA #chan SNEEZE", ("INVALID_PARAMS", "SNEEZE")),
        ("METADATA #chan :: hi!", ("INVALID_PARAMS", "*")),
        # "missing parameters, or excess parameters"
        ("METADATA * SET", ("INVALID_PARAMS", "SET")),
        ("METADATA * SET a b c", ("INVALID_PARAMS", "SET")),
        ("METADATA * LIST a", ("INVALID_PARAMS", "LIST")),
        ("METADATA * sub", ("INVALID_PARAMS", "sub")),
        # "If the target is not valid, the server MUST reply with `FAIL METADATA INVALID_TARGET` instead of a batch."
        ("METADATA nobody LIST", ("INVALID_TARGET", "nobody")),
        ("METADATA nobody GET a", ("INVALID_TARGET", "nobody")),
        ("METADATA $a:user SET url x", ("INVALID_TARGET", "$a:user")),
        ("METADATA #nowhere SET url x", ("INVALID_TARGET", "#nowhere")),
        ("METADATA #nowhere SYNC", ("INVALID_TARGET", "#nowhere")),
        ("METADATA nobody CLEAR", ("INVALID_TARGET", "nobody")),
        # "If the `<Target>` parameter is not an asterisk (`*`) or the client's nickname, the server MUST fail"
        ("METADATA bob SUB a", ("INVALID_TARGET", "bob")),
        ("METADATA #lobby UNSUB a", ("INVALID_TARGET", "#lobby")),
        ("METADATA bob SUBS", ("INVALID_TARGET", "bob")),
        # "Key names are restricted to the ranges `a-z`, `0-9`, and `_./-`. The empty string is an invalid value."
        ("METADATA * SET URL x", ("INVALID_KEY", "URL")),
        ("METADATA * SET a:b x", ("INVALID_KEY", "a:b")),
        ("METADATA * SET :", ("INVALID_KEY", "*")),
        ("METADATA * SET \u00e4 x", ("INVALID_KEY", "\u00e4")),
        (f"METADATA * SET {'k' * 49} x", ("INVALID_KEY", "k" * 49)),
        # "to set keys on the specified target"
        ("METADATA bob SET url x", ("KEY_NO_PERMISSION", "bob", "url")),
        ("METADATA #lobby SET url x", ("KEY_NO_PERMISSION", "#lobby", "url")),
        # "with an asterisk (`*`) in the `<Key>` field"
        ("METADATA bob CLEAR", ("KEY_NO_PERMISSION", "bob", "*")),
        # "INVALID_VALUE `<Key> :Invalid value`"
        (f"METADATA * SET a :{'v' * 257}", ("INVALID_VALUE", "a")),
        (f"METADATA * SET a :{UMLAUT * 129}", ("INVALID_VALUE", "a")),
    ],
)
def test_refusals(server: Target, line: str, answer: tuple[str, ...]) -> None:
    with people(server, "bob", "alice", caps=CAPS, channel="#lobby") as (_, alice):
        assert comparable(alice.run(line)) == [("FAIL", *answer)]


def test_the_longest_value_arrives_whole(serve: Serve) -> None:
    with Client(serve(Settings(metadata=Metadata(value_bytes=300))), "n" * 32, caps=CAPS) as client:
        client.run("JOIN #" + "c" * 63)
        for target in "*", "#" + "c" * 63:
            answer = comparable(client.run(f"METADATA {target} SET {'k' * 48} :{UMLAUT * 128}"))
            assert answer[0][-1] == UMLAUT * 128
        long = "#" + "\u00fc" * 63
        client.run(f"JOIN {long}")
        # there is no room for the longest key and the longest value of a channel with the longest name
        assert comparable(client.run(f"METADATA {long} SET {'k' * 48} :{'x' * 300}"))[0][:2] == (
            "FAIL",
            "INVALID_VALUE",
        )


def test_the_number_of_keys_is_limited(serve: Serve) -> None:
    with Client(serve(SMALL), "alice", caps=CAPS) as alice:
        alice.join("#chan")
        for target, name in ("*", "alice"), ("#chan", "#chan"):
            alice.run(f"METADATA {target} SET a 1", f"METADATA {target} SET b 2")
            # "if trying to add a new key when the maximum number of keys has already been set on the target";
            # "LIMIT_REACHED `<Command> <Item> <Limit> :Limit reached`"
            assert comparable(alice.run(f"METADATA {target} SET c 3")) == [("FAIL", "LIMIT_REACHED", "SET", name, "2")]
            assert comparable(alice.run(f"METADATA {target} SET a 3")) == [("761", name, "a", "*", "3")]


def test_too_many_changes_must_wait(serve: Serve) -> None:
    with Client(serve(Settings(metadata=Metadata(changes=2))), "alice", caps=CAPS) as alice:
        alice.run("METADATA * SET a 1", "METADATA * SET $ 1", "METADATA * CLEAR")
        # "`775` `<RetryAfter> <Target> <Command> [<Params> ...]`", "so that clients can re-send the command"
        ((numeric, seconds, *rest),) = comparable(alice.run("METADATA * SET b :two words"))
        assert (numeric, rest) == ("775", ["*", "SET", "b", "two words"])
        assert 0 < int(seconds) <= 60
        assert comparable(alice.run("METADATA * LIST")) == [("BATCH", "metadata", "alice")]


def test_subscriptions(serve: Serve) -> None:
    with Client(serve(SMALL), "alice", caps=CAPS) as alice:
        assert comparable(alice.run("METADATA * SUBS")) == [("BATCH", "metadata-subs")]
        # "the server MUST then either send a `metadata` batch with `*ALL` as its parameter"
        assert comparable(alice.run("METADATA * SUB avatar $url avatar")) == [
            ("WARN", "INVALID_KEY", "$url"),
            ("770", "avatar", "avatar"),
            ("BATCH", "metadata", "*ALL"),
        ]
        # "No `metadata` batch ... because no new keys were subscribed to."
        assert comparable(alice.run("METADATA alice SUB avatar")) == [("770", "avatar")]
        # "The `<Item>` parameter ... MUST be this first key that the client could not subscribe to", and "it MUST stop
        # processing any further keys"
        assert comparable(alice.run("METADATA * SUB b c d avatar")) == [
            ("770", "b", "c"),
            ("FAIL", "LIMIT_REACHED", "SUB", "d", "3"),
            ("BATCH", "metadata", "*ALL"),
        ]
        assert comparable(alice.run("METADATA * SUBS")) == [("BATCH", "metadata-subs"), ("772", "avatar", "b", "c")]
        # "or when the client is not subscribed to that key"
        assert comparable(alice.run("METADATA * UNSUB b never $")) == [
            ("WARN", "INVALID_KEY", "$"),
            ("771", "b", "never"),
        ]
        assert comparable(alice.run("METADATA * SUBS")) == [("BATCH", "metadata-subs"), ("772", "avatar", "c")]
        # "If a client removes this capability or the batch capability from themselves, servers MUST clear that client's
        # subscription list."
        alice.run("CAP REQ -batch", "CAP REQ batch")
        assert comparable(alice.run("METADATA * SUBS")) == [("BATCH", "metadata-subs")]


def test_long_lists_of_keys_take_several_lines(server: Target) -> None:
    with Client(server, "alice", caps=CAPS) as alice:
        keys = [f"key-{number}" for number in range(30)]
        lines = [each[1:] for each in comparable(alice.run(f"METADATA * SUB {' '.join(keys)}")) if each[0] == "770"]
        assert [len(line) for line in lines] == [12, 12, 6]
        assert [key for line in lines for key in line] == keys


def test_before_registration(server: Target) -> None:
    """ "Clients MAY use this command during connection registration if the server advertises the `before-connect`
    token." """
    with Client(server) as client:
        client.send("CAP LS 302", f"CAP REQ :{CAPS}")
        client.sync()
        assert comparable(client.run("METADATA * SUB display-name")) == [("770", "display-name")]
        assert comparable(client.run("METADATA * SET display-name :a b c")) == [
            ("761", "*", "display-name", "*", "a b c")
        ]
        client.run("METADATA * SET x y", "NICK abc")
        # "Clients that have not completed connection registration MUST use `*` to target themselves"
        assert comparable(client.run("METADATA abc LIST")) == [("FAIL", "INVALID_TARGET", "abc")]
        assert comparable(client.run("METADATA #lobby LIST")) == [("FAIL", "INVALID_TARGET", "#lobby")]
        assert comparable(client.run("METADATA * GET x")) == [("BATCH", "metadata", "*"), ("761", "*", "x", "*", "y")]
        assert comparable(client.run("METADATA * SYNC")) == [("BATCH", "metadata", "*")]
        client.send("USER abc 0 * :Abc", "CAP END")
        burst = comparable(client.until("376", "422"))
        # "as part of the registration burst, i.e. before `RPL_ENDOFMOTD` or `ERR_NOMOTD`", "irrespective of whether the
        # client has subscribed to that key"
        start = burst.index(("BATCH", "metadata", "abc"))
        assert burst[start + 1 : start + 3] == [
            ("761", "abc", "display-name", "*", "a b c"),
            ("761", "abc", "x", "*", "y"),
        ]
        assert comparable(client.run("METADATA * SUBS")) == [("BATCH", "metadata-subs"), ("772", "display-name")]
    with Client(server) as stranger:
        # also without any capability
        assert comparable(stranger.run("CAP LS 302", "METADATA * SET a b"))[-1] == ("761", "*", "a", "*", "b")


def test_who_may_change_metadata_of_a_channel(server: Target) -> None:
    with people(server, "op", "alice", caps=CAPS, channel="#chan") as (op, alice):
        assert comparable(op.run("METADATA #CHAN SET url :x")) == [("761", "#chan", "url", "*", "x")]
        op.run("MODE #chan +h alice")
        alice.sync()
        assert comparable(alice.run("METADATA #chan SET url :y")) == [("FAIL", "KEY_NO_PERMISSION", "#chan", "url")]
        op.run("MODE #chan +o alice")
        alice.sync()
        assert comparable(alice.run("METADATA #chan SET url :y")) == [("761", "#chan", "url", "*", "y")]


def test_secret_channels_stay_secret(server: Target) -> None:
    with people(server, "op", "alice", caps=CAPS) as (op, alice):
        op.join("#chan")
        op.run("METADATA #chan SET url :x", "MODE #chan +s")
        for line in "LIST", "GET url", "SYNC", "SET url y", "CLEAR":
            assert comparable(alice.run(f"METADATA #chan {line}")) == [("FAIL", "INVALID_TARGET", "#chan")]
        alice.join("#chan")
        assert ("761", "#chan", "url", "*", "x") in comparable(alice.run("METADATA #chan LIST"))


def test_denied_keys(serve: Serve) -> None:
    """ "Servers MAY respond to certain keys considered not settable by the requesting user, or otherwise disallowed by
    the server, with `FAIL METADATA KEY_NO_PERMISSION` and fail the request"."""
    settings = replace(WITH_OPERS, metadata=Metadata(denied=("avatar", "example.org/*")))
    with people(serve(settings), "alice", "root", caps=CAPS) as (alice, root):
        become_oper(root)
        root.run("JOIN #chan")
        for target, key in ("*", "avatar"), ("*", "example.org/rank"):
            (answer,) = comparable(alice.run(f"METADATA {target} SET {key} x"))
            assert answer == ("FAIL", "KEY_NO_PERMISSION", "alice", key)
        assert comparable(alice.run("METADATA * SET avatar2 x"))[0][0] == "761"
        # server operators may set them, on any target
        assert comparable(root.run("METADATA alice SET avatar y"))[0] == ("761", "alice", "avatar", "*", "y")
        assert comparable(root.run("METADATA #chan SET avatar z"))[0] == ("761", "#chan", "avatar", "*", "z")
        # and existing values may be removed
        assert comparable(alice.run("METADATA * SET avatar")) == [("766", "alice", "avatar", "Key not set")]
        with Client(alice.sock.getpeername()) as stranger:
            stranger.send("CAP LS 302", "METADATA * SET avatar x")
            assert stranger.expect("FAIL").params[1] == "KEY_NO_PERMISSION"


def test_operators_with_the_right_may_change_metadata_of_others(serve: Serve) -> None:
    with people(serve(WITH_OPERS), "root", "helper", "alice", caps=CAPS) as (root, helper, alice):
        become_oper(root)
        become_oper(helper, "helper")
        alice.run("METADATA * SET display-name :The administrator")
        assert comparable(helper.run("METADATA alice CLEAR")) == [("FAIL", "KEY_NO_PERMISSION", "alice", "*")]
        root.sync()
        assert ("766", "alice", "display-name", "Key not set") in comparable(
            root.run("METADATA alice SET display-name")
        )
        entries = [message.params[-1] for message in root.run("AUDIT METADATA")]
        assert any("root set display-name of alice to" in entry for entry in entries)


def test_metadata_of_an_account_persists(start_server: StartServer, tmp_path: Path) -> None:
    options = quick_options(tmp_path)
    options = replace(options, storage=replace(options.storage, persistent=True))
    first = start_server(Settings(), options)
    make_account(first.address, "alice")
    with device(first.address, "alice", caps=f"sasl {CAPS}") as alice:
        alice.until("376", "422")
        alice.join("#hers")
        alice.run("CHANSERV REGISTER #hers", "METADATA * SET url :x", "METADATA #hers SET url :y")
        alice.quit()
    first.stop()
    second = start_server(Settings(), options)
    with device(second.address, "alice", caps=f"sasl {CAPS}") as alice:
        assert ("761", "alice", "url", "*", "x") in comparable(alice.until("376", "422"))
        assert comparable(alice.run("METADATA #hers LIST")) == [
            ("BATCH", "metadata", "#hers"),
            ("761", "#hers", "url", "*", "y"),
        ]


def test_logging_in_and_out(server: Target) -> None:
    make_account(server, "alice")
    with device(server, "alice", caps=f"sasl {CAPS}") as alice, Client(server, "bob", caps=CAPS) as bob:
        alice.until("376", "422")
        for client in alice, bob:
            client.join("#lobby")
            client.run("METADATA * SUB url color")
        alice.run("METADATA * SET url :hers")
        assert comparable(bob.sync()) == [("761", "alice", "url", "*", "hers")]
        # after a logout the values of the account are no longer shown
        assert ("766", "alice", "url", "Key not set") in comparable(alice.run("NICKSERV LOGOUT"))
        assert comparable(bob.sync()) == [("766", "alice", "url", "Key not set")]
        alice.run("METADATA * SET color :red")
        bob.sync()
        # the values of a guest are kept at login
        log_in(alice, "alice")
        alice.until("903")
        assert ("761", "alice", "url", "*", "hers") in comparable(alice.sync())
        assert comparable(bob.sync()) == [("761", "alice", "url", "*", "hers")]
        alice.run("NICKSERV LOGOUT")
        assert comparable(alice.run("METADATA * LIST")) == [("BATCH", "metadata", "alice")]
        log_in(alice, "alice")
        alice.until("900")
        alice.sync()
        assert ("761", "alice", "color", "*", "red") in comparable(alice.run("METADATA * LIST"))


def test_labeled(server: Target) -> None:
    with Client(server, "alice", caps=f"{CAPS} labeled-response") as alice:
        (answer,) = alice.run("@label=1 METADATA * SET a b")
        assert (answer.command, answer.tags["label"]) == ("761", "1")
        # "the `metadata` batch MUST be nested within the `labeled-response` batch"
        outer, subscribed, inner, value, end, outer_end = alice.run("@label=2 METADATA * SUB a")
        assert (outer.params[1], outer.tags["label"]) == ("labeled-response", "2")
        assert subscribed.tags["batch"] == inner.tags["batch"] == end.tags["batch"] == outer.params[0][1:]
        assert inner.params[1:] == ("metadata", "*ALL")
        assert (value.command, value.tags["batch"]) == ("761", inner.params[0][1:])
        assert outer_end.params == ("-" + outer.params[0][1:],)
        batch, *_ = alice.run("@label=3 METADATA * SYNC")
        assert (batch.params[1:], batch.tags["label"]) == (("metadata", "alice"), "3")
        (fail,) = alice.run("@label=4 METADATA * SNEEZE")
        assert (fail.command, fail.tags["label"]) == ("FAIL", "4")


def test_in_whois(server: Target) -> None:
    with people(server, "alice", "bob", "carol") as (alice, bob, carol):
        alice.run("METADATA * SET display-name :Alice", "METADATA * SET avatar :http://x", "METADATA * SET status :out")
        bob.run(f"CAP REQ :{CAPS}")
        # "a subset of that metadata MAY be sent ..., optimised for keys that can be easily read by users"
        assert [each for each in comparable(bob.run("WHOIS alice")) if each[0] == "760"] == [
            ("760", "alice", "display-name", "*", "Alice"),
            ("760", "alice", "status", "*", "out"),
        ]
        assert "760" not in carol.commands("WHOIS alice")
