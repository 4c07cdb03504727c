"""Files: who may upload, how they are processed, served and deleted."""

import base64
import io
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from greenchat.config.options import Connections, Options, Storage
from greenchat.config.settings import AccountSettings, FileHost, Settings
from greenchat.config.web import Web
from greenchat.server.app import App
from greenchat.server.data import disk_watch
from greenchat.server.files import blobs, pictures
from greenchat.server.files.blobs import FOLDER
from greenchat.server.http import uploads
from tests.conftest import ServerThread, StartServer, quick_options
from tests.http_client import Answer, Http
from tests.irc import Client, people
from tests.opers import WITH_OPERS, become_oper
from tests.patience import PATIENCE

PASSWORD = "sesame open"
CAPS = "message-tags server-time echo-message draft/message-redaction"
SITE = "https://chat.example.org/"
MIB = 1 << 20
Start = Callable[..., ServerThread]


@pytest.fixture
def start(start_server: StartServer, tmp_path: Path) -> Start:
    def starting(options: Options | None = None, **rules: Any) -> ServerThread:
        files = FileHost(enabled=True, url=SITE, **rules)
        settings = replace(WITH_OPERS, accounts=AccountSettings(iterations=4096), files=files)
        return start_server(settings, options or replace(quick_options(tmp_path), storage=Storage()))

    return starting


@pytest.fixture
def server(start: Start) -> ServerThread:
    return start()


@pytest.fixture
def alice(server: ServerThread) -> Iterator[Client]:
    with people(server.address, "alice", caps=CAPS) as (client,):
        register(client)
        client.join("#dev")
        yield client


def register(client: Client) -> None:
    client.send(f"REGISTER * * :{PASSWORD}")
    client.expect("900")


def basic(name: str = "alice", password: str = PASSWORD) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


def upload(server: ServerThread, data: bytes, **fields: str) -> Answer:
    with Http(server.address) as http:
        return http.get("/files", "POST", data, **fields)


def fetch(server: ServerThread, answer: Answer, method: str = "GET", rest: str = "", **fields: str) -> Answer:
    with Http(server.address) as http:
        return http.get(json.loads(answer.body)["path"] + rest, method, b"", **fields)


def thumbnail_of(server: ServerThread, answer: Answer) -> Answer:
    with Http(server.address) as http:
        return http.get(json.loads(answer.body)["thumbnail"])


def picture(form: str = "PNG", size: tuple[int, int] = (800, 600), **options: Any) -> bytes:
    file = io.BytesIO()
    Image.linear_gradient("L").resize(size).convert("RGB").save(file, form, **options)
    return file.getvalue()


def contents(folder: Path) -> set[str]:
    return {path.name for path in (folder / FOLDER).rglob("*") if path.is_file()}


def poll(look: Callable[[], int], wanted: int) -> None:
    """Wait until the value is the wanted one."""
    for _ in range(400):
        if look() == wanted:
            return
        threading.Event().wait(0.05)
    assert look() == wanted


def under_way(app: App) -> int:
    assert app.files
    return app.files._uploads._under_way["all"]


def sweep(app: App, ahead: int = 0) -> None:
    assert app.files
    app.files.sweep(app.now() + ahead)


def sweep_until(server: ServerThread, folder: Path, wanted: set[str]) -> None:
    """Let the server remove unused contents, and check that it has."""
    for _ in range(100):
        server.call(sweep)
        if contents(folder) == wanted:
            return
        threading.Event().wait(0.05)
    assert contents(folder) == wanted


