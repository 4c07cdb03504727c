"""Uploaded files in the state: adding them, and deleting them with the messages that link them.

https://codeberg.org/emersion/soju/src/branch/master/doc/ext/filehost.md
"""

import re
from collections.abc import Iterable, Sequence

from greenchat.chat import documents
from greenchat.chat.account_data.files import File
from greenchat.commands.core.context import Context
from greenchat.commands.core.service import may
from greenchat.commands.core.steps import step
from greenchat.storage.interface import Document, StoredEvent

NAME_LENGTH = 22  # characters: 16 random bytes in base64
_AT_ONCE = 1000  # files in one act
_LINK = re.compile(rf"/files/([A-Za-z0-9_-]{{{NAME_LENGTH}}})(?![A-Za-z0-9_-])")


class FileRefusedError(Exception):
    """A file can't be stored; the text says why. is_full: whether the server's limit is reached, not the account's."""

    def __init__(self, text: str, *, is_full: bool = False) -> None:
        super().__init__(text)
        self.is_full = is_full


def require_room(ctx: Context, owner: str, size: int) -> None:
    """Check that a file of `size` bytes is within the limits. Raises FileRefusedError.

    owner: the id of an account, "" of a guest.
    """
    rules, files = ctx.network.settings.files, ctx.network.account_data.files
    if files.size_of(owner) + size > ((rules.per_account if owner else rules.guests) << 20):
        used = f"{files.size_of(owner) >> 20} of {rules.per_account if owner else rules.guests} MiB are used"
        raise FileRefusedError(f"Not enough space: {used}" + ("" if owner else " by guests"))
    if files.size + size > rules.total << 20:
        raise FileRefusedError("The server has no space for more files", is_full=True)


@step("file.add")
def add_file(ctx: Context, document: dict[str, object]) -> None:
    """Add a file whose content is stored. Raises FileRefusedError or StoreError if it was not added."""
    file = File.from_document(document)
    if file.owner and ctx.network.accounts.by_id(file.owner) is None:
        raise FileRefusedError("The account no longer exists")
    require_room(ctx, file.owner, file.size)
    ctx.commit(Document(documents.FILE.name, file.name, file.document()))
    ctx.network.account_data.files.put(file)


@step("file.drop")
def drop_files(ctx: Context, names: Iterable[str]) -> None:
    """Remove files, before this returns. Raises StoreError."""
    known = [name for name in names if ctx.network.account_data.files.get(name)]
    if not known:
        return
    ctx.commit(*[Document(documents.FILE.name, name, None) for name in known])
    for name in known:
        ctx.network.account_data.files.drop(name)


def drop_many(ctx: Context, names: Sequence[str]) -> None:
    """Remove any number of files, in several acts, since the size of an act is limited. Raises StoreError."""
    for start in range(0, len(names), _AT_ONCE):
        ctx.propose(drop_files, names[start : start + _AT_ONCE])


def files_linked(ctx: Context, event: StoredEvent) -> list[str]:
    """Return the names of the sender's files that a message links, to be deleted with it.

    Files of guests have no known owner: only operators with the right `history` can delete them.
    """
    owner = ctx.network.accounts.author(event.account, event.id) if event.account else ""
    if not owner and (event.account or not may(ctx, "history")):
        return []
    names = dict.fromkeys(_LINK.findall(event.params[-1] if event.params else ""))
    return [name for name in names if _is_of(ctx.network.account_data.files.get(name), owner)]


def too_old(files: Iterable[File], before: int) -> list[str]:
    """Return the names of the files from before a time, in ms since the epoch."""
    return [file.name for file in files if file.created < before]


def _is_of(file: File | None, owner: str) -> bool:
    return file is not None and file.owner == owner
