"""RENAME. https://ircv3.net/specs/extensions/channel-rename"""

from dataclasses import replace
from pathlib import Path

import pytest

from greenchat.config.options import Storage
from greenchat.config.settings import AccountSettings, Settings
from greenchat.storage.interface import StoreError
from tests.commands.devices import device, make_account
from tests.conftest import Target, quick_options
from tests.irc import Client, people
from tests.world import World

CAP = "draft/channel-rename"


def test_with_a_reason(server: Target) -> None:
    """ ":nick!user@host RENAME #boaring #boring :Typo fix" """
    with people(server, "alice", "bob", caps=CAP, channel="#boaring") as (alice, bob):
        for answer in alice.run("RENAME #Boaring #boring :Typo fix"), bob.sync():
            (rename,) = answer
            assert (rename.nick, rename.command, rename.params) == (
                "alice",
                "RENAME",
                ("#boaring", "#boring", "Typo fix"),
            )


def test_without_a_reason(server: Target) -> None:
    """ "The server to client command MUST always include the third parameter, an empty string MAY be used" """
    with Client(server, "alice", caps=CAP) as alice:
        alice.join("#coding")
        assert alice.run("RENAME #coding #programming")[0].params == ("#coding", "#programming", "")


def test_rename_keeps_the_state_of_the_channel(server: Target) -> None:
    """ "A channel rename preserves all channel state, such as membership, mode and topic." """
    with people(server, "alice", "bob", "carol", caps=CAP) as (alice, bob, carol):
        alice.run(
            "JOIN #x,#old,#y", "TOPIC #old :topic", "MODE #old +ikb key dave", "INVITE bob #old", "INVITE carol #old"
        )
        bob.run("JOIN #old")
        alice.run("RENAME #old #new", "MODE #new -t")
        modes = alice.run("MODE #new")[0]
        assert modes.params == ("alice", "#new", "+ink", "key")
        assert alice.run("MODE #new b")[0].params[1:3] == ("#new", "dave!*@*")
        bob.sync()
        assert bob.commands("TOPIC #new", "NAMES #new", "NAMES #old") == ["332", "333", "353", "366", "366"]
        carol.sync()
        assert carol.run("INVITE")[0].params == ("carol", "#new")
        assert carol.run("JOIN #new")[0].params == ("#new",)
        assert [m.params[-1] for m in alice.run("WHOIS alice") if m.command == "319"] == ["@#x @#new @#y"]
        assert bob.run("PRIVMSG #new :hi", "PART #new")[-1].params == ("#new",)


def test_fallback(server: Target) -> None:
    """ "Send the client a PART message for the old channel name, with part message matching the rename reason";
    "Send the client a JOIN message followed by the usual messages that would be sent if the client had joined the new
    channel normally". "If a client sends a valid RENAME command without having negotiated the capability, the server
    SHOULD rename the channel, but use the fallback mechanism to report the name change to that client." """
    with people(server, "alice", "bob", channel="#foo") as (alice, bob):
        alice.run("TOPIC #foo :topic")
        bob.sync()
        for client, answer in (alice, alice.run("RENAME #foo #bar :Changing the channel name")), (bob, bob.sync()):
            assert [(m.command, *m.params) for m in answer[:3]] == [
                ("PART", "#foo", "Changing the channel name"),
                ("JOIN", "#bar"),
                ("332", client.nick, "#bar", "topic"),
            ]
            assert [m.command for m in answer[3:]] == ["333", "353", "366"]
            assert all(m.nick == client.nick for m in answer[:2])
            assert answer[4].params[3] == "@alice bob"


def test_only_the_case(server: Target) -> None:
    """ "Implementations MUST allow channels to be renamed while only changing the casing of a channel name." "This
    fallback SHOULD NOT be used if the rename only changes the case of the channel name" """
    with Client(server, "alice", caps=CAP) as alice, Client(server, "bob") as bob:
        alice.join("#foo")
        bob.join("#foo")
        alice.sync()
        assert alice.run("RENAME #foo #FOO")[0].params == ("#foo", "#FOO", "")
        assert bob.sync() == []
        assert bob.run("NAMES #foo")[0].params[2] == "#FOO"


def test_in_use(server: Target) -> None:
    """ "FAIL RENAME CHANNEL_NAME_IN_USE <old-channel> <new-channel> :The channel name is already taken" """
    with Client(server, "alice", caps=CAP) as alice:
        alice.run("JOIN #evil,#good")
        (fail,) = alice.run("RENAME #evil #GOOD")
        assert (fail.command, fail.params[:4]) == ("FAIL", ("RENAME", "CHANNEL_NAME_IN_USE", "#evil", "#GOOD"))


