"""Finding and configuring other servers."""

from pathlib import Path

import pytest

from greenchat.bench.peers import (
    Certificate,
    NotInstalledError,
    Setup,
    greenchat_config,
    inspircd_config,
    locate,
    ngircd_config,
)
from greenchat.config.file import load

PLAIN = Setup(Path("/tmp/x"), 7000, 30)
SECURE = Setup(Path("/tmp/x"), 7000, 30, Certificate(Path("/tmp/x/c.pem"), Path("/tmp/x/k.pem")))


def test_ngircd_listens_with_and_without_tls() -> None:
    assert "\nPorts = 7000\n" in ngircd_config(PLAIN)
    assert "[SSL]" not in ngircd_config(PLAIN)
    before, _, ssl = ngircd_config(SECURE).partition("[SSL]")
    assert "Ports = 7000" not in before
    assert ssl.split() == "CertFile = /tmp/x/c.pem KeyFile = /tmp/x/k.pem Ports = 7000".split()


def test_inspircd_loads_existing_modules(tmp_path: Path) -> None:
    for name in ("cap", "ircv3_servertime", "ssl_openssl"):
        (tmp_path / f"m_{name}.so").touch()
    config = inspircd_config(PLAIN, tmp_path)
    assert [line for line in config.splitlines() if line.startswith("<module")] == [
        '<module name="cap">',
        '<module name="ircv3_servertime">',
    ]
    assert '<bind address="127.0.0.1" port="7000" type="clients">' in config
    secure = inspircd_config(SECURE, tmp_path)
    assert '<module name="ssl_openssl">' in secure
    assert 'provider="openssl" certfile="/tmp/x/c.pem" keyfile="/tmp/x/k.pem"' in secure
    assert 'type="clients" sslprofile="bench">' in secure


def test_a_program_is_found_where_it_was_unpacked(tmp_path: Path) -> None:
    program = tmp_path / "usr/sbin/inspircd"
    program.parent.mkdir(parents=True)
    program.touch()
    assert locate("inspircd", str(tmp_path)) == program
    assert locate("inspircd", str(program)) == program
    with pytest.raises(NotInstalledError, match="no ngircd at"):
        locate("ngircd", str(tmp_path))
    with pytest.raises(NotInstalledError, match="no-such-server is not installed"):
        locate("no-such-server")


@pytest.mark.parametrize("setup", [PLAIN, SECURE])
def test_our_own_server_accepts_its_configuration(setup: Setup, tmp_path: Path) -> None:
    file = tmp_path / "greenchat.toml"
    file.write_text(greenchat_config(setup), encoding="utf-8")
    options = load(file).options
    assert options.connections.ping_after == 30
    assert options.throttle.commands == 1e6
    assert (options.tls.certificate == Path("/tmp/x/c.pem")) == (setup is SECURE)
