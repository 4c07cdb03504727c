"""MODE of a channel: bans and exceptions. https://modern.ircdocs.horse/#ban-channel-mode"""

from time import time

import pytest

from greenchat.config.settings import Limits, Settings
from tests.commands.state_changes import log_in
from tests.conftest import Serve, Target
from tests.irc import Client, people
from tests.world import World

NUMERICS = [("b", "367", "368"), ("e", "348", "349"), ("I", "346", "347")]


@pytest.mark.parametrize(("letter", "entry", "end"), NUMERICS)
def test_lists_are_shown(server: Target, letter: str, entry: str, end: str) -> None:
    """ "If a type A mode has been sent without an argument, the contents of the list MUST be sent to the user". "Ban
    lists are returned with zero or more RPL_BANLIST numerics, followed by one RPL_ENDOFBANLIST numeric", and so are the
    others. RPL_BANLIST: "<client> <channel> <mask> [<who> <set-ts>]" """
    with Client(server, "alice") as alice:
        alice.join("#a")
        assert [(m.command, m.params[:2]) for m in alice.run(f"MODE #a {letter}")] == [(end, ("alice", "#a"))]
        alice.run(f"MODE #a +{letter} bob", f"MODE #a +{letter} *!*@192.0.2.*")
        for asked in letter, "+" + letter, "-" + letter, letter * 3:
            one, two, last = alice.run(f"MODE #a {asked}")
            assert (one.command, one.params[:4]) == (entry, ("alice", "#a", "bob!*@*", "alice!~alice@127.0.0.1"))
            assert (two.command, two.params[2]) == (entry, "*!*@192.0.2.*")
            assert abs(int(one.params[4]) - time()) < 60  # "<set-ts> is the UNIX timestamp of when the ban was set"
            assert last.command == end


def test_who_may_see_them(server: Target) -> None:
    """ "Servers MAY choose to restrict the above information to channel operators, or to only those clients who have
    permissions to change the given list." """
    with people(server, "alice", "bob", channel="#a") as (alice, bob), Client(server, "carol") as carol:
        alice.run("MODE #a +beI x y z")
        bob.sync()
        for client in bob, carol:
            assert client.commands("MODE #a b") == ["367", "368"]
            assert client.commands("MODE #a e", "MODE #a I") == ["482", "482"]
        alice.run("MODE #a +s")
        assert carol.commands("MODE #a b") == ["403"]  # see test_secret.py


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("bob", "bob!*@*"),
        ("bob!x", "bob!x@*"),
        ("x@y", "*!x@y"),
        ("@y", "*!*@y"),
        ("*!*@*", "*!*@*"),
        ("m:bob", "m:bob!*@*"),
        ("~m:x@y", "~m:*!x@y"),
        ("a:account", "a:account"),
        ("m:~a:*", "m:~a:*"),
        ("\u044f", "\u044f!*@*"),
    ],
)
def test_masks_are_completed(server: Target, given: str, stored: str) -> None:
    """ "each of these values should be a client mask": missing parts become `*`."""
    with Client(server, "alice") as alice:
        alice.join("#a")
        assert alice.run(f"MODE #a +b {given}")[0].params == ("#a", "+b", stored)
        assert alice.run(f"MODE #a -b {given}")[0].params == ("#a", "-b", stored)


@pytest.mark.parametrize("mask", ["a:", "m:", "~a:", "m:~m:", "x" * 200, ":x", "a b"])
def test_no_masks(server: Target, mask: str) -> None:
    """ERR_INVALIDMODEPARAM: "Indicates that there was a problem with a mode parameter." """
    with Client(server, "alice") as alice:
        alice.join("#a")
        (refusal,) = alice.run(f"MODE #a +b :{mask}")
        assert (refusal.command, refusal.params[1:3]) == ("696", ("#a", "b"))
        assert alice.commands("MODE #a b") == ["368"]