def test_upload_and_fetch(server: ServerThread, alice: Client) -> None:
    answer = upload(server, b"hello", **basic(), Content_Disposition='inline; filename="greeting.txt"')
    # "On success, servers MUST reply with a `201 Created` status code and with a `Location` header field"
    assert answer.status == 201
    assert answer.fields["location"].startswith(f"{SITE}files/")
    answer_fields = json.loads(answer.body)
    assert (answer_fields["name"], answer_fields["size"], answer_fields["thumbnail"]) == ("greeting.txt", 5, None)
    assert answer.fields["location"].removeprefix(SITE) == answer_fields["path"].removeprefix("/")
    # "Servers MUST support HEAD and GET requests on the uploaded file URI"
    got = fetch(server, answer)
    assert (got.status, got.body) == (200, b"hello")
    head = fetch(server, answer, "HEAD")
    assert head.status == 200
    assert {name: head.fields[name] for name in ("content-length", "etag", "content-type")} == {
        "content-length": "5",
        "etag": got.fields["etag"],
        "content-type": "text/plain; charset=utf-8",
    }


def test_it_is_announced(server: ServerThread, alice: Client, start_server: StartServer, tmp_path: Path) -> None:
    tokens = {token for line in alice.run("VERSION") for token in line.params}
    assert {f"soju.im/FILEHOST={SITE}files", f"draft/FILEHOST={SITE}files"} <= tokens
    plain = start_server(Settings(), quick_options(tmp_path / "other"))
    with people(plain.address, "bob") as (bob,):
        assert not [token for line in bob.run("VERSION") for token in line.params if "FILEHOST" in token]
        assert bob.run("FILEHOST TOKEN")[0].params[:2] == ("FILEHOST", "DISABLED")
    assert upload(plain, b"x").status == 404


def test_options(server: ServerThread) -> None:
    """ "Servers MUST accept OPTIONS requests on the upload URI. Servers MAY return an `Accept-Post` header field"."""
    with Http(server.address) as http:
        answer = http.get("/files", "OPTIONS")
        assert (answer.status, answer.fields["accept-post"]) == (204, "*/*")
        assert "access-control-allow-origin" not in answer.fields
        assert "access-control-allow-origin" not in http.get("/files", "OPTIONS", Origin="https://evil.example").fields


def test_allowed_origins(start: Start, tmp_path: Path) -> None:
    origin = "https://gamja.example"
    server = start(replace(quick_options(tmp_path), web=Web(origins=(origin,))))
    with people(server.address, "alice") as (alice,):
        register(alice)
        with Http(server.address) as http:
            preflight = http.get("/files", "OPTIONS", Origin=origin, Access_Control_Request_Method="POST")
            assert preflight.fields["access-control-allow-origin"] == origin
            assert "Authorization" in preflight.fields["access-control-allow-headers"]
            answer = http.get("/files", "POST", b"x", **basic(), Origin=origin)
            assert answer.fields["access-control-expose-headers"] == "Location"


def test_a_token_for_one_upload(server: ServerThread, alice: Client) -> None:
    """ "Servers MUST ensure that tokens are short-lived and MAY invalidate tokens once they are used"."""
    (answer,) = alice.run("FILEHOST TOKEN")
    assert (answer.command, answer.params[0]) == ("FILEHOST", "TOKEN")
    fields = {"Authorization": f"Bearer {answer.params[1]}"}
    assert upload(server, b"one", **fields).status == 201
    assert upload(server, b"two", **fields).status == 401
    assert alice.run("FILEHOST UPLOAD")[0].params[:2] == ("FILEHOST", "INVALID_PARAMS")
    with people(server.address, "guest") as (guest,):
        assert guest.run("FILEHOST TOKEN")[0].params[:2] == ("FILEHOST", "ACCOUNT_REQUIRED")


@pytest.mark.parametrize(("rights", "status"), [("say", 201), ("read", 401)])
def test_a_bot(server: ServerThread, alice: Client, rights: str, status: int) -> None:
    messages = "\n".join(line.params[-1] for line in alice.run(f"NS TOKEN CREATE BOT {rights} 1d bot"))
    secret = next(word for word in messages.split() if len(word) == 32)
    assert upload(server, b"x", Authorization=f"Bearer {secret}").status == status


