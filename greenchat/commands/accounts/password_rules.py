"""Rules for account passwords, by NIST SP 800-63B, 3.1.1.2.

"Verifiers SHALL NOT impose other composition rules"; "verifiers SHALL compare the prospective secret against a
blocklist that contains known commonly used, expected, or compromised passwords". The list is the first ten thousand of
zxcvbn's (Dropbox, MIT license), the most common first.
"""

import gzip
from functools import cache
from importlib.resources import files

from greenchat.config.settings import AccountSettings

_LIST = "common_passwords.txt.gz"


def why_not(password: str, name: str, rules: AccountSettings) -> tuple[str, str] | None:
    """Return why a password is not allowed for an account: a code of account-registration, and a text for the user."""
    if "\0" in password or len(password.encode()) > rules.password_most:
        return "UNACCEPTABLE_PASSWORD", f"The password is too long: at most {rules.password_most} bytes"
    if len(password) < rules.password_least:
        return "WEAK_PASSWORD", f"The password is too short: at least {rules.password_least} characters"
    folded = password.casefold()
    if folded == name.casefold():
        return "WEAK_PASSWORD", "The password must not be the account's name"
    if not rules.password_common and folded in _commonest():
        return "WEAK_PASSWORD", "That password is too common: choose another one"
    return None


@cache
def _commonest() -> frozenset[str]:
    data = files(__package__).joinpath(_LIST).read_bytes()
    return frozenset(gzip.decompress(data).decode().split("\n"))
