"""A command's persistent effects are done whole or not at all, however much the command writes and wherever the store
fails.

Each command is run while the store refuses all commits, again while it accepts one, and so on, until the command is
confirmed. A refused command has changed nothing, neither in the store nor in memory. A server that dies between two
commits would leave the same half.
"""

from base64 import urlsafe_b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from greenchat.chat import documents
from greenchat.chat.account_data.files import File
from greenchat.chat.account_data.push_subscriptions import PushSubscription
from greenchat.chat.registered_channels import document
from greenchat.chat.tokens import BOT
from greenchat.commands.accounts.webpush import _subscribe
from greenchat.commands.history.files import add_file
from greenchat.config.outbound import Outbound, Push, WebhookRules
from greenchat.config.settings import FileHost
from greenchat.server.app import App
from greenchat.storage.interface import StoreError, StoreWrite
from tests.conftest import cheap_passwords, quick_options
from tests.irc import ALL_CAPS, Client
from tests.opers import WITH_OPERS, become_oper
from tests.world import World

_PASSWORD = "a-good-password"
_OUTBOUND = Outbound(webhooks=WebhookRules(enabled=True), push=Push(enabled=True))
_SETTINGS = cheap_passwords(replace(WITH_OPERS, outbound=_OUTBOUND, files=FileHost(enabled=True)), 1)
_KEYS = f"p256dh={urlsafe_b64encode(bytes(65)).decode()};auth={urlsafe_b64encode(bytes(16)).decode()}"
_REFUSED = ("could not be stored", "could not be")

