"""RENAME. https://ircv3.net/specs/extensions/channel-rename"""

import pytest

from tests.conftest import Target
from tests.irc import Client, people

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


def test_keeps_everything(server: Target) -> None:
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
def test_no_name(server: Target, name: str) -> None:
    """ "FAIL RENAME CANNOT_RENAME <old-channel> <new-channel> :The channel cannot be renamed" """
    with Client(server, "alice", caps=CAP) as alice:
        alice.join("#global")
        (fail,) = alice.run(f"RENAME #global {name}")
        assert (fail.command, fail.params[:4]) == ("FAIL", ("RENAME", "CANNOT_RENAME", "#global", name))


def test_the_lobby(server: Target) -> None:
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
        assert carol.run("JOIN #foo")[0].params == ("#foo",)  # a secret channel does not tell its name
        alice.run("PART #bar")
        assert bob.run("JOIN #middle")[0].params == ("#middle",)  # and one that has ended is nowhere to lead to


@pytest.mark.parametrize("modes", ["", "+sik key"])
def test_nobody_takes_away_what_was_said_in_a_channel_that_is_empty_now(server: Target, modes: str) -> None:
    """Its history continues under its name: who gave that to another channel would keep it from all who come back."""
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
def test_nobody_takes_the_past_of_an_empty_channel_along(server: Target, spoken: str) -> None:
    """Whoever creates it again is its operator, but has no rights over what was said before."""
    caps = f"{CAP} batch message-tags draft/chathistory"
    with people(server, "alice", "eve", caps=caps) as (alice, eve):
        alice.run("JOIN #open", spoken, "PART #open")
        eve.join("#open")
        (fail,) = eve.run("RENAME #open #trash")
        assert fail.params[:4] == ("RENAME", "CANNOT_RENAME", "#open", "#trash")
        assert eve.commands("RENAME #open #OPEN") == ["RENAME"], "it keeps its history"
        eve.run("REGISTER * * :sesame open", "CHANSERV REGISTER #open")
        assert "RENAME" in eve.commands("RENAME #open #mine"), "it is theirs, as all of the channel is"


def test_what_was_said_to_some_ranks_is_said_in_the_channel(server: Target) -> None:
    with people(server, "alice", "eve", caps=CAP) as (alice, eve):
        alice.run("JOIN #open", "PRIVMSG @#open :ours", "PART #open")
        eve.join("#tmp")
        assert eve.run("RENAME #tmp #open")[0].params[:2] == ("RENAME", "CHANNEL_NAME_IN_USE")
        eve.run("PRIVMSG #tmp :mine", "PRIVMSG @#tmp :mine")
        assert eve.commands("RENAME #tmp #other", "RENAME #other #tmp") == ["RENAME", "RENAME"]


def test_a_name_under_which_nobody_spoke_is_free(server: Target) -> None:
    with people(server, "alice", "eve", caps=CAP) as (alice, eve):
        alice.run("JOIN #open", "PART #open")
        eve.join("#tmp")
        assert "RENAME" in eve.commands("RENAME #tmp #open")
        assert "RENAME" in eve.commands("RENAME #open #OPEN")
        assert "RENAME" in eve.commands("RENAME #OPEN #tmp")  # what was said there came along
