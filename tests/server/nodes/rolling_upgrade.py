"""The parts of a rolling upgrade: another version of greenchat, and clients that continue on another node."""

import os
import shutil
import time
from collections.abc import Sequence
from contextlib import suppress
from importlib.util import cache_from_source
from pathlib import Path

from greenchat import __version__
from greenchat.chat.acts import VERSION
from tests.irc import Client
from tests.patience import PATIENCE
from tests.server.nodes.cluster import NodeProcess
from tests.server.nodes.talkers import Talker
from tests.server.process import ROOT

OLD, NEW = __version__, "99.0"
LATER = VERSION + 1  # the epoch that the new version adds
_CAPS = "batch draft/chathistory echo-message greenchat/resume message-tags"
_LATER = '''
"""WAVE, and what SALUTE does, came with a later epoch."""

from greenchat.commands.core.context import Context
from greenchat.commands.core.lookup import find_channel
from greenchat.commands.core.registry import Way, command
from greenchat.commands.core.steps import step


def _count(ctx: Context, what: str, channel: str) -> None:
    room = find_channel(ctx, channel)
    count = int(room.metadata.get(what, "0")) + 1
    room.metadata[what] = str(count)
    ctx.broadcast(room, ctx.envelope("NOTICE", room.name, f"{what} {count}"))


@command("WAVE", params=1, since=LATER)
def wave(ctx: Context) -> None:
    """WAVE <channel>

    Wave at a channel.
    """
    _count(ctx, "waves", ctx.message.params[0])


@step("saluted", since=LATER)
def saluted(ctx: Context, channel: str) -> None:
    """Note a salute."""
    _count(ctx, "salutes", channel)


@command("SALUTE", params=1, way=Way.STEPS)
def salute(ctx: Context) -> None:
    """SALUTE <channel>

    Salute a channel.
    """
    ctx.propose(saluted, ctx.message.params[0])
'''


class Installation:
    """A folder with a copy of greenchat. script: its command, which changes with `upgrade`."""

    def __init__(self, folder: Path) -> None:
        self._link = folder / "installed"
        self._versions = folder / "versions"
        self._use(self._copied(OLD))
        self.script = (str(self._link / "greenchat-server"),)
        self.environment = {"PYTHONPATH": str(self._link)}

    def upgrade(self) -> None:
        """Install a later version: another version number, one epoch more, and the commands of that epoch."""
        copy = self._copied(NEW)
        _change(copy / "greenchat/__init__.py", f'"{OLD}"', f'"{NEW}"')
        _change(copy / "greenchat/chat/acts.py", f"\nVERSION = {VERSION}\n", f"\nVERSION = {LATER}\n")
        # existing commands behave differently from that epoch on
        knows_it = f'user.realname = realname + (" (later)" if ctx.network.nodes.epoch >= {LATER} else "")'
        _change(copy / "greenchat/commands/users/identity.py", "user.realname = realname", knows_it)
        (copy / "greenchat/commands/messages/later.py").write_text(
            _LATER.lstrip().replace("LATER", str(LATER)), encoding="utf-8"
        )
        self._use(copy)

    def go_back(self) -> None:
        """Install the first version again."""
        self._use(self._versions / OLD)

    def go_on(self) -> None:
        """Install the later version again."""
        self._use(self._versions / NEW)

    def _copied(self, version: str) -> Path:
        copy = self._versions / version
        shutil.copytree(ROOT / "greenchat", copy / "greenchat", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "bin/greenchat-server", copy)
        for module in (ROOT / "greenchat").rglob("*.py"):  # compiled bytecode is copied, too
            compiled = Path(cache_from_source(str(module)))
            if compiled.exists():
                there = Path(cache_from_source(str(copy / module.relative_to(ROOT))))
                there.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(compiled, there)
        return copy

    def _use(self, version: Path) -> None:
        new = self._link.with_suffix(".new")
        new.symlink_to(version)
        os.replace(new, self._link)


def _change(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1, (file, old)
    file.write_text(text.replace(old, new), encoding="utf-8")


class MovingClient(Talker):
    """A client that continues on another node when its own sends it away, by its token, and sends nothing twice."""

    def __init__(self, nodes: Sequence[NodeProcess], nick: str, channel: str = "#a") -> None:
        """nodes: the first one is where the client starts."""
        self._nodes = nodes
        self._token = ""
        self._known: set[tuple[str, str]] = set()
        self.moves = 0
        super().__init__(nodes[0], nick, channel)
        self._token = self._next_token

    def _connected(self, node: NodeProcess, nick: str) -> Client:
        client = Client(node.address)
        resume = [f"RESUME {self._token}"] if self._token else []
        name = f"{nick}_" if self._token else nick
        client.send("CAP LS 302", f"CAP REQ :{_CAPS}", *resume, f"NICK {name}", f"USER {nick} 0 * :{nick}", "CAP END")
        before = client.until("376", "422")
        self._next_token = next(message.params[0] for message in before if message.command == "RESUME")
        assert next(message.params[0] for message in before if message.command == "001") == nick
        return client

    def _say(self, *, again: bool = False) -> None:
        self._count += not again
        mark = f"@+greenchat/id={self.nick}-{self._count}"
        self.client.send(f"{mark} PRIVMSG {self._channel} :{self.nick} {self._count}")

    def _note(self, *messages: tuple[str, str]) -> None:
        """Note what is new: the echo of a message sent again equals the first one."""
        super()._note(*(each for each in messages if each not in self._known))
        self._known.update(messages)

    def _talk(self) -> None:
        while not self.is_lost:
            with suppress(EOFError, OSError):
                self._hear()
                return
            self._move()

    def wait_until_moved(self, times: int) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: self.moves >= times, 60)

    def _move(self) -> None:
        """Connect to the next node that accepts clients: read what was missed, and send again what was not echoed."""
        self.client.close()
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            for node in self._nodes:
                with suppress(EOFError, OSError):
                    self.client = self._connected(node, self.nick)
                    self._token = self._next_token
                    self._catch_up()
                    with self._changed:
                        self.moves += 1
                        self._changed.notify_all()
                    return
            time.sleep(0.02)
        self.is_lost = True
        self._note()

    def _catch_up(self) -> None:
        missed: list[tuple[str, str]] = []
        live: list[tuple[str, str]] = []
        while True:  # the history comes in pages
            known = len(missed)
            last, _ = (missed or self.received)[-1]
            self.client.send(f"CHATHISTORY AFTER {self._channel} msgid={last} 1000")
            while (message := self.client.read()).command != "BATCH" or message.params[0].startswith("+"):
                if message.command == "PRIVMSG":
                    messages = missed if "batch" in message.tags else live
                    messages.append((message.tags["msgid"], message.params[-1]))
            if len(missed) == known:
                break
        self._note(*missed)
        self._note(*live)
        last_text = f"{self.nick} {self._count}"
        self._say(again=all(text != last_text for _, text in self.received))
