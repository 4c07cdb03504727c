"""Crash reports: a file with the traceback, for developers. The user gets one line with its name."""

import tempfile
import traceback
from pathlib import Path

from greenchat import __version__


def write(folder: Path, name: str) -> Path:
    """Write the current exception to a file in the folder, or if that is not writable in the temporary folder, and
    return the path. Raises OSError if both fail.
    """
    text = f"greenchat {__version__}\n\n{traceback.format_exc()}"
    path = folder / f"{name}.txt"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError:
        path = Path(tempfile.mkdtemp(prefix="greenchat-")) / f"{name}.txt"
        path.write_text(text, encoding="utf-8")
    return path
