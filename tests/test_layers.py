"""Check the structure of the source: which modules may import which, and where gevent, curses and wire text may be.

protocol <- values <- config <- chat <- commands <- server        storage <- {commands (interface only), server}
protocol <- client (nothing else of ours)       protocol <- bench       cli, extras <- everybody
"""

import ast
import re
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.sources import MODULES, ROOT, TESTS, nodes, tree

# What each package may import of ours. "" is greenchat itself: the version, and modules shared by the programs.
MAY_IMPORT = {
    "": set(),
    "protocol": {""},
    "storage": {"", "protocol"},
    "values": {"", "protocol"},
    "config": {"", "protocol", "values"},
    "chat": {"", "protocol", "values", "config"},
    "commands": {"", "protocol", "values", "config", "chat", "storage"},
    "server": {"", "protocol", "values", "config", "chat", "commands", "storage"},
    "client": {"", "protocol"},
    "bench": {"", "protocol"},
}
# The folders inside a package, from the bottom up: each may import folders of earlier rows, and itself. A module
# outside the folders of its package counts as a folder; in a flat package all modules are one.
INNER_ORDER = {
    "storage": [{"."}],
    "values": [{"."}],
    "config": [{"."}],
    "protocol": [{"."}, {"plain"}, {"envelopes"}],
    "chat": [{"protection", "account_data", "cluster"}, {"."}, {"continuity"}],
    "commands": [
        {"core"},
        {"users", "info", "history"},
        {"messages", "channels", "accounts"},
        {"connection"},
        {"services", "operators", "nodes"},
        {"catalog"},
        {"applying"},
    ],
    "client": [
        {"text"},
        {"state"},
        {"irc", "terminal", "importing"},
        {"handlers", "slash", "net", "archive"},
        {"input", "plugins"},
        {"view", "programs"},
        {"console"},
        {"effect_runner", "line_mode"},
        {"app"},
        {"main"},
    ],
    "server": [
        {"fetch", "programs", "thread_pool"},
        {"clock", "early_signals", "fair_pool", "jwt_check", "log_files", "terminal", "mail", "urls", "systemd"},
        {"stand_in", "greeting"},
        {"bearer", "net", "files", "external_auth"},
        {"http", "control", "push", "background_work"},
        {"data"},
        {"timer_wheel", "shutdown_steps", "blocklist_gate", "listeners", "shutdown"},
        {"clients"},
        {"nodes"},
        {"sweeper", "reload", "tools", "health", "handover"},
        {"upkeep"},
        {"app"},
        {"launch"},
        {"main"},
    ],
    "bench": [
        {"figures", "framing", "peers", "process", "progress", "pseudo_terminal", "wire"},
        {"attackers", "plot", "sampling", "swarm", "transcript"},
        {"connecting", "messages_in_flight", "node_processes", "reader", "targets"},
        {"load"},
        {"node_delay", "scenario"},
        {"node_loss", "worker"},
        {"rounds", "scenarios"},
        {"catalog"},
        {"main"},
    ],
}
FLAT = {"storage", "values", "config", "protocol", "chat"}
# Commands know the interface of the storage, not the implementation: nothing that opens a database.
PURE_STORAGE = {"storage/interface.py", "storage/changes.py", "storage/log.py"}
OUTSIDE = {
    "gevent": {"server", "bench"},
    "curses": {"client/terminal/screen.py", "client/terminal/key_decoder.py", "server/tools/live.py"},
}


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def package(path: Path) -> str:
    if path.name == "__main__.py":
        return "client"  # `python -m greenchat` starts it
    return path.relative_to(ROOT).parts[0] if path.parent != ROOT else ""


def in_packages(*packages: str) -> list[Path]:
    return [path for path in MODULES if package(path) in packages]


def imports(path: Path) -> Iterator[ast.Import | ast.ImportFrom]:
    for node in nodes(path):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node


