"""The date is set back and forward, by an hour and by a year: no client is cut, nothing is lost or lasts for ever."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from greenchat.commands.connection.ban_enforcement import shift
from greenchat.config.options import Storage, Throttle
from greenchat.config.settings import AccountSettings
from greenchat.server.app import App
from tests.conftest import ServerThread, StartServer, quick_options
from tests.irc import Client, people
from tests.opers import WITH_OPERS, become_oper
from tests.storage.events import tidy_up

_MINUTE, _HOUR, _YEAR = 60_000, 3_600_000, 365 * 86_400_000
_JUMPS = [_HOUR, -_HOUR, _YEAR, -_YEAR]

SetClock = Callable[[int], None]


@pytest.fixture
def server(start_server: StartServer, tmp_path: Path) -> ServerThread:
    """Start a server with operators, few attempts at passwords, and a history of an hour."""
    options = replace(
        quick_options(tmp_path),
        throttle=Throttle(commands=0, logins=2),
        storage=Storage(persistent=False, keep_days=1 / 24),
    )
    return start_server(replace(WITH_OPERS, accounts=AccountSettings(iterations=4096)), options)


@pytest.fixture
def set_clock(server: ServerThread) -> SetClock:
    """Set the server's date to so many ms from the right one, and let the server check it."""
    real = server.app.now

    def set_to(by: int) -> None:
        def change(app: App) -> None:
            app.now = lambda: real() + by  # type: ignore[method-assign]  # the clock of this one server
            app.upkeep.sweeper.sweep()

        server.call(change)

    return set_to