@pytest.mark.parametrize(
    "given",
    [
        {},
        basic(password="wrong wrong"),
        basic("nobody"),
        {"Authorization": "Basic !!!"},
        {"Authorization": "Basic " + base64.b64encode(b"alice").decode()},
        {"Authorization": "Basic " + base64.b64encode(b"\xff:\xff").decode()},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Digest x"},
        {"Authorization": "Basic"},
        {"Cookie": "greenchat=wrong"},
    ],
)
def test_refused_uploads(server: ServerThread, alice: Client, given: dict[str, str], tmp_path: Path) -> None:
    answer = upload(server, b"x", **given)
    assert answer.status == 401
    assert len(answer.body.decode().splitlines()) == 1
    assert "www-authenticate" in answer.fields
    assert contents(tmp_path) == set()


def test_wrong_passwords_are_counted(server: ServerThread, alice: Client) -> None:
    statuses = [upload(server, b"x", **basic("alice", f"wrong {number}")).status for number in range(12)]
    assert statuses[0] == 401
    assert statuses[-1] == 429
    assert upload(server, b"x", **basic()).status == 429, "the right password is throttled, too"


def test_a_suspended_account(server: ServerThread, alice: Client) -> None:
    from greenchat.commands.core.persistence import change_account

    server.call(lambda app: app.run_step(lambda ctx: change_account(ctx, "alice", suspended="spam")))
    assert upload(server, b"x", **basic()).status == 403


def test_uploads_of_guests(start: Start) -> None:
    server = start(guests=1)
    assert upload(server, b"x" * 1000).status == 201
    assert upload(server, b"x", Origin="https://evil.example").status == 403
    refused = upload(server, b"y" * MIB)
    assert (refused.status, refused.body) == (403, b"Not enough space: 0 of 1 MiB are used by guests\n")


def test_limits(start: Start, tmp_path: Path) -> None:
    server = start(size=1, per_account=2, total=3)
    with people(server.address, "alice", "bob") as clients:
        for client in clients:
            register(client)
        assert upload(server, b"x" * MIB, **basic()).status == 201
        assert upload(server, b"x" * (MIB + 1), **basic()).status == 413
        assert upload(server, b"y" * MIB, **basic()).status == 201
        mine = upload(server, b"z", **basic())
        assert (mine.status, mine.body) == (403, b"Not enough space: 2 of 2 MiB are used\n")
        assert upload(server, b"z" * MIB, **basic("bob")).status == 201
        ours = upload(server, b"z", **basic("bob"))
        assert (ours.status, ours.body) == (507, b"The server has no space for more files\n")
        assert len(contents(tmp_path)) == 3


def test_an_upload_without_a_length(start: Start, tmp_path: Path) -> None:
    server = start(size=1)
    with people(server.address, "alice") as (alice,), Http(server.address) as http:
        register(alice)
        head = f"POST /files HTTP/1.1\r\nHost: x\r\nAuthorization: {basic()['Authorization']}\r\n"
        http.send(f"{head}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n".encode())
        assert http.answer("POST").status == 201
        http.send(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode())
        piece = b"8000\r\n" + b"x" * 0x8000 + b"\r\n"
        http.send(piece * 33 + b"0\r\n\r\n")
        assert http.answer("POST").status == 413
        sweep_until(server, tmp_path, {sha256(b"hello").hexdigest()})


def test_a_truncated_upload(server: ServerThread, alice: Client, tmp_path: Path) -> None:
    with Http(server.address) as http:
        head = f"POST /files HTTP/1.1\r\nHost: x\r\nAuthorization: {basic()['Authorization']}\r\n"
        http.send(f"{head}Content-Length: 1000000\r\n\r\n".encode() + b"x" * 5000)
        http.sock.shutdown(1)
        http.to_end()
    sweep_until(server, tmp_path, set())
    assert upload(server, b"", **basic()).status == 422