@cache
def ours(path: Path) -> set[Path]:
    """Return our modules that a module imports anywhere."""
    found = set()
    for node in imports(path):
        if not isinstance(node, ast.ImportFrom):
            continue
        if node.level:
            base = path.parents[node.level - 1]
        elif (node.module or "").split(".")[0] == "greenchat":
            base = ROOT.parent
        else:
            continue
        folder = base.joinpath(*(node.module or "").split("."))
        for alias in node.names:
            found |= {
                file
                for file in (
                    folder / f"{alias.name}.py",
                    folder / alias.name / "__init__.py",
                    folder.with_suffix(".py"),
                )
                if file in MODULES
            } or ({folder / "__init__.py"} & MODULES)
    return found - {path}


@cache
def foreign(path: Path) -> set[str]:
    """Return the top-level names of other modules that a module imports."""
    found = set()
    for node in imports(path):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif not node.level:
            found.add((node.module or "").split(".")[0])
    return found - {"greenchat"}


def test_modules_are_found() -> None:
    """Otherwise the tests below would pass for nothing."""
    assert len(MODULES) > 100
    assert ROOT / "protocol/message.py" in ours(ROOT / "protocol/envelopes/envelope.py")
    assert ROOT / "protocol/caps.py" in ours(ROOT / "commands/messages/privmsg.py")
    assert ROOT / "__init__.py" in ours(ROOT / "config/about.py")
    assert "gevent" in foreign(ROOT / "server/net/turn.py")


def test_imports_go_one_way() -> None:
    wrong = [
        f"{name(path)} imports {name(imported)}"
        for path in MODULES
        for imported in ours(path)
        if package(imported) not in MAY_IMPORT[package(path)] | {package(path)}
    ]
    assert wrong == []


def test_commands_know_only_what_is_pure_of_the_storage() -> None:
    used = {name(imported) for path in in_packages("commands") for imported in ours(path)}
    assert {module for module in used if module.startswith("storage/")} <= PURE_STORAGE


def test_there_are_no_cycles() -> None:
    try:
        TopologicalSorter({path: ours(path) for path in MODULES}).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(name(path) for path in error.args[1]))


@pytest.mark.parametrize(("library", "places"), OUTSIDE.items(), ids=OUTSIDE)
def test_gevent_and_curses_stay_where_they_belong(library: str, places: set[str]) -> None:
    users = {path for path in MODULES if library in foreign(path)}
    assert users
    assert [name(path) for path in users if package(path) not in places and name(path) not in places] == []


UNFIT = {
    # does no I/O and gets time and randomness as arguments
    "protocol": "socket ssl select threading subprocess os time random secrets uuid sqlite3 asyncio logging",
    "values": "socket ssl select threading subprocess os time random secrets uuid sqlite3 asyncio logging",
    "chat": "socket ssl select threading subprocess os time random secrets uuid sqlite3 asyncio logging",
    # a function of state and input: that is what lets several nodes apply one log
    "commands": "socket ssl select threading subprocess os time random secrets uuid sqlite3 asyncio",
}


@pytest.mark.parametrize(("folder", "unfit"), UNFIT.items(), ids=UNFIT)
def test_pure_packages_import_nothing_impure(folder: str, unfit: str) -> None:
    used = {(name(path), library) for path in in_packages(folder) for library in foreign(path)}
    assert [(module, library) for module, library in used if library in unfit.split()] == []


CLOCKS = {"now", "utcnow", "today"}  # of `datetime`, which all of these may import for its values


@pytest.mark.parametrize("folder", UNFIT)
def test_pure_packages_read_no_clock(folder: str) -> None:
    asked = [
        f"{name(path)}:{node.lineno}"
        for path in in_packages(folder)
        for node in nodes(path)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in CLOCKS
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id in {"datetime", "date"}
    ]
    assert asked == []


def room(path: Path) -> str:
    """Return the folder or module of its package to which a module belongs; "." for the modules of a flat one."""
    if package(path) in FLAT and path.parent.name == package(path):
        return "."
    part = path.relative_to(ROOT).parts[1].removesuffix(".py")
    return "plugins" if part == "plugin" else part  # the name of that folder for users' files


