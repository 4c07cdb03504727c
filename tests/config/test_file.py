"""The configuration file: the example is true, and errors name the key and the reason."""

import dataclasses
import errno
import os
import re
import tomllib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args, get_origin

import pytest

from greenchat.config.example import example
from greenchat.config.file import Config, ConfigError, load, parse
from greenchat.config.groups import flat_fields
from greenchat.config.opers import RIGHTS, Oper, OperClass
from greenchat.config.options import Address, Options
from greenchat.config.schema import WrongKeyError, entries, take_over
from greenchat.config.settings import Settings
from greenchat.values.addresses import network

_NOT_IN_THE_FILE = {"version", "mode_table"}  # facts about the program itself
_HASH = "$scrypt$ln=15,r=8,p=1$c2FsdHNhbHRzYWx0c2FsdA$kvyUERzKtPUIIFLfFUNYgsNUmqBnbIPJ6wN3ihkqnGI"

_NODE = "[cluster]\nnode = 'one'\nengine = ['nats://127.0.0.1']\n"


def read(text: str, folder: Path = Path("/nowhere")) -> Config:
    return parse(tomllib.loads(text), folder=folder)


def row_type(kind: Any) -> Any:
    """Return the dataclass of a table, of a list of tables, or of tables by name; None for a plain value."""
    inner = get_args(kind)[0 if get_origin(kind) is tuple else -1] if get_args(kind) else kind
    return inner if dataclasses.is_dataclass(inner) else None


def key_paths(cls: type, path: str = "") -> Iterator[str]:
    """Return every possible key, as `limits.nick`, `listen.address`, `opers.alice.class`."""
    for entry in entries(cls).values():
        inner = None if entry.key.parse else row_type(entry.type)
        if inner is None:
            yield path + entry.name
        else:
            sample = {"classes": "helper.", "external": "wiki.", "opers": "alice."}.get(entry.name, "")
            yield from key_paths(inner, f"{path}{entry.name}.{sample}")


