"""Equivalents of commands and settings of irssi and WeeChat, and of operators' commands.

Loaded only when one is typed. irssi 1.4: `/help`; WeeChat 3.8: `/help`.
"""

_SCREEN = "/set show.topic, show.status, list.columns and windows.columns change the layout; see /set all"
_KEEP = (
    "/network add NAME ADDRESS saves a network, /network set NAME channels #tea sets its autojoin; see /help network"
)
_PLUGINS = "Plugins are Python files: /plugin example writes a sample, see /help plugin"
_RAW = "Server operators can send it with /raw {}"
_HOST = _RAW.format("CHGHOST nick host")
_TIME = "Some servers have timed bans: /raw TBAN #channel 1h mask"
_EDIT = "Alt-M selects a message, d deletes it"
_SHARED = "Splits have equal sizes. /split and /vsplit add one, /unsplit removes it"
_KEYS = "PgUp and PgDn scroll, Ctrl-L redraws the screen; see /help keys"
_EACH = "/amsg writes to all channels and /away -all applies to all networks; other commands work in one window"
_LOGS = "/set log.files on writes logs, /export writes this window to a file"
_LOGIN = "/login logs in, with SASL where the server has it"
_CHARSET = "greenchat sends UTF-8 and reads anything else as Windows-1252"
_NEW = "/join, /query and /connect open windows; /vsplit shows two side by side"
_SETS = "/set all lists all settings, /set NAME explains one"
_CAPS = "Capabilities are negotiated automatically"
_NAME = "Ask NickServ, for example /ns GHOST ada or /ns REGAIN ada; see /ns HELP"
_KNOCKOUT = "Use /kickban bob and later /unban bob; some servers have timed bans (/raw TBAN)"
_BOUNCER = "Use a bouncer (soju, ZNC) or an always-on account; see /help bouncer"
_LEVELS = "/override #tea mute or notify; /override * for all windows"
_NOTIFY = "/override bob notify alerts you to every message from bob"
_WAY = "/ping bob measures the round trip to bob"
_SHELL = "/exec runs a shell command, for example /exec -o date"