@pytest.mark.parametrize("package_name", INNER_ORDER)
def test_packages_are_built_from_the_bottom_up(package_name: str) -> None:
    height = {each: row for row, rooms in enumerate(INNER_ORDER[package_name]) for each in rooms}
    inside = [path for path in in_packages(package_name) if path.parent != ROOT and room(path) != "__init__"]
    assert {room(path) for path in inside} <= height.keys(), "every package is listed in INNER_ORDER"
    wrong = [
        f"{name(path)} imports {name(imported)}"
        for path in inside
        for imported in ours(path)
        if package(imported) == package_name
        and room(imported) not in {room(path), "__init__"}
        and height[room(imported)] >= height[room(path)]
    ]
    assert wrong == []


def test_every_package_is_in_both_orders() -> None:
    packages = {package(path) for path in MODULES}
    assert packages == MAY_IMPORT.keys()
    assert packages - {""} == INNER_ORDER.keys()


def test_files_named_in_comments_exist() -> None:
    """A reader who follows a comment to a file must find it."""
    known = {path.name for path in MODULES} | {"setup.py", "dice.py"}  # the last one is a user's own, in an example
    gone = {
        f"{name(path)}: {named}"
        for path in MODULES
        for named in re.findall(r"\b[a-z_]+\.py\b", path.read_text(encoding="utf-8"))
        if named not in known
    }
    assert gone == set()


def test_the_map_has_every_folder() -> None:
    """greenchat/README.md, and for the client's folders its own README.md."""
    folders = {path.parent for path in MODULES} - {ROOT}
    assert len(folders) > 40
    pages = {page: (ROOT / page).read_text(encoding="utf-8") for page in ("README.md", "client/README.md")}
    missing = {
        str(folder.relative_to(ROOT))
        for folder in folders
        if f"{folder.name}/" not in pages["client/README.md" if folder.parent == ROOT / "client" else "README.md"]
    }
    assert missing == set()


def test_no_folder_holds_too_many_modules() -> None:
    """A list of thirty names can be taken in at a glance, and hardly more."""
    assert {folder: number for folder, number in Counter(path.parent for path in MODULES).items() if number > 30} == {}


@pytest.mark.parametrize("path", [ROOT / "protocol", ROOT / "client/terminal/key_decoder.py"], ids=name)
def test_the_client_imports_little_at_the_start(path: Path) -> None:
    """The prompt appears within 150 ms: all that is needed at once is in the standard library."""
    files = [file for file in MODULES if file == path or path in file.parents]
    assert files
    assert set().union(*(foreign(file) for file in files)) <= sys.stdlib_module_names


def test_no_import_is_hidden() -> None:
    """A cycle means that a name is in the wrong file; imports inside functions must not hide one."""
    for path in MODULES:
        source = path.read_text(encoding="utf-8")
        assert "TYPE_CHECKING" not in source, name(path)
        assert "# noqa" not in source, name(path)
        seen_code = False
        for node in tree(path).body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                assert not seen_code, f"{name(path)}: an import after the first function"
            seen_code = seen_code or isinstance(node, ast.FunctionDef | ast.ClassDef)


def test_silenced_checks_have_a_reason() -> None:
    """A check that is switched off is a claim, which readers must be able to judge."""
    root = ROOT.parent
    for folder in ("greenchat", "tests", ".ci"):
        for path in (root / folder).rglob("*.py"):
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                silenced = re.search(r"#\s(type: ignore|noqa)", line)
                if silenced and '"' not in line[silenced.end() :]:  # otherwise a test mentions it
                    assert re.search(r"# (type: ignore\[[a-z, -]+\]|noqa: [A-Z0-9, ]+)  # \w", line), f"{path}:{number}"


_MOST_WRITES = 63  # single values, each with one writer


