"""An LDAP directory for tests: the real slapd, with alice, bob and José."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.patience import PATIENCE
from tests.ports import reserved_port

_SCHEMAS = ("core", "cosine", "inetorgperson")
_PEOPLE = """\
dn: dc=example,dc=org
objectClass: dcObject
objectClass: organization
o: example
dc: example

dn: ou=people,dc=example,dc=org
objectClass: organizationalUnit
ou: people

dn: uid=alice,ou=people,dc=example,dc=org
objectClass: inetOrgPerson
uid: alice
cn: Alice
sn: A
mail: shared@example.org
userPassword: in the directory

dn: uid=bob,ou=people,dc=example,dc=org
objectClass: inetOrgPerson
uid: bob
cn: Bob
sn: B
mail: shared@example.org
userPassword: bob's own

dn: uid=jo,ou=people,dc=example,dc=org
objectClass: inetOrgPerson
uid: jo
cn:: Sm9zw6k=
sn: J
userPassword: jo's own
"""


@dataclass(frozen=True)
class Directory:
    """A directory: its URL, and the account that searches it."""

    url: str
    secure_url: str
    people: str = "ou=people,dc=example,dc=org"
    looker: str = "cn=looker,dc=example,dc=org"
    looker_password: str = "may look"


def _programs() -> tuple[str, str, Path]:
    """Return slapd, the folder of its modules, and its schemas; without them skip the test, and in CI fail."""
    root = Path(os.environ.get("SLAPD_ROOT", "/"))
    slapd = shutil.which("slapd", path=f"{root / 'usr/sbin'}{os.pathsep}{os.environ.get('PATH', '')}")
    if slapd is None:
        words = "slapd is not installed (Debian: apt-get install slapd; or its packages, unpacked in $SLAPD_ROOT)"
        if os.environ.get("CI"):
            pytest.fail(words)
        pytest.skip(words)
    return slapd, str(root / "usr/lib/ldap"), root / "etc/ldap/schema"


@contextmanager
def directory(folder: Path, certificate: Path, key: Path) -> Iterator[Directory]:
    """Serve for the duration of the block. certificate, key: for localhost."""
    with reserved_port() as port, reserved_port() as secure:
        yield from _serve(
            folder, certificate, key, Directory(f"ldap://127.0.0.1:{port}", f"ldaps://localhost:{secure}")
        )


def _serve(folder: Path, certificate: Path, key: Path, found: Directory) -> Iterator[Directory]:
    slapd, modules, schemas = _programs()
    (folder / "db").mkdir(parents=True)
    lines = [
        *(f"include {schemas / name}.schema" for name in _SCHEMAS),
        f"modulepath {modules}",
        "moduleload back_mdb",
        f"TLSCertificateFile {certificate}",
        f"TLSCertificateKeyFile {key}",
        "TLSVerifyClient never",
        "database mdb",
        'suffix "dc=example,dc=org"',
        f'rootdn "{found.looker}"',
        f'rootpw "{found.looker_password}"',
        f"directory {folder / 'db'}",
        "access to attrs=userPassword by anonymous auth by * none",
        "access to * by anonymous auth by * read",
    ]
    config, people = folder / "slapd.conf", folder / "people.ldif"
    config.write_text("\n".join(lines) + "\n")
    people.write_text(_PEOPLE)
    libraries = str(Path(slapd).parents[2] / "usr/lib/x86_64-linux-gnu")
    env = {**os.environ, "LD_LIBRARY_PATH": f"{libraries}:{os.environ.get('LD_LIBRARY_PATH', '')}"}
    subprocess.run(
        [slapd, "-T", "add", "-f", config, "-l", people], check=True, env=env, capture_output=True, timeout=60
    )
    listeners = f"{found.url}/ {found.secure_url}/"
    with (folder / "slapd.log").open("wb") as log:
        # with -d it stays in the foreground
        process = subprocess.Popen([slapd, "-f", config, "-h", listeners, "-d", "0"], env=env, stdout=log, stderr=log)
    try:
        _wait_for(found.url, process)
        yield found
    finally:
        process.terminate()
        process.wait(PATIENCE)


def _wait_for(url: str, process: "subprocess.Popen[bytes]") -> None:
    port = int(url.rpartition(":")[2])
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            assert process.poll() is None, "slapd has ended"
            assert time.monotonic() < deadline
            time.sleep(0.05)