@pytest.mark.parametrize(
    ("data", "kind", "how"),
    [
        (b"<script>alert(1)</script>", "text/plain; charset=utf-8", "attachment"),
        (b"<svg onload='alert(1)'/>", "text/plain; charset=utf-8", "attachment"),
        (b"%PDF-1.7", "application/pdf", "attachment"),
        (b"\x7fELF\0", "application/octet-stream", "attachment"),
        (b"OggS\0\2", "audio/ogg", "inline"),
        (picture(), "image/png", "inline"),
    ],
)
def test_a_browser_never_executes_an_upload(
    server: ServerThread, alice: Client, data: bytes, kind: str, how: str
) -> None:
    answer = upload(server, data, **basic(), Content_Type="text/html", Content_Disposition="inline; filename=a.html")
    got = fetch(server, answer)
    assert got.fields["content-type"] == kind
    assert got.fields["content-disposition"] == f"{how}; filename*=UTF-8''a.html"
    assert got.fields["x-content-type-options"] == "nosniff"
    assert "sandbox" in got.fields["content-security-policy"]
    assert "default-src 'none'" in got.fields["content-security-policy"]


def test_an_invalid_title(server: ServerThread, alice: Client) -> None:
    for field in (r"attachment; filename*=?utf-8?b?YQ==?=%ff%00filename*''", "attachment; idna*1;idna*;attachment"):
        assert upload(server, b"x", Content_Disposition=field, **basic()).status == 201


@pytest.mark.parametrize(
    ("disposition", "title"),
    [
        ('inline; filename="../../etc/passwd"', "passwd"),
        ('inline; filename="C:\\\\x\\\\y.doc"', "y.doc"),
        ("attachment; filename*=UTF-8''%E2%82%AC%20rates.pdf", "€ rates.pdf"),
        ('inline; filename="\u20ac.txt"'.encode().decode("latin-1"), "€.txt"),
        ('inline; filename="' + "x" * 300 + '.tar"', "x" * 96 + ".tar"),
        ("inline; filename*=utf-8''a%0d%0aSet-Cookie:%20x", "aSet-Cookie: x"),
        ("inline; filename*=nonsense''%ff", "ÿ"),
        ("", ""),
        ("=?utf-8?q?x?=; filename", ""),
    ],
)
def test_the_title(server: ServerThread, alice: Client, disposition: str, title: str) -> None:
    answer = upload(server, b"x", **basic(), Content_Disposition=disposition)
    assert answer.status == 201
    assert json.loads(answer.body)["name"] == title
    assert fetch(server, answer).status == 200


def test_pictures(server: ServerThread, alice: Client) -> None:
    exif = Image.Exif()
    exif[0x010E] = "my garden"
    answer = upload(server, picture("JPEG", exif=exif.tobytes()), **basic())
    assert answer.fields["location"].endswith(".jpg")
    assert b"my garden" not in fetch(server, answer).body
    small = thumbnail_of(server, answer)
    assert (small.status, small.fields["content-type"]) == (200, "image/webp")
    with Image.open(io.BytesIO(small.body)) as shown:
        assert shown.size == (427, 320)
    bad = upload(server, b"\x89PNG\r\n\x1a\n" + b"x" * 100, **basic())
    assert (bad.status, bad.body) == (422, b"The picture can't be read: Truncated File Read\n")


def test_ranges(server: ServerThread, alice: Client) -> None:
    answer = upload(server, bytes(range(250)), **basic())
    part = fetch(server, answer, Range="bytes=10-19")
    assert (part.status, part.body) == (206, bytes(range(10, 20)))
    assert part.fields["content-range"] == "bytes 10-19/250"
    etag = part.fields["etag"]
    assert fetch(server, answer, Range="bytes=10-19", If_Range=etag).status == 206
    # "If the validator does not match, the server SHOULD ... send the entire representation"
    assert fetch(server, answer, Range="bytes=10-19", If_Range='"other"').status == 200
    assert fetch(server, answer, Range="bytes=250-").status == 416
    known = fetch(server, answer, If_None_Match=etag)
    assert (known.status, known.body) == (304, b"")


def test_file_names_cannot_be_guessed(server: ServerThread, alice: Client) -> None:
    paths = {json.loads(upload(server, b"same", **basic()).body)["path"] for _ in range(3)}
    assert len(paths) == 3
    with Http(server.address) as http:
        for path in ("/files/" + "A" * 22, "/files/x", "/files/../greenchat.db", "/files/parts/1", "/files/%2e%2e/x"):
            assert http.get(path).status == 404