def test_the_parts_of_a_network_are_changed_by_their_methods() -> None:
    """Fields that belong together are written in one place, in `client/state/`: others call that."""
    written = [
        f"{name(path)}:{node.lineno}"
        for path in in_packages("client")
        for node in nodes(path)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if re.search(r"\bnetwork\.[a-z_.]+$", ast.unparse(target)) and "client/state/" not in name(path)
    ]
    assert 20 < len(written) <= _MOST_WRITES


WIRE = re.compile(
    r".\r\n$|^(@\S+ )?:\S+ [A-Z0-9]+ |^(PRIVMSG|NOTICE|JOIN|PART|NICK|USER|QUIT|CAP|PING|PONG|MODE) ([#:{]|X)",
    re.DOTALL,
)
NOT_SENT = {"client/irc/sending.py", "server/net/plain.py"}  # they measure a line


def test_wire_text_is_in_the_protocol_only() -> None:
    """No text of the wire outside protocol/: other packages build messages."""
    wrong = [
        f"{name(path)}:{line}: {text!r}"
        for path in in_packages("chat", "commands", "storage", "server", "client")
        if name(path) not in NOT_SENT
        for line, text in texts(path)
        if WIRE.search(text)
    ]
    assert wrong == []


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """Return every string and f-string except docstrings, with its line; X stands for the values of an f-string."""
    passed_over: set[ast.AST] = set()
    for node in nodes(path):
        if isinstance(node, ast.Expr):
            passed_over.add(node.value)
        elif isinstance(node, ast.JoinedStr):
            passed_over |= set(node.values)
            yield (
                node.lineno,
                "".join(str(part.value) if isinstance(part, ast.Constant) else "X" for part in node.values),
            )
        elif isinstance(node, ast.Constant) and node not in passed_over:
            if isinstance(node.value, str):
                yield node.lineno, node.value
            elif isinstance(node.value, bytes):
                yield node.lineno, node.value.decode("latin-1")


def test_a_file_has_a_docstring_and_one_topic() -> None:
    for path in MODULES:
        assert ast.get_docstring(tree(path)), name(path)
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 400, name(path)


# A first line is read alone, in help and in lists: an imperative, a noun phrase, or "Whether".
NO_SENTENCE = re.compile(
    r"(This|These|What|Whatever|Who|Whoever|Whom|Whose|Those|They|Them|It|Its|Somebody|Nobody|How|Where|When|Which|Why"
    r"|Is|Are|Was|Were|Does|Has|Can|Could|Must|Should|Will|Would)\b|.*\?$"
)


