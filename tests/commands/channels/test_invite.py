"""INVITE and KNOCK. https://modern.ircdocs.horse/#invite-message"""

from dataclasses import replace
from pathlib import Path

import pytest

from greenchat.config.options import Storage
from greenchat.config.settings import AccountSettings, Settings
from greenchat.server.app import App
from tests.commands.devices import device, make_account
from tests.conftest import StartServer, Target, quick_options
from tests.irc import Client, people
from tests.world import World


def test_success(server: Target) -> None:
    """ "When the invite is successful, the server MUST send a RPL_INVITING numeric to the command issuer, and an INVITE
    message, with the issuer as <source>, to the target user. Other channel members SHOULD NOT be notified." """
    with people(server, "alice", "carol", channel="#a") as (alice, carol), Client(server, "bob") as bob:
        (inviting,) = alice.run("INVITE BOB #A")
        assert (inviting.command, inviting.params) == ("341", ("alice", "bob", "#a"))
        (invite,) = bob.sync()
        assert (invite.source, invite.command, invite.params) == ("alice!~alice@127.0.0.1", "INVITE", ("bob", "#a"))
        assert carol.sync() == []


def test_invite_notify(server: Target) -> None:
    """https://ircv3.net/specs/extensions/invite-notify: ":<inviter> INVITE <target> <channel>"."""
    with (
        people(server, "alice", "carol", caps="invite-notify", channel="#a") as (alice, carol),
        people(server, "bob", "dave", caps="invite-notify") as (bob, dave),
    ):
        assert [message.command for message in alice.run("INVITE bob #a")] == ["341"]
        for client in bob, carol:
            (invite,) = client.sync()
            assert (invite.nick, invite.command, invite.params) == ("alice", "INVITE", ("bob", "#a"))
        assert dave.sync() == []


def test_refusals_of_invite(server: Target) -> None:
    with people(server, "alice", "bob", "carol") as (alice, bob, carol):
        alice.join("#a")
        carol.join("#a")
        alice.sync()
        assert alice.commands("INVITE bob") == ["461"]
        assert alice.commands("INVITE nobody #a") == ["401"]
        # "The target channel SHOULD exist ... Otherwise, the server SHOULD reject the command with ERR_NOSUCHCHANNEL"
        assert alice.commands("INVITE bob #nowhere") == ["403"]
        # "Only members of the channel are allowed to invite other users. Otherwise, ... ERR_NOTONCHANNEL"
        assert bob.commands("INVITE carol #a") == ["442"]
        # "If the user is already on the target channel, the server MUST reject the command with ERR_USERONCHANNEL"
        (refusal,) = alice.run("INVITE carol #a")
        assert (refusal.command, refusal.params[:3]) == ("443", ("alice", "carol", "#a"))
        # "they SHOULD reject it when the channel has invite-only mode set, and the user is not a channel operator"
        alice.run("MODE #a +i")
        carol.sync()
        assert carol.commands("INVITE bob #a") == ["482"]
        assert bob.sync() == []


@pytest.mark.parametrize("modes", ["+i", "+l 1", "+k key", "+b *!*@*", "+R"])
def test_an_invitation_is_used_up_by_one_join(server: Target, modes: str) -> None:
    with people(server, "alice", "bob") as (alice, bob):
        alice.run("JOIN #a", f"MODE #a {modes}", "INVITE bob #a")
        bob.sync()
        assert bob.run("JOIN #a")[0].command == "JOIN"
        bob.run("PART #a")
        assert bob.run("JOIN #a")[0].command in ("471", "473", "474", "475", "477")


@pytest.mark.parametrize(
    ("ban", "joins"),
    [
        ("MODE #a +b bob!*@*", False),
        ("MODE #a +bb x!*@* *!*@127.*", False),
        ("TBAN #a 60 bob!*@*", False),
        ("CS BAN #a bob!*@* 60", False),
        ("MODE #a +b x!*@*", True),
        ("MODE #a +b m:bob!*@*", True),
        ("MODE #a +eb bob!*@* bob!*@*", True),
    ],
)
def test_an_invitation_ends_with_a_later_ban(server: Target, ban: str, joins: bool) -> None:
    """RFC 2811, 4.3.1: "A user who is banned from a channel and who carries an invitation sent by a channel operator is
    allowed to join the channel": a user who is invited after the ban.
    """
    make_account(server, "alice")
    with device(server, "alice") as alice, Client(server, "bob") as bob:
        alice.run("JOIN #a", "CS REGISTER #a", "MODE #a +i", "INVITE bob #a", ban)
        bob.sync()
        assert [message.params[1] for message in bob.run("INVITE")[:-1]] == ["#a"] * joins
        assert ("366" in bob.commands("JOIN #a")) is joins
        if not joins:
            assert "341" in alice.commands("INVITE bob #a")
            bob.sync()
            assert "366" in bob.commands("JOIN #a")


