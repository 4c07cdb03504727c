"""Read markers. https://ircv3.net/specs/extensions/read-marker"""

from greenchat.chat.read_markers import ReadMarkers


def test_a_marker_moves_forward_only() -> None:
    """ "The last read timestamp of a target SHOULD only ever increase." """
    assert ReadMarkers("alice").moved("#tea", 0) == {"#tea": 0}
    markers = ReadMarkers("alice", {"#tea": 5})
    assert markers.moved("#tea", 5) is None
    assert markers.moved("#tea", 4) is None
    assert markers.moved("#tea", 6) == {"#tea": 6}
    assert markers.times == {"#tea": 5}  # the change is stored before it is made


def test_beyond_the_limit_the_marker_moved_longest_ago_is_forgotten() -> None:
    markers = ReadMarkers("alice", {f"#{number}": 1 for number in range(1000)})
    moved = markers.moved("#0", 2)
    assert moved is not None
    assert list(moved)[-1] == "#0"
    added = ReadMarkers("alice", moved).moved("#new", 1)
    assert added is not None
    assert len(added) == 1000
    assert "#1" not in added
    assert "#0" in added


def test_a_renamed_conversation_keeps_the_later_marker() -> None:
    markers = ReadMarkers("alice", {"#tea": 5, "#cake": 7})
    assert markers.renamed("#coffee", "#water") is None
    assert markers.renamed("#tea", "#water") == {"#cake": 7, "#water": 5}
    assert markers.renamed("#tea", "#cake") == {"#cake": 7}
    assert markers.renamed("#cake", "#tea") == {"#tea": 7}
