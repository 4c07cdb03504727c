"""The engine's object store: files stored for a limited time, in pieces, compatible with tools of NATS.

A bucket is a stream. It has the pieces of each object on one subject, and the object's metadata as JSON on another one:
https://github.com/nats-io/nats-architecture-and-design/blob/main/adr/ADR-20.md
"""

import hashlib
import json
import secrets
import time
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from gevent.event import Event

from greenchat.protocol.nats import StreamPosition
from greenchat.protocol.times import format_time
from greenchat.server.nodes.engine import Engine
from greenchat.server.nodes.engine_errors import EngineError, EngineRefusesError, NotFoundError

_PIECE = 512 * 1024  # bytes: half of what the engine must accept at once
_LOOK = 0.25  # seconds
_OURS = "greenchat"  # in the engine's metadata: marks our buckets
_NO_OBJECT = "what the engine has under this name is no object of greenchat"


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object of the engine's object store.

    key: of its pieces. size: in bytes. digest: of the whole. metadata: names and values.
    """

    key: str
    size: int
    pieces: int
    digest: str
    metadata: Mapping[str, str]


class ObjectStore:
    """One bucket, by a connection to the engine. All raise EngineError."""

    def __init__(self, engine: Engine, bucket: str) -> None:
        self._engine = engine
        self._bucket = bucket
        self._stream = f"OBJ_{bucket}"

    def _pieces(self, key: str) -> str:
        return f"$O.{self._bucket}.C.{key}"

    def _about(self, name: str) -> str:
        return f"$O.{self._bucket}.M.{urlsafe_b64encode(name.encode()).decode()}"

    def open(self, seconds: float, *, replicas: int) -> None:
        """Make the bucket, if need be. seconds: after which the engine deletes its objects."""
        wanted = {
            "name": self._stream,
            "subjects": [self._pieces(">"), f"$O.{self._bucket}.M.>"],
            "storage": "file",
            "retention": "limits",
            "discard": "new",
            "num_replicas": replicas,
            "max_age": int(seconds * 1_000_000_000),
            "allow_rollup_hdrs": True,
            "allow_direct": True,
            "metadata": {_OURS: "objects"},
        }
        self._engine.make_stream(wanted, is_there=self._is_there())

    def _is_there(self) -> bool:
        """Whether the bucket exists. Raises EngineRefusesError if one of this name is not ours."""
        try:
            info = self._engine.request(f"$JS.API.STREAM.INFO.{self._stream}", b"")
        except NotFoundError:
            return False
        config = info.get("config")
        if not isinstance(config, dict) or _OURS not in (config.get("metadata") or {}):
            raise EngineRefusesError(f"the bucket {self._bucket} is not one of greenchat; name another log")
        return True

    def find(self, name: str) -> StoredObject | None:
        """Return an object, None if there is none."""
        try:
            if not self._is_there():
                return None
            asked = json.dumps({"last_by_subj": self._about(name)}).encode()
            answer = self._engine.request(f"$JS.API.STREAM.MSG.GET.{self._stream}", asked)
        except NotFoundError:
            return None
        return _parse_object(answer)

    def put(self, name: str, file: Path, metadata: Mapping[str, str]) -> None:
        """Store a file, replacing the object of this name. metadata: names and values."""
        before = self.find(name)
        key = secrets.token_hex(11)
        try:
            with file.open("rb") as source:
                about = self._send(source, key)
            about |= {"name": name, "bucket": self._bucket, "metadata": dict(metadata)}
            self._engine.request(self._about(name), json.dumps(about).encode(), {"Nats-Rollup": "sub"})
        except (OSError, EngineError):
            with suppress(EngineError):
                self._delete(key)
            raise
        if before:
            self._delete(before.key)

    def _send(self, source: BinaryIO, key: str) -> dict[str, Any]:
        """Send the pieces of a file; return the object's metadata. Raises OSError."""
        digest = hashlib.sha256()
        size = pieces = 0
        while piece := source.read(_PIECE):
            self._engine.request(self._pieces(key), piece, {"Nats-Msg-Id": f"{key}:{pieces}"})  # repeatable
            digest.update(piece)
            size += len(piece)
            pieces += 1
        return {
            "nuid": key,
            "size": size,
            "chunks": pieces,
            "digest": _text(digest.digest()),
            "mtime": format_time(time.time_ns() // 1_000_000),
            "options": {"max_chunk_size": _PIECE},
        }

    def _delete(self, key: str) -> None:
        asked = json.dumps({"filter": self._pieces(key)}).encode()
        self._engine.request(f"$JS.API.STREAM.PURGE.{self._stream}", asked)

    def get(self, stored: StoredObject, file: Path) -> None:
        """Write an object to a file. Afterwards the connection must not be used any more.

        Raises EngineError, also if the file can't be written, or the object is incomplete.
        """
        subject, count, digest, is_whole = self._pieces(stored.key), 0, hashlib.sha256(), Event()
        asked = json.dumps({"subjects_filter": subject}).encode()
        state = self._engine.request(f"$JS.API.STREAM.INFO.{self._stream}", asked).get("state")
        there = state.get("subjects") if isinstance(state, dict) else None
        if (there or {}).get(subject, 0) != stored.pieces:
            raise NotFoundError("the engine has deleted parts of it")
        try:
            with file.open("wb") as target:

                def take(_: StreamPosition, piece: bytes) -> None:
                    nonlocal count
                    try:
                        target.write(piece)
                    except OSError as error:
                        raise EngineError(f"can't write {file}: {error.strerror}") from error
                    digest.update(piece)
                    count += 1
                    if count == stored.pieces:
                        is_whole.set()

                if stored.pieces:
                    self._engine.read(self._stream, 0, take, subject=subject)
                while stored.pieces and not is_whole.wait(_LOOK):
                    if self._engine.end_reason:
                        raise EngineError(self._engine.end_reason)
        except OSError as error:
            raise EngineError(f"can't write {file}: {error.strerror}") from error
        if _text(digest.digest()) != stored.digest:
            raise NotFoundError("it is damaged")


def _text(digest: bytes) -> str:
    return "SHA-256=" + urlsafe_b64encode(digest).decode()


def _parse_object(answer: Mapping[str, Any]) -> StoredObject:
    """Return the object about which the engine has answered. Raises EngineError."""
    try:
        about = json.loads(b64decode(answer["message"]["data"]))
    except (ValueError, KeyError, TypeError) as error:
        raise EngineRefusesError(_NO_OBJECT) from error
    match about:
        case {
            "nuid": str(key),
            "size": int(size),
            "chunks": int(pieces),
            "digest": str(digest),
            "metadata": {**told},
        }:
            return StoredObject(key, size, pieces, digest, {str(name): str(value) for name, value in told.items()})
    raise EngineRefusesError(_NO_OBJECT)
