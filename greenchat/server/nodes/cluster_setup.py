"""The shell's `cluster` commands for a node that is not running.

Nothing is overwritten: obstacles are reported, or moved aside.
"""

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from greenchat.chat import documents
from greenchat.chat.network import Network
from greenchat.config.file import Config
from greenchat.server.data.backup_commands import files_beside, state_beside
from greenchat.server.data.restore import restore
from greenchat.server.data.store_keeper import DATABASE, STATE, StoreKeeper, lock
from greenchat.server.nodes import state_file
from greenchat.server.nodes.engine import STARTING, Engine, StoredLog
from greenchat.server.nodes.engine_errors import EngineError, NotFoundError
from greenchat.server.nodes.monitor import unsafe
from greenchat.server.nodes.node_config import NodeConfig
from greenchat.server.nodes.object_store import ObjectStore
from greenchat.server.nodes.state_file import StateFileError, StateHead
from greenchat.storage import backup
from greenchat.storage.durable import free_name
from greenchat.storage.interface import StoreError

_BACKUP = "backup"  # the object's name
_PUBLISHED = "the backup that the engine has"
_MADE, _FETCHED = "greenchat.published", "greenchat.fetched"
_HOUR = 3600.0  # seconds


class ClusterSetupError(Exception):
    """A refusal; the text is the reason, in one line."""


def init(config: Config) -> str:
    """Make the log, beginning with the state of this data folder. Return a text for the operator.

    Raises ClusterSetupError and StoreError, as all of these do.
    """
    node = _node_config(config)
    with _engine(node) as engine, _folder(config) as keeper:
        _refuse_unsafe(node)
        if (node.data / STATE).exists():
            raise ClusterSetupError(
                f"{node.data} already belongs to a log: start its node. If the engine has lost that log, `cluster"
                " rebase` creates a new one"
            )
        if engine.find_log(node.log):
            raise ClusterSetupError(
                f"the engine already has the log {node.log}: to join it, run `greenchat-server cluster publish` at one"
                " of its nodes, and `cluster join` here; or choose another name with cluster.log"
            )
        _begin(config, node, engine, keeper)
    return f"The log {node.log} was created, with {_copies(node.replicas)}, from the data in {node.data}"


def join(file: Path, config: Config) -> list[str]:
    """Make this node from a backup of another one. Return a report for the operator."""
    node = _node_config(config)
    with _engine(node) as engine:
        stored = _needed(node, engine)
    head = _head(file)
    _refuse_unfit(str(file), head, node, stored)
    with lock(node.data):
        return _restore_node(file, head, node, stored)


def join_from_engine(config: Config) -> list[str]:
    """Make this node from the backup that another one has published. Return a report for the operator."""
    node = _node_config(config)
    file = node.data / _FETCHED
    with _engine(node) as engine:
        stored = _needed(node, engine)
        store = ObjectStore(engine, node.log)
        backup = store.find(_BACKUP)
        if backup is None:
            raise ClusterSetupError(
                f"the engine has no backup of a node of the log {node.log}: run `greenchat-server cluster publish` at a"
                " node, or `greenchat-server backup FILE` there and `cluster join FILE` here"
            )
        metadata = backup.metadata
        _refuse_unfit(
            _PUBLISHED,
            StateHead(metadata.get("identity", ""), _number(metadata.get("position", "")), ""),
            node,
            stored,
        )
        with lock(node.data):
            try:
                store.get(backup, file)
                return _restore_node(file, _head(file), node, stored)
            except NotFoundError as error:
                raise ClusterSetupError(f"{_PUBLISHED} can't be used ({error}): run `cluster publish` again") from error
            finally:
                file.unlink(missing_ok=True)


def publish(config: Config) -> str:
    """Put a backup of this node, which may run, into the engine's object store. Return a text for the operator."""
    node, data = _node_config(config), config.options.data
    with _engine(node) as engine:
        stored = _needed(node, engine)
    head = _state(node)
    if head is None:
        raise ClusterSetupError(f"{data} does not belong to a log: only a node can be published")
    _refuse_unfit(f"what {data} has", head, node, stored)
    file = data / _MADE
    file.unlink(missing_ok=True)
    try:
        state = state_beside(data)
        backup.backup(data / DATABASE, file, files_beside(data, logs=False), state)
        head, size = _head(file), file.stat().st_size
        with _engine(node) as engine:
            store = ObjectStore(engine, node.log)
            store.open(node.keep * _HOUR, replicas=node.replicas)
            store.put(_BACKUP, file, {"identity": head.identity, "position": str(head.position), "node": node.name})
    except OSError as error:
        raise ClusterSetupError(f"can't read {file}: {error.strerror}") from error
    finally:
        file.unlink(missing_ok=True)
    return (
        f"The engine now has a backup of this node, at entry {head.position} of the log {node.log} ({size >> 10} KiB),"
        f" for {node.keep:g} hours. Run `greenchat-server cluster join` at another machine to make it a node"
    )


def _restore_node(file: Path, head: StateHead, node: NodeConfig, stored: StoredLog) -> list[str]:
    """Replace the content of this folder, which is locked, by a backup."""
    moved = backup.restore(file, node.data / DATABASE)
    lines = [f"This is now a node, at entry {head.position} of {stored.last}. Start it, and it catches up"]
    return lines + [f"The former data was moved to {path}" for path in moved]