def test_equal_contents_are_stored_once(server: ServerThread, alice: Client, tmp_path: Path) -> None:
    first, second = upload(server, b"same", **basic()), upload(server, b"same", **basic())
    assert len(contents(tmp_path)) == 1
    assert fetch(server, first, "DELETE", **basic()).status == 204
    sweep_until(server, tmp_path, contents(tmp_path))
    assert fetch(server, first).status == 404
    assert fetch(server, second).body == b"same"
    assert fetch(server, second, "DELETE", **basic()).status == 204
    sweep_until(server, tmp_path, set())


def test_only_the_owner_deletes_a_file(server: ServerThread, alice: Client) -> None:
    answer = upload(server, b"x", **basic())
    with people(server.address, "bob") as (bob,):
        register(bob)
        assert fetch(server, answer, "DELETE", **basic("bob")).status == 403
    assert fetch(server, answer, "DELETE").status == 403
    with Http(server.address) as http:
        assert http.get("/files").status == 401
        listed = json.loads(http.get("/files", "GET", b"", **basic()).body)["files"]
        assert [each["path"] for each in listed] == [json.loads(answer.body)["path"]]


@pytest.mark.parametrize("kind", ["bot", "upload"])
def test_upload_tokens_neither_list_nor_delete(server: ServerThread, alice: Client, kind: str) -> None:
    """A token only adds files; listing and deleting them needs the password or a signed-in browser."""
    answer = upload(server, b"x", **basic())
    if kind == "bot":
        messages = "\n".join(line.params[-1] for line in alice.run("NS TOKEN CREATE BOT read,say,admin 1d bot"))
        secret = next(word for word in messages.split() if len(word) == 32)
    else:
        secret = alice.run("FILEHOST TOKEN")[0].params[1]
    bearer = {"Authorization": f"Bearer {secret}"}
    with Http(server.address) as http:
        assert http.get("/files", "GET", b"", **bearer).status == 401
    assert fetch(server, answer, "DELETE", **bearer).status == 401
    assert fetch(server, answer).status == 200
    assert upload(server, b"y", **bearer).status == 201, "and the token was not used up"


def test_redact_deletes_the_file(server: ServerThread, alice: Client, tmp_path: Path) -> None:
    answer, other = upload(server, picture(), **basic()), upload(server, b"stays", **basic())
    (message,) = alice.run(f"PRIVMSG #dev :look: {answer.fields['location']} nice")
    assert len(contents(tmp_path)) == 3
    alice.run(f"REDACT #dev {message.tags['msgid']}")
    assert fetch(server, answer).status == 404
    assert thumbnail_of(server, answer).status == 404
    assert fetch(server, other).status == 200
    sweep_until(server, tmp_path, {sha256(b"stays").hexdigest()})


def test_histserv_delete_deletes_the_file(server: ServerThread, alice: Client) -> None:
    answer = upload(server, b"x", **basic())
    (message,) = alice.run(f"PRIVMSG #dev :{answer.fields['location']}")
    alice.run(f"HISTSERV DELETE #dev {message.tags['msgid']}")
    assert fetch(server, answer).status == 404


def test_redacting_a_link_to_the_file_of_another_user_keeps_it(server: ServerThread, alice: Client) -> None:
    answer = upload(server, b"x", **basic())
    with people(server.address, "bob", "guest", caps=CAPS) as (bob, guest):
        register(bob)
        for client in (bob, guest):
            client.join("#dev")
            (message,) = client.run(f"PRIVMSG #dev :{answer.fields['location']}")
            client.run(f"REDACT #dev {message.tags['msgid']}")
    assert fetch(server, answer).status == 200


