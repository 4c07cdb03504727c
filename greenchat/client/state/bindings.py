"""The key bindings: our table, and presets with the differences of other programs.

A key has the name that terminal/key_decoder.py gives it; several that are pressed one after another are joined by
commas.
"""

import re

from greenchat.protocol import formatting

# The letter after the format key -> the name of the format, and the code that begins (and ends) it.
FORMATS: dict[str, tuple[str, str]] = {
    "b": ("bold", formatting.BOLD),
    "c": ("colour", formatting.COLOUR),
    "i": ("italic", formatting.ITALIC),
    "m": ("monospace", formatting.MONOSPACE),
    "o": ("plain", formatting.RESET),
    "r": ("reverse", formatting.REVERSE),
    "s": ("strikethrough", formatting.STRIKETHROUGH),
    "u": ("underline", formatting.UNDERLINE),
}

KEYS: dict[str, str] = {
    "Left": "left",
    "Right": "right",
    "C-b": "left",
    "C-Left": "word left",
    "C-Right": "word right",
    "M-b": "word left",
    "M-f": "word right",
    "Home": "home",
    "End": "end",
    "C-a": "home",
    "C-e": "end",
    "Backspace": "backspace",
    "C-h": "backspace",
    "Delete": "delete",
    "C-d": "delete",
    "M-Backspace": "kill word left",
    "C-w": "kill blank word left",
    "M-d": "kill word right",
    "C-u": "kill to start",
    "C-k": "kill to end",
    "C-y": "yank",
    "M-y": "yank older",
    "C-t": "transpose",
    "C-_": "undo",
    "M-_": "redo",
    "Up": "older",
    "Down": "newer",
    "Enter": "submit",
    "Tab": "complete",
    "S-Tab": "complete backwards",
    "PgUp": "scroll up",
    "PgDn": "scroll down",
    "M-p": "scroll up",
    "M-n": "scroll down",
    "M-<": "scroll to start",
    "M->": "scroll to end",
    "C-Home": "scroll to start",
    "C-End": "scroll to end",
    "C-n": "next window",
    "C-p": "previous window",
    "M-Right": "next window",
    "M-Left": "previous window",
    "M-Down": "next window",
    "M-Up": "previous window",
    "M-a": "next active window",
    "M-g": "switch window",
    "M-u": "scroll to unread",
    "M-o": "next split",
    "F7": "next split",
    "M-Enter": "newline",
    "M-B": "windows panel",
    "M-N": "nicks panel",
    "F11": "nicks up",
    "F12": "nicks down",
    "WheelUp": "wheel up",
    "WheelDown": "wheel down",
    "C-f": "search",
    "C-r": "search history",
    "C-Up": "message cursor",
    "M-m": "message cursor",
    "M-c": "copy mode",
    "Escape": "escape",
    "F1": "help",
    "C-l": "redraw",
    "C-z": "suspend",
    "C-c": "clear or quit",
}
KEYS |= {f"M-{digit}": f"window {digit or 10}" for digit in range(10)}
KEYS |= {f"M-k,{letter}": name for letter, (name, _) in FORMATS.items()}

# `/bind` of irssi 1.4: a key without a binding types itself, so these are the codes of formats.
IRSSI = {
    "C-b": "bold",
    "C-c": "colour",
    "C-]": "italic",
    "C-o": "plain",
    "C-v": "reverse",
    "C-^": "strikethrough",
    "C-_": "underline",
    "C-u": "kill line",
    "C-Up": "older",
    "C-Down": "newer",
    "M-Up": "next split",
    "M-Down": "next split",
} | {f"M-{letter}": f"window {number}" for number, letter in enumerate("qwertyuio", 11)}