COMMANDS = {
    "aaway": "/away -all sets it on all networks",
    "addallchans": _KEEP,
    "addchan": _KEEP,
    "aj": "/join joins a channel; " + _KEEP,
    "allbuf": _EACH,
    "allchan": _EACH,
    "allpv": _EACH,
    "allserv": _EACH,
    "anick": "/nick changes your nickname on this window's network",
    "atag": _EACH,
    "audit": _RAW.format("AUDIT"),
    "auth": _LOGIN,
    "autojoin": _KEEP,
    "bar": _SCREEN,
    "beep": "/set bell on rings the terminal bell on a highlight",
    "calc": _SHELL,
    "cap": _CAPS,
    "cat": _SHELL,
    "cd": "Give the full path of a file, or one that begins with ~",
    "channel": _KEEP,
    "charset": _CHARSET,
    "chat": "/query bob opens a private chat. DCC is supported for receiving files only; see /help dcc",
    "chghost": _HOST,
    "cloak": _RAW.format("CLOAK ROTATE"),
    "color": "/set theme and /set nick.colours; Alt-K C inserts a colour code",
    "command": "Type the command itself; /help all lists the commands",
    "completion": "/alias defines shortcuts, and Tab completes nicknames, commands and emoji",
    "cursor": "/mouse on makes windows and nicks clickable; Alt-M selects a message to reply to or copy",
    "debug": "Crash reports are written automatically; /raw sends a line to the server",
    "defcon": _RAW.format("DEFCON 2"),
    "dline": _RAW.format("DLINE 192.0.2.7 why"),
    "drain": _RAW.format("DRAIN"),
    "edit": _EDIT + "; then send it again. IRC has no standard for editing messages",
    "eval": "Type the command itself; /alias combines several: /alias hi join #a; /join #b",
    "fifo": "greenchat --plain reads lines from a script",
    "filter": "/override * hide-joins hides joins and parts, /ignore bob joins hides those of bob; for spam see /raw "
    "FILTER",
    "flushbuffer": "Unsent lines stay in their window; /disconnect ends the connection",
    "foreach": _EACH,
    "format": "See /set theme, /set time.format and /set all",
    "fset": _SETS,
    "ghost": _NAME,
    "go": "Alt-G finds a window by part of its name; /window goes to it",
    "goto": "Ctrl-F searches, PgUp and Alt-< scroll back",
    "hash": "Use /raw HASH",
    "history": "Up and Down recall what you typed, Ctrl-R searches it",
    "hotlist": "/activity lists unread windows, Alt-A goes to the next one, /mentions lists highlights",
    "input": "/bind changes what a key does",
    "ircnet": _KEEP,
    "iset": _SETS,
    "item": _SCREEN,
    "kline": _RAW.format("KLINE *@192.0.2.7 why"),
    "kn": _KNOCKOUT,
    "knockout": _KNOCKOUT,
    "layout": "The layout of saved networks (windows, numbers, splits) is restored automatically; see /help network",
    "load": _PLUGINS,
    "logger": _LOGS,
    "lua": _PLUGINS,
    "mircdcc": "/dcc get bob receives a file that bob offers",
    "monitor": "/notify bob tells you when bob comes online or goes offline",
    "msgbuf": "/msg #tea text writes to another window",
    "mub": "/ban lists the bans, /unban removes one",
    "netsplit": "Netsplits are shown as one line in each window",
    "nick_color": "/set nick.colours on or off",
    "nmsg": "/msg -network bob text",
    "nodes": _RAW.format("NODES"),
    "note": "/ms writes to MemoServ, where the network has it",
    "otr": "greenchat has no end-to-end encryption",
    "perl": _PLUGINS,
    "pipe": _SHELL,
    "pong": "PINGs are answered automatically; /raw PONG sends one by hand",
    "print": "/echo prints text in this window",
    "privmsg": "/msg bob hello",
    "proxy": "/set proxy socks5://host:port, or /network set NAME proxy for one network",
    "python": _PLUGINS,
    "rawlog": "Server messages are in the server's window; /raw sends a raw line",
    "recode": _CHARSET,
    "recover": _NAME,
    "redact": _EDIT,
    "redraw": "Ctrl-L redraws the screen",
    "regain": _NAME,
    "relay": _BOUNCER,
    "release": _NAME,
    "remove": "/kick removes somebody from a channel",
    "rename": "Channel operators can use /raw RENAME #tea #coffee",
    "repeat": "Up recalls the last line you typed",
    "report": "Use /raw REPORT bob reason, if the server supports it",
    "resize": _SHARED,
    "resv": _RAW.format("RESV nick why"),
    "rmreconns": "/disconnect stops the connection attempts",
    "rmrejoins": "/part leaves a channel or cancels a pending join",
    "rping": _WAY + "; the status line shows the lag",
    "ruby": _PLUGINS,
    "run": _PLUGINS,
    "sajoin": _RAW.format("SAJOIN nick #channel"),
    "samode": _RAW.format("SAMODE #channel +o nick"),
    "sanick": _RAW.format("SANICK nick newnick"),
    "sapart": _RAW.format("SAPART nick #channel"),
    "saquit": _RAW.format("SAQUIT nick why"),
    "sb": _KEYS,
    "sbar": _SCREEN,
    "sconnect": _RAW.format("CONNECT server"),
    "scrollback": "PgUp and PgDn scroll, /clear clears the window, /lastlog finds lines",
    "secure": "/login stores your password where only you can read it; /set password.command gets it from a program",
    "service": "/raw SERVICE registers one",
    "sethost": _HOST,
    "shelp": "Use /raw HELP",
    "spell": "/set spelling en_US underlines misspelt words; /set spelling auto uses the system's language",
    "statusbar": _SCREEN,
    "summon": "/raw SUMMON nick",
    "sv": "/ver bob asks for bob's client; `greenchat --version` in a shell shows yours",
    "sys": _SHELL,
    "tban": _TIME,
    "trigger": "See /highlight and /set highlight.patterns, /alias, or write a plugin: /plugin example",
    "ts": "/list lists the channels and their topics",
    "typing": "/set typing.tell off keeps your typing private",
    "uban": _RAW.format("UBAN ADD nick 1d why"),
    "undline": _RAW.format("UNDLINE 192.0.2.7"),
    "unkline": _RAW.format("UNKLINE *@192.0.2.7"),
    "unload": _PLUGINS,
    "unresv": _RAW.format("UNRESV nick"),
    "unsilence": "/silence -*!*@host removes the mask",
    "upgrade": "/quit and start greenchat again: windows, history and networks come back",
    "uping": _WAY,
    "uptime": _SHELL.replace("date", "uptime"),
    "wait": "A plugin can have timers: see /plugin example",
    "wm": _SHARED,
    "wn": _NEW,
    "xfer": "/dcc lists and receives files that others offer",
}

WINDOWS = {
    "balance": _SHARED,
    "bare": "Alt-C shows plain text for copying",
    "grow": _SHARED,
    "hide": "See /set windows.columns; /close closes a window",
    "item": "A window shows one conversation; Alt-1 to Alt-0 and Ctrl-N change windows",
    "level": "/override #tea mute, notify, no-highlight or hide-joins; /help override",
    "localvar": "/override changes settings for one window; see /help override",
    "log": _LOGS,
    "logfile": _LOGS,
    "name": "Windows are named after their channel or nick",
    "new": _NEW,
    "page_down": _KEYS,
    "page_up": _KEYS,
    "refresh": _KEYS,
    "resize": _SHARED,
    "scroll": _KEYS,
    "server": "A line goes to the network of its window; /networks lists the networks",
    "set": "/set all lists the settings, /override changes them for one window; see /help override",
    "shrink": _SHARED,
    "size": _SHARED,
    "stick": "Windows keep their places; /split and /vsplit show several at once",
    "swap": _SHARED,
    "theme": "/set theme light or dark",
    "unhide": "/window list lists all windows",
    "unset": "/set NAME default resets a setting; /override #tea resets one window",
    "zoom": "/unsplit shows only this window",
}