def test_a_docstring_begins_with_a_sentence_of_its_own() -> None:
    described = [
        (f"{name(path)}:{getattr(node, 'lineno', 1)}", documented.splitlines()[0])
        for path in MODULES
        for node in nodes(path)
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef) and (documented := ast.get_docstring(node))
    ]
    of_tests = [
        (str(path.relative_to(ROOT.parent)), found[1])
        for path in TESTS  # parsing all of them would take seconds
        for found in re.finditer(r'^ *"""(.+)', path.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert len(described) > 1000
    assert len(of_tests) > 1000
    wrong = [f"{where}: {first}" for where, first in described + of_tests if NO_SENTENCE.match(first.strip('"'))]
    assert sorted(wrong) == [], 'begin with a verb ("Return ..."), with "Whether" or with a noun'


# Names that a developer of IRC servers or of Python would not guess, each with the usual word.
OLD_WORDS = {
    "aside": "for_session",
    "backlogs": "send_queues",
    "banish": "disconnect_banned",
    "banishment": "ban_enforcement",
    "bequests": "channel_transfers",
    "births": "account_ids",
    "bring_back": "restore",
    "brought": "token_account",
    "counted_by": "throttle_keys",
    "crew": "greenlet_pool",
    "deliver_heard": "deliver_bursts",
    "doors": "listeners",
    "dropping_of": "token_revocation",
    "entrance": "server_password",
    "errands": "effects",
    "estate": "handed_over",
    "familiar": "known_origins",
    "familyerror": "SupervisorError",
    "find_voice": "find_route",
    "flights": "messages_in_flight",
    "flown_in": "in flight",
    "former_self": "former_guest",
    "founding": "cluster_setup",
    "foundingerror": "ClusterSetupError",
    "free_room": "free_space",
    "give_up_all": "remove_all_lost_users",
    "giver": "server",
    "giving": "upgrade",
    "go_through": "serve_by_protocol",
    "heir": "successor",
    "hook_shapes": "hook_payloads",
    "is_asked_outside": "is_checked_externally",
    "is_by_itself": "has_supervisor",
    "is_known_outside": "has_external_password",
    "is_owing": "has_writes_to_retry",
    "is_resting": "has_no_greenlet",
    "isons": "ison_requests",
    "keptnetwork": "SavedNetwork",
    "let_end": "wait_for_end",
    "let_wait": "enqueue",
    "makes_room": "may_take_nick",
    "manners": "connection_rules",
    "meant": "a word for what it is",
    "no_word_of_others": "reject_foreign_word",
    "nodefamily": "NodeSupervisor",
    "notthereerror": "NotFoundError",
    "outsideerror": "ExternalAuthError",
    "outsidelogins": "ExternalPasswordCheck",
    "overhear": "on_readable",
    "oversight": "sa_commands",
    "ownedstate": "AccountData",
    "paces": "rate_limits",
    "place_keeper": "user_saver",
    "placekeeper": "UserSaver",
    "proofreading": "spellcheck",
    "proving": "password_typed",
    "read_marks": "read_markers",
    "readmarks": "ReadMarkers",
    "resent": "sent_ids",
    "restful": "idle",
    "reunion": "reattach",
    "reunite": "reattach",
    "roster": "names_cache",
    "run_out": "finish_command",
    "say_goodbye": "disconnect_in_groups",
    "seat": "node_config",
    "settle": "a word for what it does",
    "silently": "silent_rejoins",
    "steward": "coordinator",
    "strange": "from_stranger",
    "stranger_of": "anonymous_context",
    "take_back": "undo_count, confirm",
    "take_in": "import_events, merge",
    "take_left": "take_previous",
    "taking": "takeover",
    "told_again": "to_envelope",
    "troubles": "warnings",
    "unfitwriteerror": "InvalidWriteError",
    "viewpoint": "window_view",
    "volumes": "history_quota",
    "weigh": "count_bytes",
    "welcome_back": "restore_user",
    "would_reach": "would_accept_text",
}


_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z][a-z]+|[a-z]+")


def _parts(used: str) -> set[str]:
    """Return a name in lower case, and the words of which it consists."""
    return {used.strip("_").lower(), *(part.lower() for part in _PARTS.findall(used))}


def test_old_names_are_not_used() -> None:
    """No module, class, function, attribute or variable has a name that was given up, or is composed with one."""
    wrong = []
    for path in MODULES:
        for node in nodes(path):
            used = getattr(node, "attr", None) or getattr(node, "id", None) or getattr(node, "arg", None)
            used = used or getattr(node, "name", None) or getattr(node, "asname", None) or ""
            used = used.rpartition(".")[2]
            wrong += [
                f"{name(path)}:{getattr(node, 'lineno', 0)} {used}: {OLD_WORDS[word]}"
                for word in _parts(used) & OLD_WORDS.keys()
            ]
    assert sorted(wrong) == []


# The verbs with which docstrings of functions begin; any verb may be added.
VERBS = """
Abort Accept Act Adapt Add Adjust Admit Adopt Advance Allow Announce Answer Append Apply Ask Assemble Assign Assume
Attach Attack Authenticate Await Balance Ban Become Begin Bind Block Blur Break Bring Broadcast Build Cache Call Cancel
Canonicalize Capitalize Carry Change Charge Check Choose Claim Clean Clear Close Collect Combine Come Commit Compact
Compare Complete Compress Compute Confirm Connect Continue Convert Copy Count Create Cut Decide Declare Decode
Decompress Decrypt Defer Delay Delete Deliver Demote Deny Derive Describe Detach Determine Disable Discard Disconnect
Divide Do Download Downscale Drain Draw Drive Drop Echo Edit Elect Enable Encode Encrypt End Enforce Enqueue Ensure
Enter Erase Escape Estimate Exec Execute Expand Expect Expire Extend Fake Feed Fetch Fill Find Finish Flood Flush Focus
Fold Follow Forbid Forget Fork Format Forward Free Gather Gauge Generate Get Give Go Grant Greet Guard Hand Handle Hash
Hide Highlight Hold Identify Ignore Import Impose Include Index Inform Insert Instrument Interpret Interrupt Invalidate
Invite Join Judge Keep Kick Kill Launch Learn Leave Lend Let Lift Limit List Load Lock Log Look Lower Mail Make Map
Mark Match Measure Merge Migrate Mock Mount Move Mute Narrow Normalize Note Notify Number Offer Open Order Pad Paint
Parse Pass Patch Pause Peek Permit Pick Ping Place Play Poke Poll Pop Post Postpone Prepare Pretend Prevent Print
Process Profile Promote Propose Prove Prune Publish Punish Purge Push Put Query Queue Quit Quote Raise Rank React Read
Reap Reattach Rebuild Receive Reconnect Record Recover Redact Redo Redraw Reduce Refresh Refuse Regain Register Reject
Rejoin Relay Release Reload Remember Remind Remove Rename Render Reopen Repeat Replace Replay Replicate Reply Report
Request Require Rescale Rescue Resend Reserve Reset Resize Resolve Restore Resume Retract Retry Return Revoke Rewrite
Ring Rotate Round Run Sample Sanitize Save Say Scale Scan Schedule Scroll Search Select Send Serve Set Shift Shorten
Show Shrink Shut Sign Signal Simplify Simulate Skip Sleep Snapshot Sort Spawn Speak Spend Split Stand Start Stay Step
Stop Store Strip Style Subscribe Sum Suspend Swap Sweep Switch Sync Take Talk Tell Test Throttle Throw Tidy Time Toggle
Trace Transfer Trim Truncate Trust Try Turn Type Unblock Undo Unload Unmount Unpack Unquote Unregister Unsubscribe
Untrust Update Upgrade Upload Use Validate Verify Visit Vote Vouch Wait Wake Walk Want Warn Watch Welcome Wrap Write
Yield
"""
IMPERATIVE = ("", "protocol", "values", "config", "chat", "storage", "commands", "server", "bench", "client")
NOT_SO_DESCRIBED = re.compile(r"(\w+\.)?(cached_)?property$|command\(")  # a value; HELP, with the syntax first
# What the client handles may be described by its form instead: "`<nick> :is away`", then nothing, ":", ";" or ","
MESSAGE = re.compile(r"`[^`]+`($|[:;,] )")


def test_a_functions_docstring_begins_with_a_verb() -> None:
    """PEP 257: "prescribes the function or method's effect as a command"; a property is described like a value."""
    allowed = {"Whether", *VERBS.split()}
    described = [
        (path, node, documented.split()[0].rstrip(",:;."), documented.splitlines()[0])
        for path in in_packages(*IMPERATIVE)
        for node in nodes(path)
        if isinstance(node, ast.FunctionDef)
        and not any(NOT_SO_DESCRIBED.match(ast.unparse(each)) for each in node.decorator_list)
        and (documented := ast.get_docstring(node))
    ]
    assert len(described) > 300
    wrong = [
        f"{name(path)}:{node.lineno} {node.name}: {text}"
        for path, node, first, text in described
        if first not in allowed and not (is_handler(node) and MESSAGE.match(text))
    ]
    assert sorted(wrong) == [], 'begin with a verb ("Return ...") or with "Whether"'


def is_handler(node: ast.FunctionDef) -> bool:
    """Whether the client's table has this function: it is declared with `@on(...)`."""
    return any(ast.unparse(each).startswith("on(") for each in node.decorator_list)