# `/key listdefault` of WeeChat 3.8.
WEECHAT = {
    "F5": "previous window",
    "F6": "next window",
    "F8": "next split",
    "C-Up": "older",
    "C-Down": "newer",
    "C-c": "",
    "C-c,_": "underline",
    "C-c,b": "bold",
    "C-c,c": "colour",
    "C-c,i": "italic",
    "C-c,o": "plain",
    "C-c,v": "reverse",
    "C-f": "right",
    "C-r": "search",
    "C-s,C-u": "read all",
    "M-/": "last window",
    "M-<": "last window",
    "M->": "last window",
    "M-End": "scroll to end",
    "M-Home": "scroll to start",
    "M-PgDn": "wheel down",
    "M-PgUp": "wheel up",
    "M-h,M-c": "read all",
    "M-l": "copy mode",
    "M-m": "/mouse toggle",
    "M-n": "next highlight",
    "M-p": "previous highlight",
    "M-r": "kill line",
    "M-u": "scroll to unread",
    "M-w,M-Down": "next split",
    "M-w,M-Up": "next split",
}

WEECHAT |= {f"M-j,{number // 10},{number % 10}": f"window {number}" for number in range(1, 100)}

# Emacs 28, with M-p, M-n and M-r as in its modes for interactive programs (comint, ERC).
EMACS = {
    "C-f": "right",
    "C-g": "escape",
    "C-n": "newer",
    "C-p": "older",
    "C-r": "search",
    "C-s": "search",
    "C-v": "scroll down",
    "C-x,0": "/unsplit",
    "C-x,1": "/unsplit",
    "C-x,2": "/split",
    "C-x,C-c": "/quit",
    "C-x,Left": "previous window",
    "C-x,Right": "next window",
    "C-x,b": "last window",
    "C-x,k": "/close",
    "C-x,o": "next split",
    "C-x,u": "undo",
    "M-/": "complete",
    "M-c": "capitalize word",
    "M-l": "downcase word",
    "M-n": "newer",
    "M-p": "older",
    "M-r": "search history",
    "M-t": "transpose words",
    "M-u": "upcase word",
    "M-v": "scroll up",
}

PRESETS: dict[str, dict[str, str]] = {"greenchat": {}, "irssi": IRSSI, "weechat": WEECHAT, "emacs": EMACS}


_NAMED = re.compile(r"((?:C-|M-|S-)*)(\S|F\d\d?|[A-Z][A-Za-z]+)")
_SPELLINGS = (("ctrl-", "C-"), ("meta-", "M-"), ("alt-", "M-"), ("shift-", "S-"), ("^[", "M-"), ("^", "C-"))
_SPECIAL = {
    word.lower(): word
    for word in (
        "Up Down Left Right Home End PgUp PgDn Insert Delete Backspace Enter Tab Escape Space Begin".split()
        + [f"F{number}" for number in range(1, 13)]
    )
} | {"pageup": "PgUp", "pagedown": "PgDn", "prior": "PgUp", "next": "PgDn", "return": "Enter", "ret": "Enter"}


def as_key(text: str) -> str:
    """Return a key's name, however irssi, WeeChat or a person spells it: `^X`, `ctrl-x` and `Ctrl-X` are `C-x`."""
    return ",".join(map(_as_key, text.split(","))) if text != "," else text


def _as_key(text: str) -> str:
    for spelling, ours in _SPELLINGS:
        if text.lower().startswith(spelling) and len(text) > len(spelling):
            rest = _as_key(text[len(spelling) :])
            return ours + (rest.lower() if ours == "C-" and len(rest) == 1 else rest)
    return _SPECIAL.get(text.lower(), text) if len(text) > 1 else text


def is_key(name: str) -> bool:
    """Whether a keyboard can have a key of this name, or keys one after another."""
    parts = name.split(",") if name not in (",", "C-,", "M-,") else [name]
    return all(
        (match := _NAMED.fullmatch(part))
        and (len(match[2]) == 1 or match[2].lower() in {*_SPECIAL, "wheelup", "wheeldown"})
        for part in parts
    )


def spelled(key: str) -> str:
    """Return a key's name on a keyboard: `Ctrl-N` for `C-n`, `Alt-Shift-B` for `M-B`, `Ctrl-X b` for `C-x,b`."""
    return " ".join(map(_spelled, key.split(","))) if key[:-1].count(",") else _spelled(key)


def _spelled(key: str) -> str:
    held = ""
    while key[1:2] == "-" and key[2:]:
        held += {"C": "Ctrl-", "M": "Alt-", "S": "Shift-"}.get(key[0], key[:2])
        key = key[2:]
    if held and len(key) == 1:
        return held + "Shift-" * key.isupper() + key.upper()
    return held + key