def test_list(server: Target) -> None:
    """ "Servers MAY allow the INVITE with no parameter, and reply with a list of channels the sender is invited to as
    RPL_INVITELIST (336) numerics, ending with a RPL_ENDOFINVITELIST (337) numeric." """
    with people(server, "alice", "bob") as (alice, bob):
        alice.run("JOIN #a,#b,#c,#d", "INVITE bob #a", "INVITE bob #b", "INVITE bob #c", "INVITE bob #d", "PART #c")
        bob.run("JOIN #a")
        *entries, end = bob.run("INVITE")
        assert [(m.command, m.params) for m in entries] == [("336", ("bob", "#b")), ("336", ("bob", "#d"))]
        assert (end.command, end.params) == ("337", ("bob", "End of /INVITE list"))


def test_an_invitation_ends_with_the_channel(server: Target) -> None:
    with people(server, "alice", "bob", "carol") as (alice, bob, carol):
        alice.run("JOIN #a", "INVITE bob #a", "PART #a")
        carol.run("JOIN #a", "MODE #a +i")
        bob.sync()
        assert bob.commands("JOIN #a") == ["473"]


def test_inviting_an_away_user(server: Target) -> None:
    with people(server, "alice", "bob") as (alice, bob):
        bob.run("AWAY :lunch")
        alice.join("#a")
        assert [(m.command, m.params) for m in alice.run("INVITE bob #a")] == [
            ("341", ("alice", "bob", "#a")),
            ("301", ("alice", "bob", "lunch")),
        ]


# KNOCK: the numerics 710 to 714 are the same in Solanum and InspIRCd


def test_knock(server: Target) -> None:
    with people(server, "alice", "carol", channel="#a") as (alice, carol), Client(server, "bob") as bob:
        alice.run("MODE #a +i")
        carol.sync()
        (delivered,) = bob.run("KNOCK #A :please")
        assert (delivered.command, delivered.params[:2]) == ("711", ("bob", "#a"))
        (knock,) = alice.sync()
        assert (knock.command, knock.params) == (
            "710",
            ("#a", "#a", "bob!~bob@127.0.0.1", "has asked for an invite: please"),
        )
        assert carol.sync() == []


@pytest.mark.parametrize(
    ("modes", "numeric"),
    [("+k key", "711"), ("+l 1", "711"), ("+l 5", "713"), ("+n", "713"), ("+iK", "480"), ("+ib bob", "404")],
)
def test_only_locked_channels_take_a_knock(server: Target, modes: str, numeric: str) -> None:
    with people(server, "alice", "bob") as (alice, bob):
        alice.run("JOIN #a", f"MODE #a {modes}")
        (answer,) = bob.run("KNOCK #a")
        assert (answer.command, answer.params[1]) == (numeric, "#a")


def test_knock_refusals(server: Target) -> None:
    with people(server, "alice", "bob") as (alice, bob):
        alice.run("JOIN #a")
        assert bob.commands("KNOCK") == ["461"]
        assert bob.commands("KNOCK #nowhere") == ["403"]
        assert alice.commands("KNOCK #a") == ["714"]


def test_too_many_knocks(running_server: World) -> None:
    """One a minute from each user, and one a minute for each channel."""
    with people(running_server.address, "alice", "bob", "carol") as (alice, bob, carol):
        alice.run("JOIN #a,#b", "MODE #a +i", "MODE #b +i")
        assert bob.commands("KNOCK #a") == ["711"]
        assert bob.run("KNOCK #b")[0].params[1:] == ("#b", "Too many KNOCKs (user).")
        assert carol.run("KNOCK #a")[0].params[1:] == ("#a", "Too many KNOCKs (channel).")

        def a_minute_later(app: App) -> None:
            app.network.users["bob"].knocked -= 60_000

        running_server.call(a_minute_later)
        assert bob.commands("KNOCK #b") == ["711"]


def test_knock_works_after_the_clock_was_set_back(running_server: World) -> None:
    with people(running_server.address, "alice", "bob") as (alice, bob):
        alice.run("JOIN #a", "MODE #a +i")
        assert bob.commands("KNOCK #a") == ["711"]

        def set_back(app: App) -> None:
            app.network.users["bob"].knocked += 3_600_000
            app.network.channels["#a"].knocked += 3_600_000

        running_server.call(set_back)
        assert bob.commands("KNOCK #a") == ["711"]


def test_inviting_a_member(server: Target) -> None:
    """ "If the user is already on the target channel, the server MUST reject the command with the ERR_USERONCHANNEL
    numeric", also where "they SHOULD reject it when the channel has invite-only mode set, and the user is not a channel
    operator" with another."""
    with people(server, "alice", "bob", channel="#a") as (alice, bob):
        alice.run("MODE #a +i")
        bob.sync()
        assert bob.commands("INVITE alice #a") == ["443"]
        assert bob.commands("INVITE nobody #a") == ["401"]


