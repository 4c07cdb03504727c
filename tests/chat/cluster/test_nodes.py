"""Who is here, by the log's own time."""

from greenchat.chat.cluster.nodes import Nodes, first_session, node_number

LEASE = 10_000


def two() -> Nodes:
    nodes = Nodes()
    nodes.move_on(1, 1000)
    nodes.come("one", "t1", "f1", "rules")
    nodes.move_on(2, 1100)
    nodes.come("two", "t2", "f2", "rules")
    return nodes


def say(nodes: Nodes, token: str, time: int) -> None:
    now = nodes.move_on(nodes.position + 1, time)
    node = nodes.of_token(token)
    assert node
    node.heard = now


def test_who_says_nothing_while_others_do_is_silent() -> None:
    nodes = two()
    for time in range(1500, 1500 + LEASE + 500, 500):
        say(nodes, "t1", time)
    assert [node.name for node in nodes.silent(LEASE)] == ["two"]


def test_a_log_that_stood_still_counts_for_nobody() -> None:
    """After a failover of the engine the first one that speaks must not make the others lost."""
    nodes = two()
    say(nodes, "t1", 1100 + 5 * LEASE)
    assert nodes.silent(LEASE) == []
    say(nodes, "t2", 1100 + 5 * LEASE + 500)
    assert nodes.silent(LEASE) == []


def test_time_never_goes_back() -> None:
    nodes = two()
    assert nodes.move_on(3, 900) == 1100
    assert nodes.move_on(4, 1200) == 1200


def test_an_incarnation_numbers_its_sessions_as_no_other_does() -> None:
    nodes = two()
    numbers = [first_session(node) + 1 for node in nodes]
    assert [node_number(number) for number in numbers] == [1, 2]
    assert node_number(17) == 0, "a session of a server that is no node"


def test_the_oldest_does_what_is_done_once() -> None:
    nodes = two()
    assert nodes.steward == "t1"
    first = nodes.get("one")
    assert first
    nodes.go(first)
    assert nodes.steward == "t2"
    nodes.come("one", "t3", "f1", "rules")
    nodes.go(first)
    assert nodes.of_token("t3") is not None, "who has gone before does not take its successor along"


def test_the_first_digest_of_a_position_is_the_one() -> None:
    nodes = two()
    assert nodes.note_digest(2, "a") == "a"
    assert nodes.note_digest(2, "b") == "a"
    for position in range(3, 20):
        assert nodes.note_digest(position, "c") == "c"
    assert nodes.note_digest(2, "b") == "b", "old ones are forgotten"


def test_a_document_gives_the_same_again() -> None:
    nodes, again = two(), Nodes()
    nodes.note_digest(2, "a")
    nodes.note_written("f1", 2)
    again.load(nodes.dump())
    assert again.dump() == nodes.dump()
    again.load(None)
    assert again.dump() == nodes.dump(), "a snapshot of an older version has none"
    again.load(nodes.dump()[:-1])
    assert again.dump() == [*nodes.dump()[:-1], []], "one of before files were noted has all else"


def test_how_far_the_log_is_needed_is_where_the_oldest_state_is() -> None:
    nodes = two()
    folders = [node.folder for node in nodes]
    nodes.note_written(folders[0], 40)
    assert nodes.needed(1000) == 0, "the other one has written nothing yet"
    nodes.note_written(folders[1], 30)
    nodes.note_written("of a node that is off", 20)
    told = nodes.time
    assert nodes.needed(1000) == 20
    nodes.note_written(folders[0], 50)
    assert nodes.needed(1000) == 20
    nodes.move_on(51, told + 600)
    assert nodes.needed(1000) == 20
    nodes.move_on(52, told + 1200)
    assert nodes.needed(1000) == 30, "nobody waits for that one any more; for those who are here, always"
    nodes.note_written(folders[1], 52)
    assert nodes.needed(1000) == 50


def test_while_the_log_stands_still_a_node_that_is_off_does_not_become_too_old() -> None:
    nodes = two()
    for number, folder in enumerate([*[node.folder for node in nodes], "of a node that is off"]):
        nodes.note_written(folder, 60 - number)
    nodes.move_on(61, nodes.time + 86_400_000)
    assert nodes.needed(1000) == 58
