"""Cleans pictures in a separate process, see `picture_worker`. It blocks: call it in a thread."""

import logging
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import greenchat
from greenchat.server.files.blobs import THUMBNAIL
from greenchat.server.files.picture_metadata import PictureError

log = logging.getLogger(__name__)

_WORKER = "greenchat.server.files.picture_worker"
_REFUSED = 3
_TIMEOUT = 40.0  # seconds
_CLEANED = ".cleaned"


def can_clean() -> bool:
    """Whether the package for it is installed."""
    try:
        return find_spec("PIL") is not None
    except ValueError:  # the module is marked as missing
        return False


def clean(source: Path, millions: int) -> tuple[Path, Path | None]:
    """Return the paths of the cleaned picture and of its thumbnail, if any, beside the source.

    millions: the maximum of pixels. Raises PictureError.
    """
    cleaned, thumbnail = (source.with_name(source.name + end) for end in (_CLEANED, THUMBNAIL))
    words = [sys.executable, "-P", "-m", _WORKER, str(source), str(cleaned), str(thumbnail), str(millions)]
    path = [str(Path(greenchat.__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
    try:
        done = subprocess.run(
            words,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TIMEOUT,
            check=False,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, path))},
        )
    except subprocess.TimeoutExpired as error:
        raise PictureError("The picture takes too long to read") from error
    if done.returncode == _REFUSED:
        raise PictureError(done.stderr.decode(errors="replace").strip())
    if done.returncode:
        log.warning(
            "reading a picture failed with status %d: %s", done.returncode, done.stderr.decode(errors="replace")
        )
        raise PictureError("The picture can't be read")
    return cleaned, thumbnail if thumbnail.exists() else None
