"""Warnings for the operator at the start of the server, one line each."""

import os
import tomllib
from pathlib import Path

import pytest

from greenchat.config.example import example
from greenchat.config.file import Config, load, parse
from greenchat.config.options import Address
from greenchat.config.warnings import advice
from tests.opers import HASH
from tests.server.forked import started

_PUBLIC = "[[listen]]\naddress = '192.0.2.1:9090'\n"
_TLS = "[tls]\nself_signed = true\n"
_NODE = "[cluster]\nnode = 'one'\nengine = ['nats://192.0.2.1']\n"
_OPER = f"[classes.a]\nrights = []\n[opers.root]\nclass = 'a'\npassword = '{HASH}'\n"


def _advice(text: str, *, is_root: bool = False) -> list[str]:
    config = parse(tomllib.loads(text), folder=Path("/"))
    return list(advice(config, [listener.address for listener in config.options.listen], is_root=is_root))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        (_PUBLIC, ["192.0.2.1:9090 can be reached from other machines and has no TLS"]),
        (_PUBLIC + _TLS, []),
        (_PUBLIC + "tls = 'never'\n" + _TLS, ["192.0.2.1:9090 can be reached"]),
        ("[[listen]]\naddress = ':9090'\n", ["*:9090 can be reached"]),
        ("[[listen]]\naddress = '[::1]:9090'\n" + _PUBLIC, ["192.0.2.1:9090 can be reached"]),
        ("password = 'Secret'\n", ["password is one of the first passwords that attackers try"]),
        ("password = 'nobody-thinks-of-this'\n", []),
        ("[webirc]\nhosts = ['192.0.2.1']\npassword = 'changeme'\n", ["webirc.password is one of the first passwords"]),
        (_OPER, []),
        ("[files]\nenabled = true\n", ["files.url is empty, so only the page can upload"]),
        ("[metrics]\nenabled = true\n", ["metrics.enabled is true, but nobody can read them"]),
        ("[metrics]\nenabled = true\naddresses = ['127.0.0.1']\n", []),
        (_NODE, []),
        (_NODE + "token = 'hidden'\n", ["cluster.engine is used without TLS, so its password can be intercepted"]),
        (_NODE.replace("nats:", "tls:") + "token = 'hidden'\n", []),
        (_NODE.replace("192.0.2.1", "127.0.0.1") + "token = 'hidden'\n", []),
        ("[files]\nenabled = true\nurl = 'https://chat.example.org/'\n", []),
    ],
)
def test_advice(text: str, words: list[str]) -> None:
    given = _advice(text)
    assert len(given) == len(words)
    assert all(line.startswith(word) for line, word in zip(given, words, strict=True))


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("[metrics]\ntoken = 'clear-as-day'\n", "metrics.token"),
        ("[cluster]\nnode = 'a'\nengine = ['tls://h']\ntoken = 'clear-as-day'\n", "cluster.token"),
        (f"[external.wiki]\nurl = 'https://wiki.example.org'\nsecret = '{'s' * 40}'\n", "external.wiki.secret"),
    ],
)
def test_secrets_that_all_users_can_read(tmp_path: Path, text: str, key: str) -> None:
    file = tmp_path / "server.toml"
    file.write_text(text)
    file.chmod(0o644)
    config = load(file)
    lines = list(advice(config, [Address("127.0.0.1", 0)], is_root=False))
    assert [line.partition(" in ")[0] for line in lines] == [f"all users of this machine can read {key}"]


def test_the_password_of_the_example_is_invalid() -> None:
    """An operator who only uncomments the example would have a publicly known password."""
    uncommented = (
        example().replace("# [opers.alice]", "[opers.alice]").replace("# [classes.helper]", "[classes.helper]")
    )
    text = "".join(
        f"{line.removeprefix('# ')}\n" if line.startswith(("# class =", "# password =", "# rights =")) else f"{line}\n"
        for line in uncommented.splitlines()
    )
    assert _advice(text) == ["opers.alice.password is the one of the public example; choose another one"]


def test_root_is_told_that_it_is_not_needed() -> None:
    (line,) = _advice("", is_root=True)
    assert line.startswith("the server runs as root, which is never needed")


def test_warnings_are_logged_once(tmp_path: Path) -> None:
    with started(tmp_path, "--listen", "127.0.0.1:0", "--data", str(tmp_path / "data")) as server:
        assert server.end() == 0
        assert server.errors.read_text().count("runs as root") == (os.geteuid() == 0)


def test_by_default_there_are_no_warnings() -> None:
    assert list(advice(Config(), [Address("127.0.0.1", 9090)], is_root=False)) == []
