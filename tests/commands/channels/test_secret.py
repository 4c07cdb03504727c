"""A secret channel is not there for those who are not in it.

https://modern.ircdocs.horse/#secret-channel-mode; RFC 2811, section 4.2.6: "the server will act as if the channel does
not exist for queries like the TOPIC, LIST, NAMES commands". We answer MODE alike, where that RFC makes an exception,
because its answer would tell all who guess a name that they guessed right.
"""

import pytest

from tests.conftest import Serve, Target
from tests.irc import Client, people
from tests.staff import STAFFED, become

QUESTIONS = [
    "TOPIC {}", "TOPIC {} :new", "MODE {}", "MODE {} b", "MODE {} +e", "MODE {} +i", "MODE {} +Z", "NAMES {}",
    "LIST {}", "WHO {}", "WHO {} %cn", "PART {}", "KICK {} bob", "INVITE bob {}", "RENAME {} #other",
]  # fmt: skip


@pytest.mark.parametrize("question", QUESTIONS)
def test_it_is_answered_as_if_it_were_not_there(server: Target, question: str) -> None:
    with people(server, "alice", "bob", channel="#A") as (alice, _), Client(server, "eve") as eve:
        alice.run("MODE #A +s-t", "TOPIC #A :x", "MODE #A +b y")
        there = str(eve.run(question.format("#a")))
        not_there = str(eve.run(question.format("#b")))
        assert there == not_there.replace("#b", "#a")
        assert alice.sync() == []


def test_operators_may_know_of_it(serve: Serve) -> None:
    address = serve(STAFFED)
    with people(address, "alice", channel="#a") as (alice,), Client(address, "root") as root:
        alice.run("MODE #a +s")
        become(root)
        root.run("SAMODE #a +v alice")
        assert alice.sync()[0].params == ("#a", "+v", "alice")


def test_who_knows_its_name_may_knock_and_come_in(server: Target) -> None:
    with people(server, "alice", channel="#a") as (alice,), Client(server, "bob") as bob:
        alice.run("MODE #a +si")
        assert bob.commands("JOIN #a") == ["473"]
        assert bob.commands("KNOCK #a") == ["711"]
