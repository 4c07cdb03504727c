"""Reserved names: nicks and channels that could be mistaken for the server, its services or its staff."""

from dataclasses import replace

import pytest

from greenchat.config.reserved import Reserved
from greenchat.config.settings import Settings
from tests.conftest import Serve, Target
from tests.irc import Client
from tests.opers import WITH_OPERS, become_oper


@pytest.mark.parametrize("nick", ["BotServ", "global", "Services", "ROOT", "admin", "r\u043eot", "NewServ"])
def test_a_guest_cannot_take_a_reserved_nick(server: Target, nick: str) -> None:
    with Client(server, "alice") as alice, Client(server) as newcomer:
        assert alice.commands(f"NICK {nick}")[0] in ("432", "433")
        newcomer.send(f"NICK {nick}", "USER x 0 * :x")
        assert newcomer.expect("432", "433", "001").command != "001"
        assert alice.run(f"REGISTER {nick} * :sesame open")[0].params[1] == "BAD_ACCOUNT_NAME"


@pytest.mark.parametrize("nick", ["server1", "rooter", "conserve", "observer"])
def test_longer_names_with_a_reserved_beginning_are_free(server: Target, nick: str) -> None:
    with Client(server, "alice") as alice:
        assert alice.commands(f"NICK {nick}") == ["NICK"]


def test_operators_may_use_reserved_names_and_configure_them(serve: Serve) -> None:
    address = serve(replace(WITH_OPERS, reserved=Reserved(nicks=("boss*",), channels=("#staff*",))))
    with Client(address, "alice") as alice, Client(address, "admin") as root:
        assert alice.commands("NICK bossy") == ["433"]
        assert alice.commands("JOIN #staff-room") == ["437"]
        become_oper(root)
        assert "366" in root.commands("JOIN #staff-room")
        assert root.commands("NICK bossy")[0] == "NICK"
        assert "366" in alice.commands("JOIN #staff-room")  # the channel exists now


def test_reserved_channels_by_default(server: Target) -> None:
    assert Settings().reserved.channels == ("#services", "#opers")
    with Client(server, "alice") as alice:
        assert alice.commands("JOIN #services") == ["437"]
