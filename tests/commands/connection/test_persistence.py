"""PERSISTENCE and whoami; sentences in quotes are from https://ircv3.net/specs/extensions/whoami and
https://github.com/ircv3/ircv3-specifications/pull/503."""

from tests.commands.devices import device, make_account
from tests.conftest import Target
from tests.irc import Client


def test_whoami(server: Target) -> None:
    """ "the server MUST send a `SETNAME` line as part of the registration burst, between the final `005 RPL_ISUPPORT`
    and the beginning of the `LUSERS` numerics"."""
    with Client(server) as alice:
        alice.send("CAP REQ :draft/whoami chghost", "NICK alice", "USER al 0 * :Alice L", "CAP END")
        burst = alice.until("376", "422")
        commands = [message.command for message in burst]
        place = commands.index("SETNAME")
        assert (commands[place - 1], commands[place + 1]) == ("005", "251")
        assert (burst[place].source, burst[place].params) == ("alice!~al@127.0.0.1", ("Alice L",))


def test_no_setname_without_the_capability(server: Target) -> None:
    with Client(server) as alice:
        alice.send("CAP REQ :setname chghost", "NICK alice", "USER al 0 * :Alice L", "CAP END")
        assert "SETNAME" not in [message.command for message in alice.until("376", "422")]


def test_an_account_is_required(server: Target) -> None:
    """ "Unauthenticated clients attempting to issue `GET` or `SET` MUST receive: FAIL PERSISTENCE ACCOUNT_REQUIRED"."""
    with Client(server, "alice", caps="draft/persistence") as alice:
        for line in "PERSISTENCE GET", "PERSISTENCE SET ON":
            (refusal,) = alice.run(line)
            assert refusal.params[:2] == ("PERSISTENCE", "ACCOUNT_REQUIRED")
        assert alice.run("PERSISTENCE FUTURE") == []  # "Implementations SHOULD ignore unrecognized subcommands"


def test_persistence_get_and_set(server: Target) -> None:
    """ "the server replies with a `PERSISTENCE STATUS` command": "<client-setting> <effective-setting>"."""
    make_account(server, "alice")
    with device(server, "alice", caps="sasl draft/persistence") as alice:
        burst = [message for message in alice.until("376", "422") if message.command in ("PERSISTENCE", "375")]
        # "after the last `005` numeric but before either `376 RPL_ENDOFMOTD` or `422 ERR_NOMOTD`"
        assert burst[0].params == ("STATUS", "DEFAULT", "OFF")
        with device(server, "alice", caps="sasl draft/persistence") as other:
            other.until("376", "422")
            assert [message.params for message in alice.run("PERSISTENCE SET ON")] == [("STATUS", "ON", "ON")]
            assert other.expect("PERSISTENCE").params == ("STATUS", "ON", "ON")
        assert [message.params for message in alice.run("PERSISTENCE GET")] == [("STATUS", "ON", "ON")]
        (refusal,) = alice.run("PERSISTENCE SET PERHAPS")
        assert refusal.params[:2] == ("PERSISTENCE", "INVALID_PARAMETERS")
        assert [message.params for message in alice.run("PERSISTENCE SET OFF")] == [("STATUS", "OFF", "OFF")]
