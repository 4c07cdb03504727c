"""What operators do is kept in one place, and they can read it."""

from pathlib import Path

import pytest

from tests.conftest import ServerThread, StartServer, quick_options
from tests.irc import Client, people
from tests.staff import STAFFED, become


@pytest.fixture
def house(start_server: StartServer, tmp_path: Path) -> ServerThread:
    return start_server(STAFFED, quick_options(tmp_path))


def entries(client: Client, line: str) -> list[str]:
    """Without the time, and without the count at the end."""
    found = [m.params[1] for m in client.run(line) if m.command == "NOTICE" and not m.params[1].startswith("***")]
    assert found.pop() == f"{len(found)} entr{'y' if len(found) == 1 else 'ies'}"
    return [entry.split(" ", 1)[1] for entry in found]


def test_only_with_the_right(house: ServerThread) -> None:
    with Client(house.address, "alice") as alice:
        assert alice.commands("AUDIT") == ["481"]
        become(alice, "helper")
        assert alice.commands("AUDIT") == ["723"]


@pytest.mark.parametrize(
    ("line", "action", "text"),
    [
        ("SAMODE #a +m", "SAMODE", "root used SAMODE: #a +m"),
        ("SAJOIN bob #b", "SAJOIN", "root put bob into #b"),
        ("SAPART bob #a", "SAPART", "root made bob leave #a"),
        ("REMOVE bob #a", "REMOVE", "root removed bob from #a"),
        ("SANICK bob robert", "SANICK", "root changed the nickname of bob to robert"),
        ("KILL bob :go \x02away\x02", "KILL", "root killed bob!~bob@127.0.0.1 (go ?away?)"),
        ("WALLOPS :hear ye", "WALLOPS", "root wrote to all who listen: hear ye"),
        ("UBAN ADD 192.0.2.1 1h spam", "UBAN", "root banned 192.0.2.1 for 1h: spam"),
        ("KLINE x@y spam", "UBAN", "root banned *!x@y for ever: spam"),
        ("DEFCON 4", "DEFCON", "root set DEFCON 4: nobody can register an account"),
        ("OPER nobody secret", "OPER", "root!~root@127.0.0.1 failed to become operator of an unknown name"),
        (
            "REHASH",
            "REHASH",
            "root tried to reload the configuration; nothing has changed: "
            "the server was started without a configuration",
        ),
    ],
)
def test_every_action_is_kept(house: ServerThread, line: str, action: str, text: str) -> None:
    with become(Client(house.address, "root")) as root, people(house.address, "alice", "bob", channel="#a"):
        root.run(line)
        who = "the server" if action == "REHASH" else "root!~root@127.0.0.1 (root)"
        assert entries(root, "AUDIT 1") == [f"{action} {who}: {text}"]


def test_accounts_for_others_are_kept_without_the_password(house: ServerThread, tmp_path: Path) -> None:
    with become(Client(house.address, "root")) as root:
        root.send("NS SAREGISTER carol sesame-open")
        while root.expect("NOTICE").params[1] != "carol is an account now":
            pass
        assert entries(root, "AUDIT 1 saregister") == [
            "SAREGISTER root!~root@127.0.0.1 (root): root made the account carol"
        ]
        assert entries(root, "AUDIT sesame") == []


def test_reading_narrows_by_count_and_text(house: ServerThread) -> None:
    with become(Client(house.address, "root")) as root:
        for number in range(30):
            root.run(f"UBAN ADD 192.0.2.{number} x")
        assert [line.split()[-3] for line in entries(root, "AUDIT 3")] == ["for", "for", "for"]
        assert len(entries(root, "AUDIT")) == 20
        assert len(entries(root, "AUDIT 9999")) == 31
        assert len(entries(root, "AUDIT 192.0.2.7")) == 1
        assert len(entries(root, "AUDIT 5 192.0.2.2")) == 5
        assert "become" not in entries(root, "AUDIT 0 become")