# Switches, by their command.
SWITCHES = {
    "ban time": _TIME,
    "connect auth": _LOGIN,
    "connect cap": _CAPS,
    "connect password": "greenchat asks for a password if the server needs one",
    "connect sasl_username": "/login logs in; /network set NAME account sets the account",
    "highlight level": "/override #tea notify alerts you to every message there",
    "highlight mask": _NOTIFY,
    "highlight nick": _NOTIFY,
    "lastlog clear": "/clear clears the window",
    "list re": "/list *tea* lists the channels with tea in their names",
    "names ops": "/names lists everybody, operators first",
}

# First words of other clients' commands, by the command.
WORDS = {
    "export close": _LOGS,
    "export create": _LOGS,
    "export open": _LOGS,
    "export start": _LOGS,
    "export stop": _LOGS,
    "server copy": _KEEP,
    "server jump": "/reconnect tries the next address of a saved network",
    "server keep": _KEEP,
    "server open": _KEEP,
    "server purge": "/disconnect ends the connection and drops what waits",
    "server raw": "/raw sends a raw line",
    "server rename": _KEEP,
    "server reorder": _KEEP,
    "server set": _KEEP,
    "server unset": _KEEP,
}

# Prefixes of settings of other clients, and the equivalents here.
FAMILIES = {
    "activity_": "/override #tea mute silences a window; /set activity.events sets what counts as activity",
    "buflist.look.sort": "/window move 3 sets a window's number; Alt-A goes to unread windows",
    "irc.look.smart_filter": "Joins and parts are collected in one line; /override * hide-joins hides them",
    "irc.server.": _KEEP,
    "irc.server_default.": _KEEP,
    "log": _LOGS,
    "nick": "/nick changes your nickname, /network set NAME nick saves it",
    "relay.": _BOUNCER,
    "sasl": _LOGIN,
    "sec.": _LOGIN,
    "user_name": "The user name is your nickname; see /set realname",
    "weechat.look.buffer_notify": _LEVELS,
    "weechat.notify.": _LEVELS,
}

# Settings of both clients, by their names there.
SETTINGS = {
    "activity_hide_level": "activity.events",
    "autolog": "log.files",
    "autolog_path": "log.folder",
    "beep_when_window_active": "bell",
    "buflist.look.enabled": "windows.columns",
    "ctcp_version_reply": "ctcp.version",
    "hilight_nick_matches": "highlight.words",
    "irc.ctcp.version": "ctcp.version",
    "irc.server_default.msg_part": "text.part",
    "irc.server_default.msg_quit": "text.quit",
    "logger.file.path": "log.folder",
    "logger.mask.irc": "log.file",
    "part_message": "text.part",
    "quit_message": "text.quit",
    "real_name": "realname",
    "spell.check.default_dict": "spelling",
    "spell.check.enabled": "spelling",
    "timestamp_format": "time.format",
    "weechat.bar.buflist.position": "windows.side",
    "weechat.bar.buflist.size": "windows.columns",
    "weechat.bar.nicklist.position": "list.side",
    "weechat.bar.nicklist.size": "list.columns",
    "weechat.bar.title.hidden": "show.topic",
    "weechat.color.chat_nick_colors": "nick.colours",
    "weechat.look.buffer_time_format": "time.format",
    "weechat.look.highlight": "highlight.words",
    "weechat.look.highlight_regex": "highlight.patterns",
    "weechat.look.mouse": "mouse",
    "weechat.look.prefix_align_max": "nick.columns",
}


def instead(name: str) -> str:
    """Return the equivalent of another client's command, "" if it is unknown."""
    return COMMANDS.get(name, "")


def window_instead(word: str) -> str:
    """Return the equivalent of another client's `/window WORD` or `/buffer WORD`, "" if it is unknown."""
    return WINDOWS.get(word, "")


def switch_instead(command: str, word: str) -> str:
    """Return the equivalent of another client's switch of a command, "" if it is unknown."""
    return SWITCHES.get(f"{command} {word}", "")


def word_instead(command: str, word: str) -> str:
    """Return the equivalent of another client's first word of a command, "" if it is unknown."""
    return WORDS.get(f"{command} {word}", "")


def setting_instead(name: str) -> str:
    """Return the equivalent of another client's setting, as a sentence without its end; "" if it is unknown."""
    lowered = name.lower()
    if ours := SETTINGS.get(lowered):
        return f"Use {ours}"
    return next((instead for begin, instead in FAMILIES.items() if lowered.startswith(begin)), "")
