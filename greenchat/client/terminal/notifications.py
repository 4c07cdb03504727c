"""Desktop notifications: through the terminal if it supports them (which works over ssh, too), otherwise by
notify-send.

OSC 9 is iTerm2's, OSC 777 rxvt-unicode's, OSC 99 kitty's (https://sw.kovidgoyal.net/kitty/desktop-notifications/).
"""

import contextlib
from collections.abc import Mapping

from greenchat.client.text.cells import clip, visible
from greenchat.protocol.formatting import strip_formatting

LONGEST = 200  # columns of the text
_OSC_9 = ("iTerm.app", "WezTerm", "ghostty")  # TERM_PROGRAM
_OSC_777 = ("rxvt", "foot")  # beginnings of TERM


def sequence(environment: Mapping[str, str], title: str, text: str) -> str:
    """Return this terminal's escape sequence for a notification, "" if it has none."""
    title, text = _harmless(title), _harmless(text)
    term = environment.get("TERM", "")
    if "KITTY_WINDOW_ID" in environment or term == "xterm-kitty":
        return f"\x1b]99;i=greenchat:d=0;{title}\x1b\\\x1b]99;i=greenchat:p=body;{text}\x1b\\"
    if environment.get("TERM_PROGRAM", "") in _OSC_9:
        return f"\x1b]9;{title}: {text}\x1b\\"
    if term.startswith(_OSC_777):
        return f"\x1b]777;notify;{title.replace(';', ',')};{text}\x1b\\"
    return ""


def send(environment: Mapping[str, str], title: str, text: str) -> None:
    """Notify on this machine's desktop, if it has one."""
    import shutil  # late: many terminals notify by themselves
    import subprocess

    program = shutil.which("notify-send", path=environment.get("PATH"))
    if not program or not ("DISPLAY" in environment or "WAYLAND_DISPLAY" in environment):
        return
    with contextlib.suppress(OSError):  # the bell has rung anyway
        subprocess.Popen(
            [program, "--app-name=greenchat", "--", _harmless(title), _harmless(text)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )


def _harmless(text: str) -> str:
    return clip(visible(strip_formatting(text.replace("\n", " "))), LONGEST)