def table_paths(value: Any, path: str = "") -> Iterator[str]:
    """Return every key of a table, in the same form."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from table_paths(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for row in value:
            yield from table_paths(row, path)
    else:
        yield path


def with_samples(text: str) -> str:
    """Return the example with its commented tables enabled."""
    lines = []
    is_sample = False
    for line in text.splitlines():
        is_sample = line.startswith("# [") or (is_sample and line.startswith("# "))
        lines.append(line.removeprefix("# ") if is_sample else line)
    return "\n".join(lines)


def test_the_printed_example_gives_exactly_the_defaults() -> None:
    assert read(example()) == Config()


def test_the_example_has_every_key_and_no_other() -> None:
    table = tomllib.loads(with_samples(example()))
    assert sorted(set(table_paths(table))) == sorted([*key_paths(Settings), *key_paths(Options)])
    parse(table, folder=Path("/nowhere"))


@pytest.mark.parametrize(
    "cls",
    [
        Settings,
        Options,
        *filter(None, (row_type(entry.type) for of in (Settings, Options) for entry in entries(of).values())),
    ],
)
def test_every_field_is_a_documented_key(cls: type) -> None:
    known = {entry.field: entry for entry in entries(cls).values()}
    without = {field.name for field in flat_fields(cls)} - known.keys()
    assert without <= _NOT_IN_THE_FILE, "annotate it with a Key: see greenchat/config/key.py"
    assert all(entry.key.doc for entry in known.values())


def test_the_example_names_every_right() -> None:
    assert all(meaning in example() for meaning in RIGHTS.values())


def test_comments_of_the_example_are_wrapped() -> None:
    """Comments are wrapped as one text, not where the source of their text breaks a line."""
    _, _, text = example().partition("\n\n")  # the lines of the head are not wrapped
    prose = re.compile(r"# (?!\w+ = )[^ #\[]")
    cut = [
        (line, after)
        for line, after in pairwise(text.splitlines())
        if prose.match(line) and prose.match(after) and len(f"{line} {after.split()[1]}") <= 100
    ]
    assert not cut


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("nmae = 1", "nmae: there is no such key; did you mean name?"),
        ("xyzzy = 1", "xyzzy: there is no such key"),
        ("[limits]\nnik = 5", "limits.nik: there is no such key; did you mean limits.nick?"),
        ("limits = 3", "limits: must be a table, not a number"),
        ("[oidc]\nissuer = 'https://id.example'", "oidc.url: must be set if oidc.issuer is set"),
        ("[oidc]\nissuer = 'http://id.example'", "oidc.issuer: must be a URL like https://id.example.org"),
        ("[oidc]\nscopes = 'profile'", "oidc.scopes: must be words with openid among them"),
        ("[ldap]\nurl = 'ldaps://x'", "ldap.dn: or ldap.base must be set (but not both) if ldap.url is set"),
        ("[ldap]\nurl = 'https://x'", "ldap.url: must be like ldaps://ldap.example.org"),
        ("[ldap]\ndn = 'uid=x'", "ldap.dn: must contain {name}"),
        ("[ldap]\nca = 'x.pem'", "ldap.ca: must be an absolute path"),
        ("[ldap]\nurl = 'ldaps://x'\ndn = '{name}'\nstarttls = true", "ldap.starttls: is for ldap://"),
        ("[ldap]\nurl = 'ldap://x'\ndn = '{name}'\n[auth_script]\ncommand = 'x'", "ldap.url: cannot be set together"),
        ("[auth_script]\ncommand = 'x'\nurl = 'https://x/y'", "auth_script.url: cannot be set together"),
        ("[auth_script]\nurl = 'http://192.0.2.1/y'", "auth_script.url: must be like https://"),
        ("[auth_script]\ncommand = '\"'", "auth_script.command: is not a command: No closing quotation"),
        ("[limits]\nnick = 0", "limits.nick: must be 1 to 64, not 0"),
        ("[limits]\nnick = 65", "limits.nick: must be 1 to 64, not 65"),
        ("[limits]\nnick = '5'", "limits.nick: must be a whole number, not a string"),
        ("[limits]\nnick = 5.0", "limits.nick: must be a whole number, not a floating-point number"),
        ("[limits]\nnick = true", "limits.nick: must be a whole number, not true or false"),
        ("[limits]\nnick = 2026-11-20", "limits.nick: must be a whole number, not a date or time"),
        ("[connections]\nping_after = nan", "connections.ping_after: must be 1 to 86400, not nan"),
        ("[connections]\nping_after = false", "connections.ping_after: must be a number, not true or false"),
        ("name = 5", "name: must be a string, not a number"),
        ("name = 'irc'", "name: must be a name with a dot"),
        ("network = 'two words'", "network: must be one word"),
        ('description = "two\\nlines"', "description: must be one line"),
        (f"motd = ['{'x' * 401}']", "motd[1]: must not be longer than 400 bytes"),
        ("motd = 'hello'", "motd: must be a list, not a string"),
        (
            "listen = ['127.0.0.1:6667']",
            'listen: must be an array of tables: write [[listen]], and below it address = "127.0.0.1:',
        ),
        (
            "[listen]\naddress = 'x:1'",
            "listen: must be an array of tables: write [[listen]], and below it address = ...",
        ),
        ("listen = 6667", "listen: must be an array of tables: write [[listen]]"),
        ("motd = ['fine', 5]", "motd[2]: must be a string, not a number"),
        ("password = 'two words'", "password: must not contain spaces"),
        ("lobby = 'lobby'", "lobby: must be the name of a channel"),
        ("casemapping = 'utf8'", "casemapping: must be one of precis, ascii, rfc1459, rfc1459-strict, not 'utf8'"),
        ("channel_flags = 'ntq'", "channel_flags: must be letters of"),
        ("listen = []", "listen: must have at least one address"),
        ("[[listen]]\nkind = 'irc'", "listen[1].address: is missing: [HOST]:PORT"),
        ("[[listen]]\naddress = '9090'", "listen[1].address: '9090' is not [HOST]:PORT"),
        ("[[listen]]\naddress = '::1:9090'", "listen[1].address: '::1:9090' is not [HOST]:PORT"),
        ("[[listen]]\naddress = ':65536'", "listen[1].address: ':65536': 65536 is not a port number (0 to 65535)"),
        ("[[listen]]\naddress = ':1'\n[[listen]]\naddress = ':1'", "listen[2].address: *:1 is listed twice"),
        (
            "[[listen]]\naddress = ':1'\nkind = 'gopher'",
            "listen[1].kind: must be one of auto, http, plain, irc, not 'gopher'",
        ),
        ("[[listen]]\naddress = ':1'\nproxy = ['10.0.0.1/8']", "listen[1].proxy[1]: must be addresses or networks"),
        ("[[listen]]\naddress = ':1'\ntls = 'must'", "listen[1].tls: needs a certificate: see [tls]"),
        (
            "[tls]\ncertificate = 'cert.pem'",
            "tls: certificate and key must both be set, unless certificate is a folder, but",
        ),
        ("[tls]\nkey = 'key.pem'", "tls: certificate and key must be set together"),
        ("[webirc]\nhosts = ['192.0.2.1']", "webirc.password: must be set if webirc.hosts is set"),
        ("[classes.helper]\nrights = ['kil']", "classes.helper.rights[1]: must be one of kill, rehash"),
        ("[opers.alice]\nclass = 'helper'", "opers.alice.password: must be set unless"),
        (f"[opers.alice]\nclass = 'x'\npassword = '{_HASH}'", "opers.alice.class: there is no class 'x'"),
        ("[opers.alice]\nclass = 'x'\npassword = 'secret'", "opers.alice.password: must be a hash as"),
        (f"[opers.a]\nclass = ''\npassword = '{_HASH}'\nhosts = ['x']", "opers.a.hosts[1]: must be masks like"),
        ("motd = ['x']\nmotd_file = 'x'", "motd_file: cannot be set together with motd"),
        ("motd_file = 'missing'", "motd_file: /nowhere/missing: No such file or directory"),
        ("[cluster]\nnode = 'one'", "cluster: node and engine must be set together"),
        ("[cluster]\nengine = ['nats://h']", "cluster: node and engine must be set together"),
        ("[cluster]\nnode = 'a node'", "cluster.node: must be one word of at most 32 letters"),
        ("[cluster]\nengine = ['redis://h']", "cluster.engine[1]: must be addresses like nats://192.0.2.1:4222"),
        ("[cluster]\nengine = ['nats://u:p@h']", "cluster.engine[1]: must be addresses like nats://192.0.2.1:4222"),
        ("[cluster]\nmonitor = ['h:8222']", "cluster.monitor[1]: must be addresses like http://127.0.0.1:8222"),
        (_NODE + "user = 'kim'", "cluster: user and password must be set together"),
        (_NODE + "user = 'kim'\npassword = 'x'\ntoken = 'y'", "cluster.token: cannot be set together with user"),
        (_NODE + "certificate = 'x.pem'", "cluster: certificate and key must be set together"),
        (_NODE + "replicas = 2", "cluster.replicas: must be 1, 3 or 5, not 2"),
        (_NODE + "log = ''", "cluster.log: must not be empty"),
        (_NODE + "patience = 20", "cluster.engine_timeout: must be more than patience"),
        (_NODE + "lease = 1", "cluster.lease: must be 3 to 120, not 1.0"),
        (_NODE + "[storage]\npersistent = false", "storage.persistent: must be true for a node"),
        ("[log]\nlevel = 'loud'", "log.level: must be one of debug, info, warning, error, not 'loud'"),
    ],
)
def test_errors_name_the_key_and_the_reason(text: str, reason: str) -> None:
    with pytest.raises(WrongKeyError) as caught:
        read(text)
    assert str(caught.value).startswith(reason)
    assert "\n" not in str(caught.value)


def test_a_file_fills_settings_and_options(tmp_path: Path) -> None:
    (tmp_path / "motd.txt").write_text("Welcome\n\nBe kind ☺\n", encoding="utf-8")
    file = tmp_path / "server.toml"
    file.write_text(
        f"""
        name = "irc.example.org"
        motd_file = "motd.txt"
        data = "data"
        [limits]
        nick = 9
        [[listen]]
        address = "[::1]:6667"
        proxy = ["10.0.0.0/8", "::1"]
        [[listen]]
        address = ":6697"
        kind = "irc"
        [connections]
        ping_after = 30
        [classes.admin]
        rights = ["kill", "die"]
        [opers.root]
        class = "admin"
        password = "{_HASH}"
        """,
        encoding="utf-8",
    )
    config = load(file)
    assert config.settings.name == "irc.example.org"
    assert config.settings.about.motd == ("Welcome", "", "Be kind ☺")
    assert config.settings.limits.nick == 9
    assert config.settings.staff.classes == {"admin": OperClass(("kill", "die"))}
    assert config.settings.staff.opers == {"root": Oper("admin", _HASH)}
    first, second = config.options.listen
    assert first.address == Address("::1", 6667)
    assert first.proxy == (network("10.0.0.0/8"), network("::1/128"))
    assert (second.address, second.kind) == (Address("", 6697), "irc")
    assert config.options.data == tmp_path / "data"
    assert config.options.connections.ping_after == 30.0


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"name = ", "Invalid value (at end of document)"),
        (b"name = 'a.b'\nname = 'c.d'", "Cannot overwrite a value (at end of document)"),
        (b"name = '\xff'", "not UTF-8: save it as UTF-8"),
        (b"nick = 3", "nick: there is no such key"),
    ],
)
def test_an_invalid_file_is_one_line_with_its_name(tmp_path: Path, content: bytes, reason: str) -> None:
    file = tmp_path / "server.toml"
    file.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        load(file)
    assert str(caught.value).startswith(f"{file}: {reason}")
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_reported(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"missing\.toml: No such file or directory"):
        load(tmp_path / "missing.toml")


@pytest.mark.parametrize("content", [b"\xff", b"x" * 401, b"bell \x07"])
def test_a_message_of_the_day_with_invalid_lines_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "motd").write_bytes(b"fine\n" + content)
    with pytest.raises(WrongKeyError, match=r"^motd_file: "):
        read("motd_file = 'motd'", tmp_path)


def test_a_reload_keeps_and_names_what_needs_a_restart() -> None:
    before = read("").settings
    after = read("name = 'other.example'\nnetwork = 'other'\n[limits]\nnick = 9\nwhowas = 5").settings
    merged, refused = take_over(before, after)
    assert refused == ["name", "limits.whowas"]
    assert (merged.name, merged.limits.whowas) == (before.name, before.limits.whowas)
    assert (merged.about.network, merged.limits.nick) == ("other", 9)


def test_a_byte_order_mark_is_ignored(tmp_path: Path) -> None:
    """Editors of Windows write one."""
    (tmp_path / "motd").write_bytes(b"\xef\xbb\xbfhello\n")
    file = tmp_path / "c.toml"
    file.write_bytes(b'\xef\xbb\xbfnetwork = "x"\r\nmotd_file = "motd"\r\n')
    settings = load(file).settings
    assert (settings.about.network, settings.about.motd) == ("x", ("hello",))


def test_the_folder_of_an_acme_client_has_the_key_too(tmp_path: Path) -> None:
    folder = tmp_path.as_posix()
    assert read(f"tls.certificate = '{folder}'").options.tls.certificate == tmp_path
    with pytest.raises(WrongKeyError, match=r"tls\.key: must be empty if certificate is a folder"):
        read(f"tls = {{certificate = '{folder}', key = '{folder}/key.pem'}}")
    for half in (f"tls.certificate = '{folder}/cert.pem'", f"tls.key = '{folder}/key.pem'"):
        with pytest.raises(WrongKeyError, match=r"must both be set|must be set together"):
            read(half)


def test_an_inaccessible_certificate_folder_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """certbot creates /etc/letsencrypt/live for root only: the error must not name the configuration file."""
    file, live, stat = tmp_path / "c.toml", tmp_path / "live/chat.example.org", Path.stat

    def refused(path: Path, *, follow_symlinks: bool = True) -> os.stat_result:
        if path == live:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return stat(path, follow_symlinks=follow_symlinks)

    monkeypatch.setattr(Path, "stat", refused)  # the tests may run as root, who can open every folder
    file.write_text(f"tls.certificate = '{live.as_posix()}'")
    with pytest.raises(ConfigError) as raised:
        load(file)
    assert str(raised.value) == f"{file}: tls.certificate: {live}: Permission denied"