def test_redacting_a_link_to_a_guests_file_keeps_it(start: Start) -> None:
    server = start(guests=1)
    answer = upload(server, b"x")
    with people(server.address, "guest", caps=CAPS) as (guest,):
        guest.join("#dev")
        (message,) = guest.run(f"PRIVMSG #dev :{answer.fields['location']}")
        guest.run(f"REDACT #dev {message.tags['msgid']}")
        assert fetch(server, answer).status == 200, "a file of a guest has no owner"
        (message,) = guest.run(f"PRIVMSG #dev :{answer.fields['location']}")
        with people(server.address, "root") as (root,):
            become_oper(root).run(f"HISTSERV DELETE #dev {message.tags['msgid']}")
    assert fetch(server, answer).status == 404, "operators delete it with the message"


def test_files_are_deleted_with_their_account(server: ServerThread, alice: Client, tmp_path: Path) -> None:
    answer = upload(server, b"x", **basic())
    alice.run(f"NS DROP alice {PASSWORD}")
    assert fetch(server, answer).status == 404
    sweep_until(server, tmp_path, set())


def test_a_file_survives_a_restart_until_it_expires(start: Start, tmp_path: Path) -> None:
    options = replace(quick_options(tmp_path), storage=Storage(keep_days=7))
    server = start(options)
    with people(server.address, "alice") as (alice,):
        register(alice)
        answer = upload(server, b"x", **basic())
    server.stop()
    (tmp_path / FOLDER / "parts" / "9").write_bytes(b"left by a crash")
    (tmp_path / FOLDER / "ab").mkdir(exist_ok=True)
    (tmp_path / FOLDER / "ab" / ("ab" * 32)).write_bytes(b"of no file")
    again = start(options)
    assert fetch(again, answer).body == b"x"
    assert len(contents(tmp_path)) == 1, "contents without a file are removed"
    week = 7 * 86_400_000
    again.call(lambda app: sweep(app, week + 1000))
    sweep_until(again, tmp_path, set())
    assert fetch(again, answer).status == 404


def test_a_wrong_clock_deletes_no_file(start: Start, tmp_path: Path) -> None:
    server = start(replace(quick_options(tmp_path), storage=Storage(keep_days=7)))
    with people(server.address, "alice") as (alice,):
        register(alice)
        answer = upload(server, b"x", **basic())
    real = server.app.now

    def jump(app: App) -> None:
        app.now = lambda: real() + 3650 * 86_400_000  # type: ignore[method-assign]  # the clock of this one server
        app.upkeep.sweeper.sweep()

    server.call(jump)
    assert fetch(server, answer).status == 200


def test_a_slow_upload_may_take_long_while_it_makes_progress(start: Start, tmp_path: Path) -> None:
    """A request must be complete within web.timeout; a file has that much for each 64 KiB."""
    server = start(replace(quick_options(tmp_path), web=Web(timeout=2)))
    with people(server.address, "alice") as (alice,), Http(server.address) as http:
        register(alice)
        size = 5 * 65536
        head = f"POST /files HTTP/1.1\r\nHost: x\r\nAuthorization: {basic()['Authorization']}\r\n"
        http.send(f"{head}Content-Length: {size}\r\n\r\n".encode())
        for _ in range(5):
            threading.Event().wait(0.45)  # by the server's clock all of it takes more than two seconds
            http.send(b"x" * 65536)
        assert http.answer("POST").status == 201
        http.send(f"{head}Content-Length: {size}\r\n\r\n".encode())
        assert http.answer("POST").status == 408


def test_an_upload_does_not_delay_messages(server: ServerThread, alice: Client) -> None:
    with people(server.address, "bob", caps=CAPS) as (bob,), Http(server.address) as http:
        bob.join("#dev")
        head = f"POST /files HTTP/1.1\r\nHost: x\r\nAuthorization: {basic()['Authorization']}\r\n"
        http.send(f"{head}Content-Length: {8 * MIB}\r\n\r\n".encode())
        for number in range(8):
            http.send(b"x" * MIB)
            bob.run(f"PRIVMSG #dev :{number}")
            assert alice.expect("PRIVMSG").params[-1] == str(number)
        assert http.answer("POST").status == 201