@pytest.mark.parametrize("by", _JUMPS)
def test_no_client_is_cut(server: ServerThread, set_clock: SetClock, by: int) -> None:
    with (
        people(server.address, "alice", "bob", channel="#talk") as (alice, bob),
        Client(server.address) as newcomer,
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
def test_a_ban_lasts_as_long_as_intended(server: ServerThread, set_clock: SetClock, by: int, back: bool) -> None:
    """Also when the date is corrected; and it is stored so."""
    with Client(server.address, "root") as root:
        become_oper(root).run("UBAN ADD bad!*@* 30m spam", "UBAN ADD worse!*@* spam")
        set_clock(by)
        if back:
            set_clock(0)
        for nick in "bad", "worse":
            with Client(server.address) as banned:
                banned.send(f"NICK {nick}", "USER a 0 * :a")
                assert "465" in [message.command for message in banned.until_end()]
        root.run("UBAN ADD later!*@* 30m spam")

        def left(app: App) -> list[int]:
            bans = [ban.document() for ban in app.network.protection.bans]
            assert [app.store.documents("ban")[f"mask {ban['target']}"] for ban in bans] == bans
            return [ban["until"] - app.now() for ban in bans if ban["until"]]

        # the jump is measured by two clocks of whole milliseconds
        assert all(29 * _MINUTE < each <= 30 * _MINUTE + 2 for each in server.call(left))
        assert len(server.call(left)) == 2


def test_a_ban_set_just_before_a_jump_moves_with_it(server: ServerThread) -> None:
    """Also where the jump is measured with an error."""

    def change(app: App) -> list[int]:
        real = app.now
        app.now = lambda: real() + _YEAR  # type: ignore[method-assign]  # the clock of this one server
        app.new_context().note(shift, _YEAR + 100)
        return [ban.until - app.now() for ban in app.network.protection.bans]

    with Client(server.address, "root") as root:
        become_oper(root).run("UBAN ADD bad!*@* 30m spam")
        (left,) = server.call(change)
        assert 29 * _MINUTE < left <= 30 * _MINUTE + 100


@pytest.mark.parametrize("by", _JUMPS)
def test_a_throttled_client_need_not_wait_longer(server: ServerThread, set_clock: SetClock, by: int) -> None:
    """At most ten minutes, after guessed passwords."""
    with Client(server.address, "alice") as alice:
        for _ in range(3):
            text = alice.run("NICKSERV IDENTIFY nobody wrong")[-1].params[-1]
        assert "Too many failed logins" in text
        set_clock(by)
        text = alice.run("NICKSERV IDENTIFY nobody wrong")[-1].params[-1]
        words = text.split()
        assert text == "Wrong password" or int(words[words.index("seconds") - 1]) <= 600


@pytest.mark.parametrize("by", _JUMPS)
def test_permissions_do_not_change(server: ServerThread, set_clock: SetClock, by: int) -> None:
    """Invitations stay valid, KNOCK works, a reserved nick stays reserved, no user is idle for years."""
    with people(server.address, "alice", "bob", "carol") as (alice, bob, carol):
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
        assert server.call(lambda app: "carol" in app.network.users)
        idle = [message.params[2] for message in carol.run("WHOIS bob") if message.command == "317"]
        assert len(idle) == 1
        assert max(0, by // 1000) <= int(idle[0]) < max(0, by // 1000) + 60


def _housekeeping(app: App, now: int) -> None:
    """Run all of the housekeeping at once."""
    app.store._housekeeping._trimming._planned_at = 0  # otherwise it would wait a minute
    tidy_up(app.store, now)


def test_a_wrong_date_deletes_no_history(server: ServerThread, set_clock: SetClock) -> None:
    """Messages older than an hour are deleted, but the hour must really have passed."""
    with Client(server.address, "alice", caps="batch draft/chathistory") as alice:
        alice.join("#talk")
        alice.run("PRIVMSG #talk :remember me")

        def history() -> list[str]:
            lines = alice.run("CHATHISTORY LATEST #talk * 50")
            return [message.params[1] for message in lines if message.command == "PRIVMSG"]

        set_clock(_YEAR)
        server.call(lambda app: _housekeeping(app, app.keeper.now()))
        assert history() == ["remember me"]
        server.call(lambda app: _housekeeping(app, app.now()))
        assert history() == []


_LONG, _BUY = f"PRIVMSG #slow :{'x' * 400}", "PRIVMSG #slow :BUY BUY BUY BUY BUY"
_SET = "METADATA * SET url {}"
# Commands that are refused for a while: what alice does before, what bob does (`|` between lines, {} counts them), and
# the line that is refused then.
_WAITS = {
    "joins of a channel": ("MODE #slow +j 1:30", "JOIN #slow|PART #slow", "JOIN #slow"),
    "lines in a channel": ("MODE #slow +W 1:30", "JOIN #slow|PRIVMSG #slow :a", "PRIVMSG #slow :b"),
    "first words": ("MODE #slow +d 30", "JOIN #slow", "PRIVMSG #slow :a"),
    "bytes": ("TOPIC #slow", "JOIN #slow" + f"|{_LONG}" * 60, _LONG),
    "reports": ("TOPIC #slow", "REPORT alice bad" + "|REPORT alice bad" * 9, "REPORT alice bad"),
    "invitations": ("TOPIC #slow", "JOIN #tea|INVITE alice #tea", "INVITE alice #tea"),
    "metadata": ("TOPIC #slow", _SET + f"|{_SET}" * 40, _SET),
    "spam": ("MODE #slow -n+G", "JOIN #slow" + f"|{_BUY}" * 9, "PRIVMSG #slow :c"),
}
_REFUSALS = {"404", "437", "263", "FAIL"}
_PASSED = _HOUR + _MINUTE


@pytest.fixture
def strict(start_server: StartServer, tmp_path: Path) -> ServerThread:
    """Return settings whose throttle delays nobody but counts bytes."""
    throttle = Throttle(commands=1000, burst=10_000, newcomer_burst=10_000, stored_per_connection=16)
    return start_server(WITH_OPERS, replace(quick_options(tmp_path), throttle=throttle))


@pytest.mark.parametrize("by", [-2 * _HOUR, -_YEAR])
@pytest.mark.parametrize(("before", "does", "line"), _WAITS.values(), ids=_WAITS)
def test_a_clock_set_back_does_not_extend_a_wait(
    strict: ServerThread, by: int, before: str, does: str, line: str
) -> None:
    """The wait ends after the intended hour, although the clock shows none of it."""
    with people(strict.address, "alice", "bob", caps="message-tags batch draft/metadata-2") as (alice, bob):
        alice.run("JOIN #slow", before)
        bob.run(*[each.format(number) for number, each in enumerate(does.split("|"))])
        assert _REFUSALS & set(bob.commands(line.format("x"))), "the command was never refused"
        real, steady = strict.app.now, strict.app.clock._steady

        def set_back(app: App) -> None:
            app.now = lambda: real() + by + _PASSED  # type: ignore[method-assign]  # the clock of this one server
            app.clock._steady = lambda: steady() + _PASSED
            app.upkeep.sweeper.sweep()

        strict.call(set_back)
        assert not _REFUSALS & set(bob.commands(line.format("y")))


@pytest.mark.parametrize("by", _JUMPS)
def test_a_lost_user_is_waited_for_as_long_as_before(server: ServerThread, set_clock: SetClock, by: int) -> None:
    with Client(server.address, "alice", caps="greenchat/resume") as alice:
        alice.sync()
    deadline = 20
    with Client(server.address, "bob") as bob:
        while not server.call(lambda app: len(app.network.lost_users)):
            assert deadline, "no lost user is kept"
            deadline -= 1
            bob.sync()
        set_clock(by)
        left = server.call(
            lambda app: [app.network.lost_users.until(user) - app.now() for user in app.network.lost_users]
        )
        assert len(left) == 1
        assert 50_000 < left[0] <= 60_000
