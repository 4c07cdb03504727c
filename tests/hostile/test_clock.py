"""The date is set back and forward, by an hour and by a year: nobody is cut, nothing is lost or lasts for ever."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from greenchat.config.options import Storage, Throttle
from greenchat.config.settings import AccountSettings
from greenchat.server.app import App
from tests.conftest import ServerThread, StartServer, quick_options
from tests.irc import Client, people
from tests.staff import STAFFED, become
from tests.storage.talk import tidy_up

_MINUTE, _HOUR, _YEAR = 60_000, 3_600_000, 365 * 86_400_000
_JUMPS = [_HOUR, -_HOUR, _YEAR, -_YEAR]

SetClock = Callable[[int], None]


@pytest.fixture
def house(start_server: StartServer, tmp_path: Path) -> ServerThread:
    """With operators, few tries at a password, and a history of an hour."""
    options = replace(
        quick_options(tmp_path),
        throttle=Throttle(commands=0, logins=2),
        storage=Storage(persistent=False, keep_days=1 / 24),
    )
    return start_server(replace(STAFFED, accounts=AccountSettings(iterations=4096)), options)


@pytest.fixture
def set_clock(house: ServerThread) -> SetClock:
    """Set the server's date, to so many ms beside the right one, and let it look."""
    real = house.app.now

    def set_to(by: int) -> None:
        def change(app: App) -> None:
            app.now = lambda: real() + by  # type: ignore[method-assign]  # the clock of this one server
            app.sweeper.sweep()

        house.call(change)

    return set_to


@pytest.mark.parametrize("by", _JUMPS)
def test_nobody_is_cut(house: ServerThread, set_clock: SetClock, by: int) -> None:
    with (
        people(house.address, "alice", "bob", channel="#talk") as (alice, bob),
        Client(house.address) as newcomer,
    ):
        newcomer.send("NICK carol")
        for jump in by, 0:
            set_clock(jump)
            set_clock(jump)
            alice.send("PRIVMSG #talk :still here")
            assert alice.sync() == []
            assert [message.command for message in bob.sync()] == ["PRIVMSG"]
        newcomer.send("USER carol 0 * :Carol")
        newcomer.until("376", "422")


@pytest.mark.parametrize("by", _JUMPS)
@pytest.mark.parametrize("back", [False, True])
def test_a_ban_lasts_as_long_as_it_was_meant_to(house: ServerThread, set_clock: SetClock, by: int, back: bool) -> None:
    """Also where the date is set right again; and so it is stored."""
    with Client(house.address, "root") as root:
        become(root).run("UBAN ADD bad!*@* 30m spam", "UBAN ADD worse!*@* spam")
        set_clock(by)
        if back:
            set_clock(0)
        for nick in "bad", "worse":
            with Client(house.address) as banned:
                banned.send(f"NICK {nick}", "USER a 0 * :a")
                assert "465" in [message.command for message in banned.until_end()]
        root.run("UBAN ADD later!*@* 30m spam")

        def left(app: App) -> list[int]:
            bans = [ban.document() for ban in app.network.bans]
            assert [app.store.documents("ban")[f"mask {ban['target']}"] for ban in bans] == bans
            return [ban["until"] - app.now() for ban in bans if ban["until"]]

        assert all(29 * _MINUTE < each <= 30 * _MINUTE for each in house.call(left))
        assert len(house.call(left)) == 2


@pytest.mark.parametrize("by", _JUMPS)
def test_who_had_to_wait_waits_no_longer(house: ServerThread, set_clock: SetClock, by: int) -> None:
    """Ten minutes at most, for who guessed passwords."""
    with Client(house.address, "alice") as alice:
        for _ in range(3):
            told = alice.run("NICKSERV IDENTIFY nobody wrong")[-1].params[-1]
        assert "Too many failed logins" in told
        set_clock(by)
        told = alice.run("NICKSERV IDENTIFY nobody wrong")[-1].params[-1]
        words = told.split()
        assert told == "That is not the password" or int(words[words.index("seconds") - 1]) <= 600


@pytest.mark.parametrize("by", _JUMPS)
def test_doors_stay_as_they_are(house: ServerThread, set_clock: SetClock, by: int) -> None:
    """Invitations hold, who may knock may knock, a nickname belongs to whom it belonged, nobody is idle for years."""
    with people(house.address, "alice", "bob", "carol") as (alice, bob, carol):
        alice.send("REGISTER * * :sesame open")
        alice.expect("REGISTER")
        alice.join("#door")
        alice.run("MODE #door +i", "INVITE bob #door")
        assert "711" in carol.commands("KNOCK #door")
        assert "712" in carol.commands("KNOCK #door")
        set_clock(by)
        assert "711" in carol.commands("KNOCK #door")
        bob.join("#door")
        alice.run("NICK other")
        assert {"433", "FAIL", "NOTICE"} & set(carol.commands("NICK alice"))
        assert house.call(lambda app: "carol" in app.network.users)
        idle = [message.params[2] for message in carol.run("WHOIS bob") if message.command == "317"]
        assert len(idle) == 1
        assert max(0, by // 1000) <= int(idle[0]) < max(0, by // 1000) + 60


def _housekeeping(app: App, now: int) -> None:
    """All of it, at once."""
    app.store._planned = 0  # it would be a minute else
    tidy_up(app.store, now)


def test_history_is_not_thrown_away_by_a_wrong_date(house: ServerThread, set_clock: SetClock) -> None:
    """What is older than an hour goes, but the hour must have passed."""
    with Client(house.address, "alice", caps="batch draft/chathistory") as alice:
        alice.join("#talk")
        alice.run("PRIVMSG #talk :remember me")

        def told() -> list[str]:
            lines = alice.run("CHATHISTORY LATEST #talk * 50")
            return [message.params[1] for message in lines if message.command == "PRIVMSG"]

        set_clock(_YEAR)
        house.call(lambda app: _housekeeping(app, app.keeper._now()))
        assert told() == ["remember me"]
        house.call(lambda app: _housekeeping(app, app.now()))
        assert told() == []
