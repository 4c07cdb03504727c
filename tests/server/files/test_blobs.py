"""Contents that are removed while another node, whose file is not known here yet, stores the same."""

import os
from pathlib import Path

import pytest

from greenchat.server.files.blobs import FOLDER, THUMBNAIL, Blobs

HASH = "ab" * 32


def keep_files(blobs: Blobs, *names: str) -> None:
    for name in names:
        part = blobs.begin(0)
        part.write(b"x")
        part.end()
        blobs.keep(part.path, name)


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / FOLDER).rglob("*") if path.is_file())


def test_recently_stored_contents_are_kept(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path)
    keep_files(blobs, HASH, HASH + THUMBNAIL)
    os.utime(blobs.path(HASH), (1000, 1000))
    assert not blobs.remove(HASH, before=2000), "the thumbnail is new"
    assert files(tmp_path) == [HASH + THUMBNAIL]
    os.utime(blobs.path(HASH + THUMBNAIL), (1000, 1000))
    assert blobs.remove(HASH, before=2000)
    assert blobs.remove(HASH, before=2000), "it is removed already"
    assert files(tmp_path) == []


@pytest.mark.parametrize("comes_again", [False, True])
def test_contents_stored_during_their_removal_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, comes_again: bool
) -> None:
    """The other node stores it between the check and the removal, perhaps twice."""
    blobs, other = Blobs(tmp_path), Blobs(tmp_path)
    keep_files(blobs, HASH)
    os.utime(blobs.path(HASH), (1000, 1000))
    rename = Path.rename

    def late(path: Path, target: Path) -> Path:
        keep_files(other, HASH)
        moved = rename(path, target)
        if comes_again:
            keep_files(other, HASH)
        return moved

    monkeypatch.setattr(Path, "rename", late)
    assert not blobs.remove(HASH, before=2000)
    assert files(tmp_path) == [HASH]
