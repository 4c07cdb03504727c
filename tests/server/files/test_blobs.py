"""Contents that are removed while the same comes in at another node, whose file is not known here yet."""

import os
from pathlib import Path

import pytest

from greenchat.server.files.blobs import FOLDER, THUMBNAIL, Blobs

HASH = "ab" * 32


def kept(blobs: Blobs, *names: str) -> None:
    for name in names:
        part = blobs.begin(0)
        part.write(b"x")
        part.end()
        blobs.keep(part.path, name)


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / FOLDER).rglob("*") if path.is_file())


def test_what_was_kept_lately_stays(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path)
    kept(blobs, HASH, HASH + THUMBNAIL)
    os.utime(blobs.path(HASH), (1000, 1000))
    assert not blobs.remove(HASH, before=2000), "the small one is new"
    assert files(tmp_path) == [HASH + THUMBNAIL]
    os.utime(blobs.path(HASH + THUMBNAIL), (1000, 1000))
    assert blobs.remove(HASH, before=2000)
    assert blobs.remove(HASH, before=2000), "it is gone already"
    assert files(tmp_path) == []


@pytest.mark.parametrize("comes_again", [False, True])
def test_what_comes_while_it_is_removed_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, comes_again: bool
) -> None:
    """Between the look and the removal: by then the other node has put it there, perhaps once more."""
    blobs, other = Blobs(tmp_path), Blobs(tmp_path)
    kept(blobs, HASH)
    os.utime(blobs.path(HASH), (1000, 1000))
    rename = Path.rename

    def late(path: Path, target: Path) -> Path:
        kept(other, HASH)
        moved = rename(path, target)
        if comes_again:
            kept(other, HASH)
        return moved

    monkeypatch.setattr(Path, "rename", late)
    assert not blobs.remove(HASH, before=2000)
    assert files(tmp_path) == [HASH]