@pytest.mark.parametrize(
    "mask", ["x:foo", "~x:foo", "$a:foo", "account:foo", "m:x:foo", "j:#b", "~q:nick!*@*", "2001:db8::1", "2001:db8::*"]
)
def test_invalid_extbans_and_masks_are_refused(server: Target, mask: str) -> None:
    """EXTBAN (https://modern.ircdocs.horse/#extban-parameter) says which letters there are; an unknown letter, or an
    address in the place of the nickname, would be a ban that matches nobody though its setter relies on it.
    """
    with Client(server, "alice") as alice:
        alice.join("#a")
        (refusal,) = alice.run(f"MODE #a +b {mask}")
        assert (refusal.command, refusal.params[1:3]) == ("696", ("#a", "b"))
        assert "a:account or m:mask" in refusal.params[-1]
        assert alice.commands(f"MODE #a -b {mask}", "MODE #a b") == ["368"]
        for good in "*!*@2001:db8::1", "a:b:c", "m:a:x", "~a:x":
            assert alice.commands(f"MODE #a +b {good}") == ["MODE"]


def test_a_mask_is_listed_once(server: Target) -> None:
    with Client(server, "alice") as alice:
        alice.run("JOIN #a", "MODE #a +b Bob!*@*")
        assert alice.run("MODE #a +b bob") == []
        assert alice.run("MODE #a -b carol") == []
        assert alice.run("MODE #a -b BOB")[0].params == ("#a", "-b", "Bob!*@*")


def test_full_list(serve: Serve) -> None:
    """MAXLIST: "the maximum number of entries that all of the modes in <modes>, combined, may set on a channel". RFC
    2812, ERR_BANLISTFULL: "<channel> <char> :Channel list is full" """
    with Client(serve(Settings(limits=Limits(list_entries=3))), "alice") as alice:
        alice.join("#a")
        mode, full = sorted(alice.run("MODE #a +beIbi v w x y"), key=lambda message: message.command, reverse=True)
        assert mode.params == ("#a", "+beIi", "v!*@*", "w!*@*", "x!*@*")
        assert (full.command, full.params[:3]) == ("478", ("alice", "#a", "b"))
        assert alice.run("MODE #a -e+b w y")[0].params == ("#a", "-e+b", "w!*@*", "y!*@*")


def test_isupport(server: Target) -> None:
    """EXTBAN: "If <prefix> does not exist then the server does not require a prefix for extbans". account-extban: "the
    value of the ACCOUNTEXTBAN token MUST appear in the value of the EXTBAN token"."""
    with Client(server) as alice:
        alice.send("NICK alice", "USER a 0 * :a")
        tokens = {token for m in alice.until("422", "376") if m.command == "005" for token in m.params[1:-1]}
    assert {"EXTBAN=,am", "ACCOUNTEXTBAN=a", "EXCEPTS=e", "INVEX=I", "MAXLIST=beI:100", "FORWARD=f"} <= tokens
    assert {"PREFIX=(qaohv)~&@%+", "STATUSMSG=~&@%+", "CHANMODES=beI,k,Wdfjl,CGHKMORTUcimnpstuz", "KNOCK"} <= tokens
    assert {"ELIST=CMNTU", "MODES=20", "KEYLEN=32", "CHANNELLEN=64"} <= tokens


@pytest.mark.parametrize("letter", ["b", "e", "I"])
def test_masks_of_accounts_work_in_every_list(running_server: World, letter: str) -> None:
    """https://ircv3.net/specs/extensions/account-extban, in all modes with masks."""
    with people(running_server.address, "alice", "bob", "carol") as (alice, bob, carol):
        log_in(running_server, "bob", "bobby")
        alice.join("#a")
        alice.run({"b": "MODE #a +b a:bobby", "e": "MODE #a +be *!*@* a:bobby", "I": "MODE #a +iI a:bobby"}[letter])
        bobs, carols = bob.commands("JOIN #a"), carol.commands("JOIN #a")
        if letter == "b":
            assert bobs == ["474"]
            assert "366" in carols
        else:
            assert "366" in bobs
            assert carols in (["474"], ["473"])
        alice.run("MODE #a -i+b m:a:bobby")