# the client, and its lines: the last one is tested; {} is the code that the line is answered with where it has none
_LINES = [
    ("ann", f"CHANSERV SUCCESSOR #own bob|NICKSERV DROP ann {_PASSWORD}"),
    ("root", "NICKSERV ERASE ann {}"),
    ("root", "NICKSERV ERASE gone"),
    ("root", "CHANSERV PURGE ADD #own :no more"),
    ("root", "CHANSERV PURGE DEL #shut"),
    ("ann", f"NICKSERV PASSWD {_PASSWORD} another-password"),
    ("root", "NICKSERV SETPASS ann another-password"),
    ("ann", "NICKSERV LOGOUT OTHERS"),
    ("ann", "NICKSERV SET ALWAYS-ON on"),
    ("ann", "NICKSERV SET ENFORCE on"),
    ("ann", "NICKSERV TOKEN CREATE HOOK #own"),
    ("ann", "NICKSERV TOKEN CREATE BOT read,say"),
    ("ann", "CHANSERV WEBHOOK #own ADD https://hooks.example/2"),
    ("ann", "CHANSERV UNREGISTER #own {}"),
    ("ann", "CHANSERV TRANSFER #own bob {}"),
    ("ann", "CHANSERV SUCCESSOR #own bob"),
    ("ann", "CHANSERV AMODE #own +o bob"),
    ("ann", "CHANSERV AKICK #own ADD bad!*@*"),
    ("ann", "CHANSERV CLEAR #own BANS"),
    ("ann", "MODE #own +ik key|CHANSERV RECOVER #own"),
    ("ann", "CHANSERV ENTRYMSG #own :come in"),
    ("ann", "RENAME #own #else"),
    ("ann", "MODE #own +ikl-t key 7"),
    ("ann", "TOPIC #own :new"),
    ("ann", "ACCEPT bob"),
    ("ann", "METADATA * SET status :busy"),
    ("eve", f"REGISTER eve * {_PASSWORD}"),
    ("root", f"NICKSERV SAREGISTER new {_PASSWORD}"),
    ("root", "NICKSERV SUSPEND ann :no"),
    ("root", "HOSTSERV SET ann host.example"),
    ("root", "UBAN ADD 192.0.2.7 1h :no"),
    ("root", "UBAN DEL 192.0.2.1"),
    ("root", "KLINE *@192.0.2.8 :no"),
    ("root", "RESV #new 1h :no"),
    ("root", "UNRESV #shut"),
    ("root", "DEFCON 4"),
    ("root", "SAMODE #own +m"),
    ("ann", "MARKREAD #own timestamp=2020-01-01T00:00:00.000Z"),
    ("ann", "REMEMBER"),
    ("ann", f"WEBPUSH REGISTER https://push.example/new {_KEYS}"),
    ("ann", "WEBPUSH UNREGISTER https://push.example/1"),
    ("ann", "FILEHOST TOKEN"),
    ("ann", "FILEHOST TOKEN|FILEHOST TOKEN"),
    ("ann", "REMEMBER|REMEMBER"),
    ("ann", "NICKSERV TOKEN REVOKE {token}"),
    ("ann", "NICKSERV SET MULTICLIENT off"),
    ("ann", "PERSISTENCE SET ON"),
    ("ann", "PERSISTENCE SET ON|PERSISTENCE SET OFF"),
    ("ann", f"NICKSERV TOTP ON {_PASSWORD}"),
    ("ann", "ACCEPT bob|ACCEPT -bob"),
    ("ann", "ACCEPT *,bob,nobody,other,root,*"),
    ("ann", "ACCEPT bob,other,root|ACCEPT -bob,-nobody,-root,-other"),
    ("ann", "METADATA * SET status :busy|METADATA * CLEAR"),
    ("ann", "METADATA #own SET url :x"),
    ("ann", "METADATA #own SET url :x|METADATA #own CLEAR"),
    ("ann", "MODE #own -b x!*@*"),
    ("ann", "MODE #own +beI y!*@* z!*@* q!*@*"),
    ("ann", "TBAN #own 1h y!*@*"),
    ("ann", "CHANSERV BAN #own y!*@* 1h :no"),
    ("ann", "CHANSERV UNBAN #own x!*@*"),
    ("ann", "CHANSERV AKICK #own ADD bad!*@*|CHANSERV AKICK #own DEL bad!*@*"),
    ("ann", "CHANSERV AMODE #own +o bob|CHANSERV AMODE #own -o bob"),
    ("ann", "CHANSERV ENTRYMSG #own :come in|CHANSERV ENTRYMSG #own none"),
    ("ann", "CHANSERV SUCCESSOR #own bob|CHANSERV SUCCESSOR #own none"),
    ("ann", "CHANSERV WEBHOOK #own DEL {hook}"),
    ("root", "NICKSERV SUSPEND ann :no|NICKSERV UNSUSPEND ann"),
    ("root", "HOSTSERV SET ann host.example|HOSTSERV DEL ann"),
    ("root", "UNKLINE 192.0.2.1"),
    ("root", "DLINE 192.0.2.9 :no"),
    ("root", "METADATA ann SET status :odd"),
    ("root", "CLOAK ROTATE"),
    ("root", "CHANSERV TRANSFER #own bob {}"),
]  # fmt: skip


