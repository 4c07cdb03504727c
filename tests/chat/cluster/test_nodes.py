"""Present nodes, by the time of the log."""

from greenchat.chat.cluster.nodes import Nodes, first_session, node_number

LEASE = 10_000


def two_nodes() -> Nodes:
    nodes = Nodes()
    nodes.advance(1, 1000)
    nodes.add("one", "t1", "f1", "rules")
    nodes.advance(2, 1100)
    nodes.add("two", "t2", "f2", "rules")
    return nodes


def say(nodes: Nodes, token: str, time: int) -> None:
    now = nodes.advance(nodes.position + 1, time)
    node = nodes.of_token(token)
    assert node
    node.heard = now


def test_a_node_that_is_silent_while_others_write() -> None:
    nodes = two_nodes()
    for time in range(1500, 1500 + LEASE + 500, 500):
        say(nodes, "t1", time)
    assert [node.name for node in nodes.silent(LEASE)] == ["two"]


def test_time_without_entries_is_no_silence_of_a_node() -> None:
    """After a failover of the engine the first node that writes must not make the others lost."""
    nodes = two_nodes()
    say(nodes, "t1", 1100 + 5 * LEASE)
    assert nodes.silent(LEASE) == []
    say(nodes, "t2", 1100 + 5 * LEASE + 500)
    assert nodes.silent(LEASE) == []


def test_time_never_goes_back() -> None:
    nodes = two_nodes()
    assert nodes.advance(3, 900) == 1100
    assert nodes.advance(4, 1200) == 1200


def test_the_session_numbers_of_an_incarnation_are_unique() -> None:
    nodes = two_nodes()
    numbers = [first_session(node) + 1 for node in nodes]
    assert [node_number(number) for number in numbers] == [1, 2]
    assert node_number(17) == 0, "a session of a server that is no node"


def test_the_oldest_node_is_the_coordinator() -> None:
    nodes = two_nodes()
    assert nodes.coordinator == "t1"
    first = nodes.get("one")
    assert first
    nodes.remove(first)
    assert nodes.coordinator == "t2"
    nodes.add("one", "t3", "f1", "rules")
    nodes.remove(first)
    assert nodes.of_token("t3") is not None, "the removal of an old run leaves its successor"


def test_the_first_digest_of_a_position_counts() -> None:
    nodes = two_nodes()
    assert nodes.note_digest(2, "a") == "a"
    assert nodes.note_digest(2, "b") == "a"
    for position in range(3, 20):
        assert nodes.note_digest(position, "c") == "c"
    assert nodes.note_digest(2, "b") == "b", "old digests are forgotten"


def test_a_document_is_read_back() -> None:
    nodes, again = two_nodes(), Nodes()
    nodes.note_digest(2, "a")
    nodes.note_written("f1", 2)
    again.load(nodes.dump())
    assert again.dump() == nodes.dump()
    again.load(None)
    assert again.dump() == nodes.dump(), "a snapshot of an older version has no nodes"
    again.load(nodes.dump()[:-1])
    assert again.dump() == [*nodes.dump()[:-1], []], "an older snapshot lacks the files only"


def test_the_log_is_needed_from_the_oldest_state_on() -> None:
    nodes = two_nodes()
    folders = [node.folder for node in nodes]
    nodes.note_written(folders[0], 40)
    assert nodes.needed(1000) == 0, "the other one has written nothing yet"
    nodes.note_written(folders[1], 30)
    nodes.note_written("of a node that is off", 20)
    before = nodes.time
    assert nodes.needed(1000) == 20
    nodes.note_written(folders[0], 50)
    assert nodes.needed(1000) == 20
    nodes.advance(51, before + 600)
    assert nodes.needed(1000) == 20
    nodes.advance(52, before + 1200)
    assert nodes.needed(1000) == 30, "a node that is off is waited for a while only, a present one always"
    nodes.note_written(folders[1], 52)
    assert nodes.needed(1000) == 50


def test_an_absent_node_does_not_become_too_old_while_the_log_stands_still() -> None:
    nodes = two_nodes()
    for number, folder in enumerate([*[node.folder for node in nodes], "of a node that is off"]):
        nodes.note_written(folder, 60 - number)
    nodes.advance(61, nodes.time + 86_400_000)
    assert nodes.needed(1000) == 58
