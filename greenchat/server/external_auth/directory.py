"""Password checks by an LDAP directory: by binding as the user (RFC 4513, section 5.1.3).

The entry is named by a pattern, or searched for first. Directories accept other spellings of a name, also without
accents, so the name in the entry counts. All functions block, each step until the timeout: call them in a thread. Needs
ldap3, which is an extra: import this module late.
"""

import re
import ssl
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

from ldap3 import BASE, NONE, SUBTREE, SYNC, Connection, Server, Tls
from ldap3.core.exceptions import LDAPException
from ldap3.utils.conv import escape_filter_chars
from ldap3.utils.dn import escape_rdn

from greenchat.commands.core.process import ExternalAuthError
from greenchat.config.external_auth import Ldap

_PLACE = re.compile(r"(?:^|[(+,])\s*([A-Za-z][\w;-]*)[^=(),+]*=([^=(),+]*)\{name\}([^(),+]*)")  # of a name in a rule

_SUCCESS, _NO_SUCH_OBJECT, _INVALID_DN, _INVALID_CREDENTIALS = 0, 32, 34, 49  # RFC 4511, appendix A


def ask(rules: Ldap, name: str, password: str) -> str | None:
    """Return the name as the directory has it if the password is right, None if it is not. Raises ExternalAuthError."""
    if not name or not password or "\0" in name + password:
        return None  # "Clients SHOULD disallow an empty password": a bind without one succeeds anonymously
    deadline = monotonic() + rules.timeout
    try:
        if rules.dn:
            return _bind(rules, rules.dn.replace("{name}", escape_rdn(name)), name, password, deadline)
        dn, spelled = _find(rules, name, deadline)
        return spelled if dn and _bind(rules, dn, "", password, deadline) is not None else None
    except (LDAPException, OSError) as error:
        raise ExternalAuthError(f"the LDAP directory failed: {error}") from error


def _find(rules: Ldap, name: str, deadline: float) -> tuple[str, str]:
    """Return the DN of the one entry that the filter finds, and the name in it.

    Both are "" if it finds none or several. Raises ExternalAuthError.
    """
    connection = _connect(rules, rules.bind_dn, rules.bind_password, deadline)
    try:
        if not connection.bind():
            raise ExternalAuthError(f"the LDAP directory refuses ldap.bind_dn: {_reason(connection)}")
        wanted = rules.filter.replace("{name}", escape_filter_chars(name))
        attributes = [attribute for attribute, _, _ in _PLACE.findall(rules.filter)]
        connection.search(
            rules.base, wanted, SUBTREE, attributes=attributes, size_limit=2, time_limit=_seconds(deadline)
        )
        entries = _entries(connection)
        if not entries and connection.result["result"] not in (_SUCCESS, _NO_SUCH_OBJECT):
            raise ExternalAuthError(f"the LDAP directory can't search: {_reason(connection)}")
        if len(entries) != 1:
            return "", ""
        return str(entries[0]["dn"]), _spelled(rules, rules.filter, entries[0], name)
    finally:
        connection.unbind()


def _entries(connection: Connection) -> list[Any]:
    return [each for each in connection.response or () if each.get("type") == "searchResEntry"]


def _spelled(rules: Ldap, rule: str, entry: Any, name: str) -> str:
    """Return the name in an entry: of several ones the typed one, or the first.

    rule: the filter or the pattern with the name. Raises ExternalAuthError if the name is not readable but needed, with
    `adopt`, to find the account.
    """
    values: list[str] = []
    for attribute, before, after in _PLACE.findall(rule):
        for value in entry["raw_attributes"].get(attribute, ()) if entry else ():
            text = value.decode(errors="replace")
            values.append(text.removeprefix(before).removesuffix(after))
    if not values and rules.adopt:
        raise ExternalAuthError(
            "the LDAP directory does not show how it spells the name, and with ldap.adopt another spelling could be"
            " somebody else's account: let ldap.bind_dn, or the user who logs in, read that attribute"
        )
    return next((value for value in values if value.casefold() == name.casefold()), values[0] if values else name)


def _bind(rules: Ldap, dn: str, name: str, password: str, deadline: float) -> str | None:
    """Bind with this password, and return the name in the entry; None if the password is wrong.

    name: the one in ldap.dn, "" if the entry was searched for. Raises ExternalAuthError.
    """
    connection = _connect(rules, dn, password, deadline)
    try:
        if connection.bind():
            return _own_name(rules, connection, dn, name, deadline) if name else ""
        if connection.result["result"] in (_INVALID_CREDENTIALS, _NO_SUCH_OBJECT, _INVALID_DN):
            return None
        raise ExternalAuthError(f"the LDAP directory refuses the search: {_reason(connection)}")
    finally:
        connection.unbind()


def _own_name(rules: Ldap, connection: Connection, dn: str, name: str, deadline: float) -> str:
    attributes = [attribute for attribute, _, _ in _PLACE.findall(rules.dn)]
    if attributes:
        connection.search(dn, "(objectClass=*)", BASE, attributes=attributes, time_limit=_seconds(deadline))
    entries = _entries(connection) if attributes else []
    return _spelled(rules, rules.dn, entries[0] if entries else None, name)


def _connect(rules: Ldap, dn: str, password: str, deadline: float) -> Connection:
    """Return a connection on which nothing was said yet. Raises LDAPException and ExternalAuthError."""
    parts = urlsplit(rules.url)
    encrypted = parts.scheme == "ldaps"
    tls = Tls(validate=ssl.CERT_REQUIRED, ca_certs_file=rules.ca or None)
    port = parts.port or (636 if encrypted else 389)
    left = _seconds(deadline)
    server = Server(parts.hostname, port, use_ssl=encrypted, tls=tls, get_info=NONE, connect_timeout=left)
    login = {"user": dn, "password": password} if dn else {}
    connection = Connection(
        server, **login, client_strategy=SYNC, receive_timeout=left, raise_exceptions=False, auto_referrals=False
    )
    connection.open()
    if rules.starttls and not encrypted and not connection.start_tls():
        raise ExternalAuthError(f"the LDAP directory does not encrypt: {_reason(connection)}")
    return connection


def _seconds(deadline: float) -> int:
    """Return the full seconds until the deadline, at least one. Raises ExternalAuthError."""
    left = deadline - monotonic()
    if left <= 0:
        raise ExternalAuthError("the LDAP directory takes too long")
    return max(1, round(left))


def _reason(connection: Connection) -> str:
    result = connection.result
    return str(result.get("message") or result.get("description"))