class Deployment:
    """A server on which ann owns much, and whose store can be made to fail."""

    def __init__(self, data: Path) -> None:
        self.world = World(_SETTINGS, quick_options(data))
        self.people = {
            nick: Client(self.world, nick, caps=f"{ALL_CAPS} draft/webpush")
            for nick in ("ann", "bob", "root", "eve", "gone")
        }
        ann, bob, root, _, gone = self.people.values()
        become_oper(root)
        for client in ann, bob, gone:
            client.run(f"REGISTER {client.nick} * {_PASSWORD}")
        gone.run(f"NICKSERV DROP gone {_PASSWORD}")
        root.run(f"NICKSERV SAREGISTER other {_PASSWORD}")
        for name in "#own", "#kept":
            ann.run(f"JOIN {name}", f"CHANSERV REGISTER {name}", f"MODE {name} +b x!*@*")
        ann.run("CHANSERV SUCCESSOR #kept bob", "NICKSERV TOKEN CREATE HOOK #own", "NICKSERV TOKEN CREATE BOT read")
        ann.run("CHANSERV WEBHOOK #own ADD https://hooks.example/1", "REMEMBER", "PRIVMSG #own :said")
        bob.run("ACCEPT ann", "JOIN #bobs", "CHANSERV REGISTER #bobs", "CHANSERV AMODE #bobs +o ann")
        root.run("UBAN ADD 192.0.2.1 1h :old", "RESV #shut 1h :old")
        self.world.call(self._give)

    @staticmethod
    def _give(app: App) -> None:
        account = app.network.accounts.get("ann")
        assert account
        file = File("f" * 22, "0" * 64, 1, "text/plain", "it", account.id, app.now())
        add_file(app.new_context(), file.document())
        push = PushSubscription("https://push.example/1", "key", "secret", account.id, 0, app.now())
        _subscribe(app.new_context(), push.document())

    @contextmanager
    def failing(self, after: int) -> Iterator[None]:
        """Let the store accept only so many commits during the block."""
        store = self.world.app.store
        commit, left = store.commit, after

        def commit_some(writes: Sequence[StoreWrite]) -> None:
            nonlocal left
            left -= 1
            if left < 0:
                raise StoreError("the disk is full")
            commit(writes)

        store.commit = commit_some  # type: ignore[method-assign]  # the disk of this one
        try:
            yield
        finally:
            del store.commit  # back to the method of the class

    def look(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return what is stored and what is in memory."""
        return self.world.call(_stored), self.world.call(_remembered)


def _with_ids(line: str, app: App) -> str:
    """Return a line with the ids of ann's connections and the like in the place of their names."""
    token = next(each for each in app.network.tokens if each.kind == BOT)
    webhook = next(iter(app.network.account_data.webhooks))
    return line.replace("{token}", token.id).replace("{hook}", webhook.id)


def _stored(app: App) -> dict[str, Any]:
    passing = (documents.PRESENCE, documents.SAVED_USER, documents.SAVED_CHANNEL, documents.INSIDE, documents.CLOSED)
    return {kind.name: app.store.documents(kind.name) for kind in documents.KINDS if kind not in passing}


def _remembered(app: App) -> dict[str, Any]:
    network = app.network
    protection, account_data = network.protection, network.account_data
    found: dict[str, Any] = {
        "accounts": [each.document() for each in network.accounts],
        "dropped": [each.document() for each in network.accounts.dropped],
        "channels": {name: document(each, each.registration) for name, each in network.channels.items()},
        "tokens": [each.document() for each in network.tokens],
        "files": [each.document() for each in account_data.files],
        "pushes": [each.document() for each in account_data.pushes],
        "webhooks": [each.document() for each in account_data.webhooks],
        "bans": [each.document() for each in protection.bans],
        "reservations": [each.document() for each in protection.reservations],
        "defcon": protection.defcon,
        "markers": {name: user.read_markers and user.read_markers.times for name, user in network.users.items()},
        "accepted": {name: list(user.caller_id.accepted) for name, user in network.users.items()},
        "cloak": network.protection.cloaks.host("192.0.2.77"),
        "users": {name: (user.account, user.metadata, user.host) for name, user in network.users.items()},
    }
    return found


@pytest.mark.parametrize(("who", "line"), _LINES)
def test_a_failing_store_leaves_no_half(tmp_path: Path, who: str, line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("greenchat.commands.accounts.tokens._MOST_SESSIONS", 1)  # the next session takes the only place
    monkeypatch.setattr("greenchat.commands.accounts.webpush._MOST", 1)
    deployment = Deployment(tmp_path)
    try:
        client = deployment.people[who]
        *first, last = line.split("|")
        client.run(*first)
        for taken in range(10):
            if _is_done(deployment, client, last, taken):
                assert taken > 0, "the command was never refused"
                return
        raise AssertionError("it is never done")
    finally:
        deployment.world.stop()


def _is_done(deployment: Deployment, client: Client, line: str, taken: int) -> bool:
    """Whether the command is done if the store accepts so many commits; if not, check that nothing has changed."""
    if line.endswith("{}"):
        asked = client.run(line.replace(" {}", ""))
        line = line.format(asked[-1].params[-1].split()[-1])
    line = _with_ids(line, deployment.world.app)
    before = deployment.look()
    with deployment.failing(taken):
        answers = [message.params[-1] for message in client.run(line)]
    is_done = not any(text in answer for answer in answers for text in _REFUSED)
    assert (deployment.look() != before) is is_done, answers
    return is_done
