"""Several nodes from the shell: `cluster init`, `join`, `publish`, `status`, `drain`, `forget`, `upgrade`, `rebase`."""

import json
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from greenchat.protocol.times import in_words
from greenchat.server.control.client import ControlRefusedError, NoServerError, ask
from greenchat.server.tools.registry import Call, Tool, ToolError

_NOT_RUNNING = 3  # the exit code of `systemctl status` for a service that does not run
_SURE = "allow deleting the engine's log of the same name (rebase)"


def _init(call: Call) -> str:
    from greenchat.server.nodes.cluster_setup import init  # late, as all of these: it takes gevent along

    config = call.configuration()
    text = init(config)
    if not config.options.cluster.monitor:
        text += (
            "\nNot checked: the engine must write to the disk immediately (jetstream { sync_interval: always }). Set"
            " cluster.monitor to have it checked"
        )
    return text


def _join(call: Call) -> str:
    from greenchat.server.nodes.cluster_setup import join, join_from_engine

    file, config = call.arguments.what, call.configuration()
    return "\n".join(join(Path(file), config) if file else join_from_engine(config))


def _publish(call: Call) -> str:
    from greenchat.server.nodes.cluster_setup import publish

    return publish(call.configuration())


def _rebase(call: Call) -> str:
    from greenchat.server.nodes.cluster_setup import rebase

    return rebase(call.configuration(), is_sure=call.arguments.yes)


def _status(call: Call) -> str:
    try:
        answer = ask(call.configuration().options.data, "nodes")
    except NoServerError:
        from greenchat.server.nodes.cluster_setup import describe

        raise ToolError(describe(call.configuration()), _NOT_RUNNING) from None
    if call.arguments.json:
        return json.dumps(answer, indent=2, ensure_ascii=False)
    titles = ("NODE", "SESSIONS", "SINCE", "SILENT", "BEHIND", "CPU", "VERSION", "EPOCHS")
    table = [titles, *(_row(node) for node in answer["nodes"])]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = ["  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in table]
    return "\n".join([*lines, f"entry {answer['entry']} of the log, which is in epoch {answer['epoch']}"])


def _row(node: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        node["name"] + (" (drained)" if node["is_draining"] else ""),
        str(node["sessions"]),
        in_words(node["since"]),
        f"{node['silent']} ms",
        f"{node['behind']} entries",
        f"{node['cpu']:.0f} s",
        node["version"],
        f"{node['oldest']}-{node['newest']}",
    )


def _drain(call: Call) -> str:
    node = _named(call, "the NODE")
    ask(call.configuration().options.data, "drain", node=node)
    return (
        f"{node} moves its clients to the other nodes and accepts no new ones. Stop it when `cluster status` shows 0"
        " sessions"
    )


def _forget(call: Call) -> str:
    node = _named(call, "the NODE")
    ask(call.configuration().options.data, "forget", node=node)
    return f"{node} was removed, and its name can be reused"


def _upgrade(call: Call) -> str:
    begun = ask(call.configuration().options.data, "begin-epoch")["epoch"]
    return f"The log is now in epoch {begun}: nodes with older versions are refused"


def _named(call: Call, what: str) -> str:
    given: Namespace = call.arguments
    if not given.what:
        raise ToolError(f"cluster {given.action}: {what} is missing")
    return str(given.what)


_ACTIONS: Mapping[str, Callable[[Call], str]] = {
    "init": _init,
    "join": _join,
    "publish": _publish,
    "status": _status,
    "drain": _drain,
    "forget": _forget,
    "upgrade": _upgrade,
    "rebase": _rebase,
}
_NAMING = ("join", "drain", "forget")
_MAKING = ("init", "join")


def _cluster(call: Call) -> int:
    from greenchat.server.nodes.cluster_setup import ClusterSetupError
    from greenchat.storage.interface import StoreError

    given = call.arguments
    if given.what and given.action not in _NAMING:
        raise ToolError(f"cluster {given.action} takes no {given.what!r}")
    try:
        call.out.write(_ACTIONS[given.action](call) + "\n")
    except NoServerError as error:
        raise ToolError(f"{error}: run this at a running node", _NOT_RUNNING) from error
    except (ControlRefusedError, ClusterSetupError, StoreError) as error:
        raise ToolError(str(error)) from error
    return 0


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "action",
        metavar="ACTION",
        choices=tuple(_ACTIONS),
        help="init: create the log from this data folder; publish: store a backup of this node in the engine;"
        " join: create this node from that backup; join FILE: from another node's backup; status: list the nodes;"
        " drain NODE: move its clients to other nodes; forget NODE: remove a stopped node;"
        " upgrade: begin the newest epoch, after all nodes have the new version;"
        " rebase: recreate a log that the engine has lost",
    )
    parser.add_argument("what", metavar="FILE|NODE", nargs="?", default="", help="for join, drain and forget")
    parser.add_argument("--json", action="store_true", help="the status as JSON")
    parser.add_argument("--yes", action="store_true", help=_SURE)


TOOLS = (
    Tool(
        "cluster",
        "set up and manage nodes on several machines",
        _cluster,
        _arguments,
        makes_data=lambda given: given.action in _MAKING,
    ),
)