def _refuse_unfit(name: str, head: StateHead, node: NodeConfig, stored: StoredLog) -> None:
    """Raise ClusterSetupError if no node can continue from a state with the present log."""
    if head.identity != stored.identity:
        raise ClusterSetupError(
            f"{name} does not belong to the engine's log {node.log} (or is older than a rebase): make a new backup at"
            " a running node"
        )
    if stored.first > head.position + 1:
        raise ClusterSetupError(
            f"{name} is too old: it ends at entry {head.position} of the log, which begins at {stored.first} by now"
        )


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0


def rebase(config: Config, *, is_sure: bool) -> str:
    """Make a new log from this node's state, to replace one that the engine has lost. Return a text for the operator.

    is_sure: whether the remains of the old log at the engine may be deleted.
    """
    node = _node_config(config)
    with _engine(node) as engine, _folder(config) as keeper:
        _refuse_unsafe(node)
        head = _state(node)
        if head is None:
            raise ClusterSetupError(
                f"{node.data} does not belong to a log: create one with `cluster init`, or join one with `cluster join`"
            )
        stored = engine.find_log(node.log)
        applied = max(head.position, _applied(keeper, head.identity))
        if stored and stored.identity == head.identity and stored.last >= applied:
            raise ClusterSetupError(
                f"the engine has the log {node.log} up to entry {stored.last}, and this node has applied {applied} of"
                " them: nothing is lost. Start the node"
            )
        if stored and not is_sure:
            raise ClusterSetupError(
                f"the engine has a log {node.log} up to entry {stored.last}, and this node has applied {applied} of"
                " it or of the one before: use --yes to delete that log"
            )
        if stored:
            engine.delete_log(node.log)
        moved = (node.data / STATE).rename(free_name(node.data / STATE))
        try:
            _begin(config, node, engine, keeper)
        except (ClusterSetupError, EngineError, StoreError):
            moved.rename(node.data / STATE)
            raise
    return (
        f"The log {node.log} was recreated from this node's data ({applied} entries of the old log). Start this node;"
        " restore the others from its backup with `cluster join`"
    )


def describe(config: Config) -> str:
    """Return the last position of this data folder in the log, as a text. Raises ClusterSetupError."""
    node = _node_config(config)
    head = _state(node)
    if head is None:
        return f"{node.name} is not running, and {node.data} does not belong to a log yet"
    with _folder(config) as keeper:
        applied = max(head.position, _applied(keeper, head.identity))
    return f"{node.name} is not running; it has applied {applied} entries of the log {node.log}"


def _refuse_unsafe(node: NodeConfig) -> None:
    for warning in unsafe(node):
        raise ClusterSetupError(warning)


def _node_config(config: Config) -> NodeConfig:
    node = NodeConfig.of(config.options)
    if node is None:
        raise ClusterSetupError(
            "the configuration does not name a node: use a --config with cluster.node and cluster.engine"
        )
    return node


@contextmanager
def _engine(node: NodeConfig) -> Iterator[Engine]:
    """Open a connection to the engine. Raises ClusterSetupError, also for errors of the engine in the block."""
    try:
        engine = Engine(node.engine, f"greenchat {node.name}", starting=STARTING)
        try:
            yield engine
        finally:
            engine.close()
    except EngineError as error:
        raise ClusterSetupError(str(error)) from error


@contextmanager
def _folder(config: Config) -> Iterator[StoreKeeper]:
    """Open the store of this data folder, and lock it. Raises StoreError."""
    keeper = StoreKeeper(config.options.data, config.options.storage, now=_now)
    try:
        yield keeper
    finally:
        keeper.close()


def _begin(config: Config, node: NodeConfig, engine: Engine, keeper: StoreKeeper) -> None:
    """Write the first state, and make the log that begins with it."""
    network = Network(config.settings, now=_now())
    restore(network, keeper.store, int(config.options.connections.grace * 1000))
    identity = secrets.token_hex(8)
    try:
        state_file.write(node.data / STATE, identity, network)
    except OSError as error:
        raise ClusterSetupError(f"can't write {node.data / STATE}: {error.strerror}") from error
    try:
        engine.make_log(node.log, identity, replicas=node.replicas)
    except EngineError:
        stored_log = engine.find_log(node.log)  # its answer may have been lost; if this fails, too, run `rebase` again
        if stored_log is None or stored_log.identity != identity:
            (node.data / STATE).unlink()
            raise


def _needed(node: NodeConfig, engine: Engine) -> StoredLog:
    stored = engine.find_log(node.log)
    if stored is None:
        raise ClusterSetupError(f"the engine has no log {node.log}: create it with `cluster init` at the first node")
    return stored


def _head(file: Path) -> StateHead:
    content = backup.carried(file, STATE)
    if content is None:
        raise ClusterSetupError(
            f"{file} is not a backup of a node: make one at a node with `greenchat-server backup FILE`"
        )
    try:
        return state_file.parse_head(content.partition(b"\n")[0].decode("utf-8", "surrogatepass"))
    except ValueError as error:
        raise ClusterSetupError(f"{file} has a state that can't be read: {error}") from error


def _state(node: NodeConfig) -> StateHead | None:
    try:
        return state_file.head_of(node.data / STATE)
    except StateFileError as error:
        raise ClusterSetupError(str(error)) from error


def _applied(keeper: StoreKeeper, identity: str) -> int:
    """Return the last entry of a log that a database contains."""
    mark = keeper.store.document(documents.SERVER.name, documents.POSITION)
    return int(mark[1]) if isinstance(mark, list) and mark[0] == identity else 0


def _copies(count: int) -> str:
    return "one copy" if count == 1 else f"{count} copies"


def _now() -> int:
    return time.time_ns() // 1_000_000
