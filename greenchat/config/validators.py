"""Validators of strings in the configuration file: functions for `Key.parse`.

Each takes the string and returns the value, or raises ValueError with a text that follows the name of the key.
"""

import re
import shlex
from collections.abc import Callable

from greenchat.values.names import is_channel
from greenchat.values.passwords import check_hash, is_hash

_MAX_LINE = 400  # bytes of a text that must go into one line with its numeric
_MAX_SUFFIX = 40  # characters
_SERVER_NAME = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_MAX_MAILBOX = 254  # characters: RFC 5321, erratum 1690
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"  # RFC 5322, section 3.2.3
_MAILBOX = re.compile(rf"{_ATOM}(\.{_ATOM})*@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
_FORMATTING = str.maketrans(dict.fromkeys("\t\x02\x03\x04\x0f\x11\x16\x1d\x1e\x1f", " "))


def server_name(text: str) -> str:
    """Return a server name, which must have a dot to differ from nicknames."""
    if not _SERVER_NAME.fullmatch(text) or len(text) > 63:
        raise ValueError("must be a name with a dot, like irc.example.org, of at most 63 letters, digits, - and .")
    return text


def suffix(text: str) -> str:
    """Return the suffix of cloaks, which is no host: `cloaked`, or `cloaked.example`."""
    if not re.fullmatch(r"([A-Za-z0-9-]+\.)*[A-Za-z][A-Za-z0-9-]*", text) or len(text) > _MAX_SUFFIX:
        raise ValueError(
            f"must be a name like cloaked, with or without dots, of at most {_MAX_SUFFIX} letters, digits and -"
        )
    return text


def network_name(text: str) -> str:
    """Return a network name, which must be one word: it becomes a token of ISUPPORT."""
    if not text or not text.isprintable() or " " in text or len(text.encode()) > 64:
        raise ValueError("must be one word of at most 64 bytes")
    return text


def line(text: str) -> str:
    """Return a text that fits into one line of a reply; it may contain formatting characters."""
    if not text.translate(_FORMATTING).isprintable():
        raise ValueError("must be one line of printable text")
    if len(text.encode()) > _MAX_LINE:
        raise ValueError(f"must not be longer than {_MAX_LINE} bytes")
    return text


def base(text: str) -> str:
    """Return a path on a web server, with a / at both ends."""
    if not re.fullmatch(r"/?([A-Za-z0-9_][A-Za-z0-9._-]*/)*([A-Za-z0-9_][A-Za-z0-9._-]*)?", text):
        raise ValueError("must be a path like / or /chat/, of letters, digits, _, - and .")
    return "/" + text.strip("/") + "/" if text.strip("/") else "/"


def origin(text: str) -> str:
    """Return the origin of a web page, or * for all."""
    if text != "*" and not re.fullmatch(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?", text):
        raise ValueError('must be "*" or like https://chat.example.org, without a path')
    return text


def word(text: str) -> str:
    """Return a text that can be a middle parameter: no spaces, no colon at the beginning."""
    if " " in text or text.startswith(":") or not text.isprintable():
        raise ValueError("must not contain spaces or begin with a colon")
    return text


def separators(text: str) -> str:
    """Return separators: characters that appear in no nickname, and in no other part of a message."""
    if not set(text) <= set("/()<>"):
        raise ValueError("must consist of these characters, which nicknames can't contain: / ( ) < >")
    return text


def url(text: str) -> str:
    """Return a URL, or "" for none."""
    if text and not re.fullmatch(r"https?://[!-~]{1,300}", text):
        raise ValueError("must be a URL like https://example.org/icon.svg")
    return text


def site(text: str) -> str:
    """Return the address of a site, with the / to which paths are appended. Empty: none."""
    if text and not re.fullmatch(r"https?://[A-Za-z0-9.:\[\]-]{1,200}(/[A-Za-z0-9._~/-]{0,100})?", text):
        raise ValueError("must be an address like https://chat.example.org/, without ? and #")
    return text.rstrip("/") + "/" if text else ""


def contact(text: str) -> str:
    """Return a contact's URL. Empty: none."""
    if text and not re.fullmatch(r"(mailto:[!-~]+@|https://)[!-~]{1,200}", text):
        raise ValueError("must be like mailto:admin@example.org or https://example.org/contact")
    return text


def tag(text: str) -> str:
    """Return a message tag's name, `-` before it, or `*`: https://ircv3.net/specs/extensions/message-tags."""
    if not re.fullmatch(r"\*|-?[A-Za-z0-9./-]*[A-Za-z0-9]", text):
        raise ValueError("must be names like typing or example.org/thing, with an optional - in front, or *")
    return text


def name_mask(text: str) -> str:
    """Return a mask of nicknames or channel names, with `*` and `?`."""
    if not text or " " in text or "," in text or not text.isprintable() or not set(text) - set("*?#"):
        raise ValueError("must be names like root or *serv, without spaces and commas")
    return text


def channel(text: str) -> str:
    """Return a channel name."""
    if not is_channel(text, 64):
        raise ValueError("must be the name of a channel, like #lobby")
    return text


def channel_or_nothing(text: str) -> str:
    """Return the same string. Raises ValueError if it is neither empty nor a channel name."""
    return channel(text) if text else text


def regular_expression(text: str) -> str:
    """Return the same string. Raises ValueError if it is not a regular expression, or one that matches everything."""
    try:
        pattern = re.compile(text)
    except re.error as error:
        raise ValueError(f"is not a valid regular expression: {error}") from error
    if pattern.search(""):
        raise ValueError("matches the empty text and therefore every message")
    return text


def command(text: str) -> str:
    """Return a command line, a program and its arguments quoted as in a shell. Empty: none."""
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise ValueError(f"is not a command: {error}") from None
    if text and not (words and words[0]):
        raise ValueError("is not a command: it has no program")
    return text


def letters(allowed: str) -> Callable[[str], str]:
    """Return mode letters, all of them among these."""

    def check(text: str) -> str:
        wrong = "".join(sorted(set(text) - set(allowed)))
        if wrong:
            raise ValueError(f"must be letters of {''.join(sorted(allowed))}, but {wrong!r} is not")
        return "".join(sorted(set(text)))

    return check


def key_mask(text: str) -> str:
    """Return a mask of metadata keys, with `*` and `?`."""
    if not re.fullmatch(r"[a-z0-9_./*?-]+", text):
        raise ValueError("must be keys like avatar or example.org/*: a-z 0-9 _ . / - and * or ?")
    return text


def mailbox(text: str) -> str:
    """Return a mail address, in the plain form without quotes, or "" for none."""
    if text and not (_MAILBOX.fullmatch(text) and len(text) <= _MAX_MAILBOX):
        raise ValueError("must be an address like greenchat@example.org")
    return text


def host_mask(text: str) -> str:
    """Return a `user@host` mask with `*` and `?`."""
    if not re.fullmatch(r"[^\s!@]+@[^\s!@]+", text):
        raise ValueError("must be masks like *@192.0.2.* or *@*.example.org")
    return text


def check_password(text: str) -> str:
    """Return the same string. Raises ValueError if it can be neither a password nor a hash of one."""
    return check_hash(text) if is_hash(text) else word(text)
