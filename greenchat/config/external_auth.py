"""The settings of external password checks: by a program, an HTTP service, an LDAP directory."""

import re
from dataclasses import dataclass
from typing import Annotated

from greenchat.config import validators
from greenchat.config.key import Key


def _service(text: str) -> str:
    if text and not re.fullmatch(r"https://[!-~]{1,300}|http://(127\.0\.0\.1|localhost|\[::1\])[:/][!-~]{1,300}", text):
        raise ValueError("must be like https://id.example.org/check, or http:// on this machine")
    return text


def _directory(text: str) -> str:
    if text and not re.fullmatch(r"ldaps?://([A-Za-z0-9.-]{1,200}|\[[0-9a-f:]{2,40}\])(:[0-9]{1,5})?/?", text):
        raise ValueError("must be like ldaps://ldap.example.org, or ldap://127.0.0.1:389")
    return text


def _path(text: str) -> str:
    if text and not text.startswith("/"):
        raise ValueError("must be an absolute path")
    return text


def _with_name(text: str) -> str:
    if text and "{name}" not in text:
        raise ValueError("must contain {name}, which is replaced by the login name")
    return text


_Create = Annotated[bool, Key("create accounts for people who have none")]
_Adopt = Annotated[
    bool, Key("also use it for existing accounts; their passwords here are removed at the first such login")
]


@dataclass(frozen=True, slots=True)
class AuthScript:
    """A program or an HTTP service that is asked whether a password is right: Ergo's auth-script."""

    command: Annotated[
        str,
        Key(
            'the program and its arguments, like "/usr/local/bin/check-login --all"; empty: none',
            parse=validators.command,
        ),
    ] = ""
    url: Annotated[str, Key("a URL to post the same data to, instead of a program; empty: none", parse=_service)] = ""
    token: Annotated[str, Key("the token sent to that URL (Authorization: Bearer); empty: none")] = ""
    timeout: Annotated[float, Key("timeout in seconds", 0.1, 60)] = 9.0
    create: _Create = True
    adopt: _Adopt = False

    @property
    def is_on(self) -> bool:
        """Whether a program or a service is configured."""
        return bool(self.command or self.url)


@dataclass(frozen=True, slots=True)
class Ldap:
    """An LDAP directory that checks passwords."""

    url: Annotated[str, Key("the directory, like ldaps://ldap.example.org; empty: none", parse=_directory)] = ""
    starttls: Annotated[bool, Key("encrypt an ldap:// connection with STARTTLS")] = False
    ca: Annotated[
        str,
        Key(
            "the absolute path of the CA certificate (PEM); empty: those of the system",
            parse=_path,
        ),
    ] = ""
    dn: Annotated[
        str,
        Key('the DN of a user, like "uid={name},ou=people,dc=example,dc=org"', parse=_with_name),
    ] = ""
    base: Annotated[str, Key("or the base DN of a search, like ou=people,dc=example,dc=org")] = ""
    filter: Annotated[str, Key("the filter of that search", parse=_with_name)] = "(uid={name})"
    bind_dn: Annotated[str, Key("the DN to search as; empty: anonymous")] = ""
    bind_password: Annotated[str, Key("the password of that DN")] = ""
    timeout: Annotated[float, Key("timeout in seconds of each step", 1, 60)] = 9.0
    create: _Create = True
    adopt: _Adopt = False

    @property
    def is_on(self) -> bool:
        """Whether a directory is configured."""
        return bool(self.url)


AUTH_SCRIPT = Key(
    "A program or HTTP service that is asked whether a password is right (Ergo's auth-script). With this or ldap\n"
    "SCRAM is not offered, and accounts.registration = false is recommended."
)
LDAP = Key("An LDAP directory that checks passwords. Needs the package ldap3.")