@pytest.mark.parametrize("name", ["%local", "#", "#a,b", "#" + "a" * 64])
def test_invalid_new_names(server: Target, name: str) -> None:
    """ "FAIL RENAME CANNOT_RENAME <old-channel> <new-channel> :The channel cannot be renamed" """
    with Client(server, "alice", caps=CAP) as alice:
        alice.join("#global")
        (fail,) = alice.run(f"RENAME #global {name}")
        assert (fail.command, fail.params[:4]) == ("FAIL", ("RENAME", "CANNOT_RENAME", "#global", name))


def test_the_lobby_is_not_renamed(server: Target) -> None:
    with Client(server, "alice", caps=CAP) as alice:
        alice.join("#lobby")
        assert alice.run("RENAME #lobby #elsewhere")[0].params[1] == "CANNOT_RENAME"


def test_privileges(server: Target) -> None:
    """ "If existing error numerics (such as ERR_CHANOPRIVSNEEDED, ERR_NOTONCHANNEL, ERR_NEEDMOREPARAMS) are more
    appropriate, they SHOULD be used instead." """
    with people(server, "alice", "bob", channel="#a") as (_, bob), Client(server, "carol") as carol:
        assert bob.commands("RENAME #a #b") == ["482"]
        assert carol.commands("RENAME #a #b") == ["442"]
        assert carol.commands("RENAME #nowhere #b") == ["403"]
        assert carol.commands("RENAME #a") == ["461"]


def test_redirection(server: Target) -> None:
    """ "server implementations MAY keep track of renames and send a FAIL JOIN CHANNEL_RENAMED message to clients
    attempting to join the old channel name"; without the capability 470 "MAY be used with descriptive free-form text to
    redirect clients from the old channel to the new channel" """
    with people(server, "alice", "bob", "carol", caps=CAP) as (alice, bob, carol), Client(server, "dave") as dave:
        alice.run("JOIN #foo", "RENAME #foo #middle", "RENAME #middle #bar")
        for old in "#foo", "#middle":
            (fail,) = bob.run(f"JOIN {old}")
            assert (fail.command, fail.params[:4]) == ("FAIL", ("JOIN", "CHANNEL_RENAMED", old, "#bar"))
        answers = dave.run("JOIN #foo")
        assert [m.command for m in answers] == ["470", "JOIN", "353", "366"]
        assert answers[0].params[:3] == ("dave", "#foo", "#bar")
        dave.run("PART #bar")
        alice.run("MODE #bar +s")
        assert carol.run("JOIN #foo")[0].params == ("#foo",)  # a secret channel does not reveal its name
        alice.run("PART #bar")
        assert bob.run("JOIN #middle")[0].params == ("#middle",)  # and a channel that has ended is not redirected to


@pytest.mark.parametrize("modes", ["", "+sik key"])
def test_the_history_of_an_empty_channel_cannot_be_overwritten(server: Target, modes: str) -> None:
    """The history continues under the old name: renaming another channel to that name would hide it from returning
    members.
    """
    with people(server, "alice", "eve", caps=f"{CAP} batch message-tags draft/chathistory") as (alice, eve):
        alice.run("JOIN #open", f"MODE #open {modes}", "PRIVMSG #open :what we agreed on", "PART #open")
        eve.join("#tmp")
        eve.send("RENAME #tmp #open")
        assert eve.expect("FAIL").params[:4] == ("RENAME", "CHANNEL_NAME_IN_USE", "#tmp", "#open")
        assert "RENAME" in eve.commands("RENAME #tmp #other")
        alice.join("#open")
        found = alice.run("CHATHISTORY LATEST #open * 9")
        assert [message.params[1] for message in found if message.command == "PRIVMSG"] == ["what we agreed on"]


@pytest.mark.parametrize("spoken", ["PRIVMSG #open :ours", "PRIVMSG @#open :ours"])
def test_a_channel_with_the_history_of_others_cannot_be_renamed_away(server: Target, spoken: str) -> None:
    """The user who creates the channel again is its operator, but has no rights over its history."""
    caps = f"{CAP} batch message-tags draft/chathistory"
    with people(server, "alice", "eve", caps=caps) as (alice, eve):
        alice.run("JOIN #open", spoken, "PART #open")
        eve.join("#open")
        (fail,) = eve.run("RENAME #open #trash")
        assert fail.params[:4] == ("RENAME", "CANNOT_RENAME", "#open", "#trash")
        assert eve.commands("RENAME #open #OPEN") == ["RENAME"], "the history stays with the channel"
        eve.run("REGISTER * * :sesame open", "CHANSERV REGISTER #open")
        assert "RENAME" in eve.commands("RENAME #open #mine"), "the founder owns the history, too"


def test_messages_to_ranks_count_as_history_of_the_channel(server: Target) -> None:
    with people(server, "alice", "eve", caps=CAP) as (alice, eve):
        alice.run("JOIN #open", "PRIVMSG @#open :ours", "PART #open")
        eve.join("#tmp")
        assert eve.run("RENAME #tmp #open")[0].params[:2] == ("RENAME", "CHANNEL_NAME_IN_USE")
        eve.run("PRIVMSG #tmp :mine", "PRIVMSG @#tmp :mine")
        assert eve.commands("RENAME #tmp #other", "RENAME #other #tmp") == ["RENAME", "RENAME"]