def test_an_upload_that_is_too_slow_overall_ends(start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """64 KiB in time are not enough: the upload needs a minimum rate overall, too."""
    monkeypatch.setattr(uploads, "_SLOWEST", 8 * MIB)
    server = start(replace(quick_options(tmp_path), web=Web(timeout=1)))
    with people(server.address, "alice") as (alice,), Http(server.address) as http:
        register(alice)
        head = f"POST /files HTTP/1.1\r\nHost: x\r\nAuthorization: {basic()['Authorization']}\r\n"
        http.send(f"{head}Content-Length: {MIB}\r\n\r\n".encode())
        with suppress(OSError):
            for _ in range(8):
                http.send(b"x" * 65536)
                threading.Event().wait(0.4)  # by the server's clock
        assert http.answer("POST").status == 408


def test_uploads_at_once_are_limited_per_address(start: Start, tmp_path: Path) -> None:
    """However many accounts a user has, others can upload."""
    names = [f"person{number}" for number in range(7)]
    options = replace(quick_options(tmp_path), connections=Connections(close_timeout=0.3, exempt=()))
    server = start(replace(options, throttle=replace(options.throttle, registrations=0)))
    with ExitStack() as stack:
        for client in stack.enter_context(people(server.address, *names)):
            register(client)
        others = [stack.enter_context(Http(server.address)) for _ in range(6)]
        for http, name in zip(others, names, strict=False):
            head = f"POST /files HTTP/1.1\r\nHost: x\r\nAuthorization: {basic(name)['Authorization']}\r\n"
            http.send(f"{head}Content-Length: 9\r\n\r\n".encode())
        poll(lambda: server.call(under_way), 6)
        busy = upload(server, b"x", **basic(names[6]))
        assert (busy.status, busy.body) == (503, b"Too many uploads at the same time: try again\n")
        others[0].send(b"123456789")
        assert others[0].answer("POST").status == 201
        assert upload(server, b"x", **basic(names[6])).status == 201


def test_a_nearly_full_disk_refuses_files(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk_watch, "_free_space", lambda _: None)  # the real disk is not nearly full
    server = start()
    with people(server.address, "alice") as (alice,):
        register(alice)
        server.call(lambda app: app.upkeep.health._disk.judge(0, 1 << 40))
        full = upload(server, b"x", **basic())
        assert (full.status, full.body.count(b"\n")) == (507, 1)
        assert b"nearly full" in full.body
        server.call(lambda app: app.upkeep.health._disk.judge(1 << 40, 1 << 40))
        assert upload(server, b"x", **basic()).status == 201


def test_a_file_that_would_fill_the_disk_is_refused(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = start()
    with people(server.address, "alice") as (alice,):
        register(alice)
        monkeypatch.setattr(blobs, "free_space", lambda _: (256 * MIB + 3, 1 << 40))
        assert upload(server, b"1234", **basic()).status == 507
        assert upload(server, b"123", **basic()).status == 201
    sweep_until(server, tmp_path, {sha256(b"123").hexdigest()})


def test_pictures_of_one_account_do_not_delay_others(server: ServerThread, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two pictures are processed at the same time, never two of one account."""
    gate, begun = threading.Event(), Counter[str]()
    real = pictures.clean

    def slow(path: Path, millions: int) -> tuple[Path, Path | None]:
        size = Image.open(path).size
        begun[str(size[0])] += 1
        if size[0] == 8:
            gate.wait(PATIENCE)
        return real(path, millions)

    monkeypatch.setattr(uploads, "clean", slow)
    with people(server.address, "alice", "bob") as clients, ThreadPoolExecutor(3) as threads:
        for client in clients:
            register(client)
        mine = [threads.submit(upload, server, picture(size=(8, 8 + n)), **basic()) for n in range(2)]
        try:
            poll(lambda: begun["8"], 1)
            assert upload(server, picture(size=(9, 9)), **basic("bob")).status == 201
            assert begun["8"] == 1
        finally:
            gate.set()
        assert [each.result().status for each in mine] == [201, 201]