def test_repeated_invitations_are_not_sent_again(server: Target) -> None:
    with people(server, "alice", "bob") as (alice, bob):
        alice.join("#a")
        assert [alice.commands("INVITE bob #a") for _ in range(3)] == [["341"], ["263"], ["263"]]
        assert [message.command for message in bob.sync()] == ["INVITE"]
        bob.run("JOIN #a", "PART #a")
        alice.sync()
        assert alice.commands("INVITE bob #a") == ["341"]  # the invitation was used


def test_invitations_are_limited(server: Target) -> None:
    with people(server, "alice", "bob") as (alice, bob):
        answers = []
        for number in range(12):
            alice.join(f"#room{number}")
            answers += alice.commands(f"INVITE bob #room{number}")
        assert answers == ["341"] * 10 + ["263"] * 2
        assert len(bob.sync()) == 10


@pytest.mark.parametrize("restart", [False, True])
def test_an_invitation_of_an_always_on_user_survives(start_server: StartServer, tmp_path: Path, restart: bool) -> None:
    options = replace(quick_options(tmp_path), storage=Storage(persistent=True))
    server = start_server(Settings(accounts=AccountSettings(iterations=4096, always_on="mandatory")), options)
    make_account(server.address, "zoe")  # an always-on user
    make_account(server.address, "yan")
    with device(server.address, "yan") as yan:
        yan.until("376", "422")
        yan.join("#a")
        assert "341" in yan.commands("INVITE zoe #a")
    if restart:
        server.stop()
        server = start_server(Settings(accounts=AccountSettings(iterations=4096, always_on="mandatory")), options)
    with device(server.address, "zoe", caps="sasl draft/chathistory server-time") as zoe:
        (invitation,) = [message for message in zoe.sync() if message.command == "INVITE"]
        assert (invitation.nick, invitation.params) == ("yan", ("zoe", "#a"))
        assert "366" in zoe.commands("JOIN #a")


def test_a_withdrawn_invitation_of_an_always_on_user_does_not_come_back(
    start_server: StartServer, tmp_path: Path
) -> None:
    """Neither that of a user who was banned, nor that to a channel that has ended and was created again."""
    options = replace(quick_options(tmp_path), storage=Storage(persistent=True))
    settings = Settings(accounts=AccountSettings(iterations=4096, always_on="mandatory"))
    server = start_server(settings, options)
    for nick in "zoe", "yan":
        make_account(server.address, nick)
    with device(server.address, "yan") as yan:
        yan.until("376", "422")
        yan.run("JOIN #a,#b", "INVITE zoe #a", "INVITE zoe #b", "MODE #a +b zoe!*@*", "PART #b", "JOIN #b")
    server.stop()
    server = start_server(settings, options)
    with device(server.address, "zoe") as zoe:
        zoe.until("376", "422")
        assert zoe.commands("INVITE") == ["337"]


@pytest.mark.parametrize("modes", ["+i", "+k key", "+l 1", "+b *!*@*", "+R", "+ikb key *!*@*"])
def test_founders_and_ranks_of_the_access_list_bypass_locks(server: Target, modes: str) -> None:
    """Ergo's rule: founders, and accounts with half-operator or more on the access list, bypass locks."""
    for nick in "zoe", "olga", "vera":
        make_account(server, nick)
    with device(server, "zoe") as zoe, device(server, "olga") as olga, device(server, "vera") as vera:
        for client in zoe, olga, vera:
            client.until("376", "422")
        zoe.run(
            "JOIN #a", "CS REGISTER #a", "CS AMODE #a +h olga", "CS AMODE #a +v vera", f"MODE #a {modes}", "PART #a"
        )
        assert ("366" in vera.commands("JOIN #a")) is (modes in ("+R", "+l 1"))
        vera.run("PART #a")
        for client in zoe, olga:
            assert "366" in client.commands("JOIN #a")


def test_a_knock_without_recipients_is_not_confirmed(server: Target) -> None:
    with people(server, "alice", channel="#a") as (alice,), Client(server, "bob") as bob:
        alice.run("MODE #a +i-o alice")
        (answer,) = bob.run("KNOCK #a")
        assert (answer.command, answer.params[1:]) == ("480", ("#a", "Nobody in the channel can invite you"))


@pytest.mark.parametrize("mode", ["+g", "+R"])
def test_a_user_who_blocks_strangers_sees_a_knock_without_its_text(server: Target, mode: str) -> None:
    with people(server, "alice", "carol", channel="#a") as (alice, carol), Client(server, "bob") as bob:
        alice.run("MODE #a +io carol", f"MODE alice {mode}")
        for client in alice, carol:
            client.sync()
        assert bob.commands("KNOCK #a :buy this") == ["711"]
        ((shortened,), (complete,)) = alice.sync(), carol.sync()
        assert (shortened.command, shortened.params[-1]) == ("710", "has asked for an invite.")
        assert (complete.command, complete.params[-1]) == ("710", "has asked for an invite: buy this")