def test_a_name_without_history_is_free(server: Target) -> None:
    with people(server, "alice", "eve", caps=CAP) as (alice, eve):
        alice.run("JOIN #open", "PART #open")
        eve.join("#tmp")
        assert "RENAME" in eve.commands("RENAME #tmp #open")
        assert "RENAME" in eve.commands("RENAME #open #OPEN")
        assert "RENAME" in eve.commands("RENAME #OPEN #tmp")  # the history came along


CAPS = "sasl draft/read-marker"
MARK = "timestamp=2019-01-04T14:33:26.123Z"


def marks(client: Client, *lines: str) -> list[tuple[str, ...]]:
    return [message.params for message in client.run(*lines) if message.command == "MARKREAD"]


def test_read_markers_of_members_follow(tmp_path: Path) -> None:
    """ "A channel rename preserves all channel state": also over a restart, and where the name is used again."""
    settings = Settings(accounts=AccountSettings(iterations=4096))
    caps = f"{CAPS} {CAP}"
    options = replace(quick_options(tmp_path), storage=Storage(persistent=True))
    with World(settings, options) as world:
        make_account(world, "alice")
        with (
            device(world, "alice", caps=caps) as alice,
            people(world, "bob", "carol", caps="draft/read-marker") as guests,
        ):
            for client in alice, *guests:
                client.run("JOIN #old", f"MARKREAD #old {MARK}")
            alice.run("RENAME #old #middle", "CS REGISTER #middle", "RENAME #middle #new", "RENAME #new #NEW")
            assert marks(alice, "MARKREAD #new") == [("#NEW", MARK)]
            assert marks(guests[0])[-1] == ("#new", MARK), "the fallback has the usual messages of a JOIN"
    with World(settings, options) as world, device(world, "alice", caps=caps) as alice:
        assert marks(alice, "JOIN #new") == [("#NEW", MARK)]
        assert marks(alice, "JOIN #old") == [("#old", "*")]


def test_the_read_marker_of_one_who_was_absent_follows_while_the_former_name_leads_to_the_channel(
    tmp_path: Path,
) -> None:
    settings = Settings(accounts=AccountSettings(iterations=4096))
    later = MARK.replace("2019", "2020")
    with World(settings, quick_options(tmp_path)) as world, people(world, "bob", channel="#old") as (bob,):
        make_account(world, "alice")
        with device(world, "alice", caps=CAPS) as alice:
            alice.run("JOIN #old", f"MARKREAD #old {MARK}", "PART #old")
            bob.run("RENAME #old #middle")
            assert marks(alice, "JOIN #middle", f"MARKREAD #middle {later}", "PART #middle") == [
                ("#middle", MARK),
                ("#middle", later),
            ]
            alice.quit()
        bob.run("RENAME #middle #new")
        with device(world, "alice", caps=CAPS) as alice:
            assert marks(alice, "JOIN #old") == [("#new", later)]
            assert marks(alice, f"MARKREAD #new {MARK}") == [("#new", later)], "it never moves back"
            for client in alice, bob:
                client.run("PART #new")
            assert marks(alice, "JOIN #middle") == [("#middle", "*")]


def test_a_marker_that_could_not_be_read_is_not_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreadable(kind: str, key: str) -> object:
        raise StoreError("disk I/O error")

    settings = Settings(accounts=AccountSettings(iterations=4096))
    with World(settings, quick_options(tmp_path)) as world:
        make_account(world, "alice")
        with device(world, "alice", caps=CAPS) as alice:
            alice.run(f"MARKREAD bob {MARK}")
            alice.quit()
        with device(world, "alice", caps=CAPS) as alice:
            alice.sync()
            with monkeypatch.context() as broken:
                broken.setattr(world.app.store, "document", unreadable)
                assert [m.command for m in alice.run("MARKREAD bob")] == ["FAIL"]
            assert marks(alice, "MARKREAD bob") == [("bob", MARK)]


def test_always_on_members_and_guests_follow_over_a_restart(tmp_path: Path) -> None:
    settings = Settings(accounts=AccountSettings(iterations=4096, always_on="mandatory"))
    options = replace(quick_options(tmp_path), storage=Storage(persistent=True))
    with World(settings, options) as world:
        for nick in "alice", "bob", "carol":
            make_account(world, nick)
        with device(world, "bob") as bob:
            bob.run("JOIN #old")
        with device(world, "alice") as alice:
            alice.run("JOIN #old", "INVITE carol #old")
            with device(world, "bob") as bob:
                assert "#new" in [
                    message.params[0] for message in bob.run("RENAME #old #new") if message.command == "JOIN"
                ]
    with World(settings, options) as world:
        assert list(world.network.users["alice"].channels) == list(world.network.users["bob"].channels) == ["#new"]
        assert list(world.network.users["carol"].invitations) == ["#new"]
