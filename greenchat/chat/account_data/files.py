"""Metadata of uploaded files. The contents are stored by hash: two files may share one."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class File:
    """An uploaded file. name: unguessable, a part of its URL. hash: of its content, SHA-256 in hex. size: in bytes.

    type: the media type of its content. title: its original name. owner: the id of an account, "" for a guest. created:
    ms since the epoch. has_thumbnail: whether there is a thumbnail.
    """

    name: str
    hash: str
    size: int
    type: str
    title: str
    owner: str
    created: int
    has_thumbnail: bool = False

    def document(self) -> dict[str, Any]:
        """Return all fields as a JSON value."""
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "File":
        """Make a file from `document`'s output; unknown keys, written by a newer version, are ignored."""
        return cls(**{name: document[name] for name in cls.__slots__ if name in document})


class Files:
    """All files, by name and by owner.

    Reads: iteration, get, of, uses, size, size_of. Changes: put, drop.
    """

    __slots__ = ("_by_name", "_by_owner", "_sizes", "_uses", "size")

    def __init__(self) -> None:
        self._by_name: dict[str, File] = {}
        self._by_owner: dict[str, dict[str, None]] = {}
        self._sizes: Counter[str] = Counter()
        self._uses: Counter[str] = Counter()
        self.size = 0
        """Bytes of all of them."""

    def __iter__(self) -> Iterator[File]:
        return iter(list(self._by_name.values()))

    def __len__(self) -> int:
        return len(self._by_name)

    def get(self, name: str) -> File | None:
        """Return the file of this name."""
        return self._by_name.get(name)

    def of(self, owner: str) -> list[File]:
        """Return the files of an owner, the oldest first."""
        return [self._by_name[name] for name in self._by_owner.get(owner, ())]

    def size_of(self, owner: str) -> int:
        """Return the bytes of an owner's files."""
        return self._sizes[owner]

    def uses(self, hashed: str) -> bool:
        """Whether a file has the content with this hash."""
        return hashed in self._uses

    def put(self, file: File) -> None:
        """Add a file."""
        self.drop(file.name)
        self._by_name[file.name] = file
        self._by_owner.setdefault(file.owner, {})[file.name] = None
        self._sizes[file.owner] += file.size
        self._uses[file.hash] += 1
        self.size += file.size

    def drop(self, name: str) -> File | None:
        """Remove a file and return it."""
        file = self._by_name.pop(name, None)
        if file is None:
            return None
        del self._by_owner[file.owner][name]
        if not self._by_owner[file.owner]:
            del self._by_owner[file.owner], self._sizes[file.owner]
        else:
            self._sizes[file.owner] -= file.size
        self._uses[file.hash] -= 1
        if not self._uses[file.hash]:
            del self._uses[file.hash]
        self.size -= file.size
        return file
