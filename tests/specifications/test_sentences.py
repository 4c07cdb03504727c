"""Whether the server does what the specifications say, sentence by sentence: the tables are the `.txt` files here."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from greenchat.protocol import caps
from tests.conftest import Serve
from tests.specifications.script import Play, Row, rows
from tests.staff import STAFFED

_TABLES = sorted(Path(__file__).parent.glob("*.txt"))
_ROWS = [pytest.param(row, id=f"{table.stem}: {row.sentence[:70]}") for table in _TABLES for row in rows(table)]


@pytest.fixture
def play(serve: Serve) -> Iterator[Play]:
    """A server with the default settings and operators, and nobody on it."""
    play = Play(serve(STAFFED))
    yield play
    play.close()


@pytest.mark.parametrize("row", _ROWS)
def test_a_sentence_is_kept(play: Play, row: Row) -> None:
    play.run(row)


def test_each_capability_has_its_sentences() -> None:
    texts = [path.read_text(encoding="utf-8") for path in _TABLES]
    served = [each for each in caps.CAPABILITIES.values() if each.served and each.name != "greenchat/resume"]
    unread = {each.name for each in served if not any(each.name.removeprefix("draft/") in text for text in texts)}
    assert unread <= {"draft/metadata-3", "znc.in/playback"}, "these two are walked in tests/commands"
