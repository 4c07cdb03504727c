"""What to use here for commands and settings of irssi and WeeChat that greenchat has not, and for those of operators.

Loaded only for who types one. irssi 1.4: `/help`; WeeChat 3.8: `/help`.
"""

_SCREEN = "/set show.topic, show.status, list.columns and windows.columns change what is around the talk; /set all"
_KEEP = "/network add NAME ADDRESS keeps a network, /network set NAME channels #tea what to join; /help network"
_PLUGINS = "Plugins are Python files of yours: /plugin example writes one, /help plugin tells more"
_RAW = "Operators of the server type it as /raw {}"
_HOST = _RAW.format("CHGHOST nick host")
_TIME = "Some servers take bans for a while: /raw TBAN #channel 1h mask"
_EDIT = "Alt-M and d take a message back"
_SHARED = "Windows share the screen evenly. /split and /vsplit add one, /unsplit takes it away"
_KEYS = "PgUp and PgDn scroll, Ctrl-L draws anew; /help keys"
_EACH = "/amsg says a text in all channels, /away -all is for all networks; others go window by window"
_LOGS = "/set log.files on writes logs, /export writes this window to a file"
_LOGIN = "/login logs in, with SASL where the server has it"
_CHARSET = "greenchat speaks UTF-8, and reads what is none as Windows-1252"
_NEW = "/join, /query and /connect open windows by themselves; /vsplit shows two at once"
_SETS = "/set all shows all settings, /set NAME explains one"
_CAPS = "Capabilities are asked for by themselves"
_NAME = "/ns HELP tells what the network does for names: /ns GHOST ada, or REGAIN"
_KNOCKOUT = "/kickban bob, and /unban later; some servers have /raw TBAN"
_BOUNCER = "Use a bouncer (soju, ZNC), or an account that stays online: /help bouncer"
_LEVELS = "/override #tea mute or notify; /override * for all windows"
_NOTIFY = "/override bob notify calls you for all that bob says to you"
_WAY = "/ping bob measures the way to somebody"
_SHELL = "/exec runs a command of your shell, like /exec -o date"

COMMANDS = {
    "aaway": "/away -all says it on all networks",
    "addallchans": _KEEP,
    "addchan": _KEEP,
    "aj": "/join goes into a channel; " + _KEEP,
    "allbuf": _EACH,
    "allchan": _EACH,
    "allpv": _EACH,
    "allserv": _EACH,
    "anick": "/nick changes your name on the network of this window",
    "atag": _EACH,
    "audit": _RAW.format("AUDIT"),
    "auth": _LOGIN,
    "autojoin": _KEEP,
    "bar": _SCREEN,
    "beep": "/set bell on rings when somebody calls you",
    "calc": _SHELL,
    "cap": _CAPS,
    "cat": _SHELL,
    "cd": "Files are named by their whole path, or from ~ on",
    "channel": _KEEP,
    "charset": _CHARSET,
    "chat": "/query bob talks to bob; over connections of their own only files are fetched: /help dcc",
    "chghost": _HOST,
    "cloak": _RAW.format("CLOAK ROTATE"),
    "color": "/set theme and /set nick.colours; Alt-K C begins a colour in what you type",
    "command": "Commands are typed as they are; /help all lists them",
    "completion": "/alias names a text of yours, and Tab completes names, commands and emoji",
    "cursor": "/mouse on lets clicks choose; Alt-M goes to a message, to answer or copy it",
    "debug": "Bugs are written down by themselves; /raw sends a line to the server",
    "defcon": _RAW.format("DEFCON 2"),
    "dline": _RAW.format("DLINE 192.0.2.7 why"),
    "drain": _RAW.format("DRAIN"),
    "edit": _EDIT + ", and then it is said anew: IRC has no standard for changing one",
    "eval": "Commands are typed as they are; /alias makes one of several: /alias hi join #a; /join #b",
    "fifo": "greenchat --plain reads lines from a script",
    "filter": "/override * hide-joins hides who comes and goes, /ignore bob joins only bob; /raw FILTER for spam",
    "flushbuffer": "What was typed and not sent yet is in its window; /disconnect ends the connection",
    "foreach": _EACH,
    "format": "/set theme, /set time.format and the others of /set all",
    "fset": _SETS,
    "ghost": _NAME,
    "go": "Alt-G finds a window by a part of its name, and /window goes to it",
    "goto": "Ctrl-F searches, PgUp and Alt-< go back",
    "hash": "/raw HASH asks the server",
    "history": "Up and Down go through what you typed, Ctrl-R searches it",
    "hotlist": "/activity tells what is unread, Alt-A goes there, /mentions who called you",
    "input": "/bind gives a key another action",
    "ircnet": _KEEP,
    "iset": _SETS,
    "item": _SCREEN,
    "kline": _RAW.format("KLINE *@192.0.2.7 why"),
    "kn": _KNOCKOUT,
    "knockout": _KNOCKOUT,
    "layout": "Windows, their numbers and splits come back by themselves for networks that are kept; /help network",
    "load": _PLUGINS,
    "logger": _LOGS,
    "lua": _PLUGINS,
    "mircdcc": "/dcc fetches a file that somebody offers",
    "monitor": "/notify bob tells when bob comes and goes",
    "msgbuf": "/msg #tea text says something in another window",
    "mub": "/ban shows who is banned, /unban takes one away",
    "netsplit": "Who left by a split of the network stands in its window, in one line",
    "nick_color": "/set nick.colours on or off",
    "nmsg": "/msg -network bob text",
    "nodes": _RAW.format("NODES"),
    "note": "/ms writes to MemoServ, where the network has it",
    "otr": "Texts are not encrypted from end to end here",
    "perl": _PLUGINS,
    "pipe": _SHELL,
    "pong": "Servers are answered by themselves; /raw PONG sends a line of your own",
    "print": "/echo shows a text in this window",
    "privmsg": "/msg bob hello",
    "proxy": "/set proxy socks5://host:port, or /network set NAME proxy for one network",
    "python": _PLUGINS,
    "rawlog": "What servers say is in their windows, in words; /raw sends a line as it is",
    "recode": _CHARSET,
    "recover": _NAME,
    "redact": _EDIT,
    "redraw": "Ctrl-L draws the screen anew",
    "regain": _NAME,
    "relay": _BOUNCER,
    "release": _NAME,
    "remove": "/kick throws somebody out",
    "rename": "/raw RENAME #tea #coffee, for the operators of a channel",
    "repeat": "Up brings back what you typed last",
    "report": "/raw REPORT bob why tells the operators, where the server has that",
    "resize": _SHARED,
    "resv": _RAW.format("RESV nick why"),
    "rmreconns": "/disconnect ends trying to connect",
    "rmrejoins": "/part leaves a channel, and gives up to come into it",
    "rping": _WAY + "; the status line shows a slow server",
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
    "scrollback": "PgUp and PgDn scroll, /clear empties the window, /lastlog shows lines with a text",
    "secure": "/login keeps your password where only you can read it; /set password.command asks a program for it",
    "service": "/raw SERVICE registers one",
    "sethost": _HOST,
    "shelp": "/raw HELP asks the server",
    "spell": "/set spelling en_US underlines misspelt words; /set spelling auto takes the system's language",
    "statusbar": _SCREEN,
    "summon": "/raw SUMMON nick",
    "sv": "/ver asks which program somebody uses; Ctrl-Z and `greenchat --version` tell yours",
    "sys": _SHELL,
    "tban": _TIME,
    "trigger": "/highlight and /set highlight.patterns call you, /alias names commands; a plugin can do anything: "
    "/plugin example",
    "ts": "/list shows the channels and their topics",
    "typing": "/set typing.tell off tells nobody that you type",
    "uban": _RAW.format("UBAN ADD nick 1d why"),
    "undline": _RAW.format("UNDLINE 192.0.2.7"),
    "unkline": _RAW.format("UNKLINE *@192.0.2.7"),
    "unload": _PLUGINS,
    "unresv": _RAW.format("UNRESV nick"),
    "unsilence": "/silence -*!*@host takes it back",
    "upgrade": "/quit, and start greenchat again: windows, talk and networks come back",
    "uping": _WAY,
    "uptime": _SHELL.replace("date", "uptime"),
    "wait": "A plugin can do something later: /plugin example",
    "wm": _SHARED,
    "wn": _NEW,
    "xfer": "/dcc lists files that people offer, and fetches them",
}

WINDOWS = {
    "balance": _SHARED,
    "bare": "Alt-C shows names and texts only, to be copied",
    "grow": _SHARED,
    "hide": "/set windows.columns; /close takes a window away",
    "item": "Each window has one talk; Alt-1 to Alt-0 and Ctrl-N go to another one",
    "level": "/override #tea mute, notify, no-highlight or hide-joins; /help override",
    "localvar": "/override treats one window otherwise; /help override",
    "log": _LOGS,
    "logfile": _LOGS,
    "name": "Windows have the names of their channels and people",
    "new": _NEW,
    "page_down": _KEYS,
    "page_up": _KEYS,
    "refresh": _KEYS,
    "resize": _SHARED,
    "scroll": _KEYS,
    "server": "The window decides which network a line goes to; /networks lists them",
    "set": "/set all shows what holds in all windows, /override treats one otherwise; /help override",
    "shrink": _SHARED,
    "size": _SHARED,
    "stick": "Windows stay in their places; /split and /vsplit choose which are shown together",
    "swap": _SHARED,
    "theme": "/set theme light or dark",
    "unhide": "/window list shows all windows",
    "unset": "/set NAME default sets a setting back; /override #tea takes back what holds for one window",
    "zoom": "/unsplit shows this window alone",
}

# Switches, by the command that they stand behind.
SWITCHES = {
    "ban time": _TIME,
    "connect auth": _LOGIN,
    "connect cap": _CAPS,
    "connect password": "The password is asked for where the server wants one",
    "connect sasl_username": "/login logs in; /network set NAME account names the account",
    "highlight level": "/override #tea notify calls you for all that is said there",
    "highlight mask": _NOTIFY,
    "highlight nick": _NOTIFY,
    "lastlog clear": "/clear empties the window",
    "list re": "/list *tea* lists channels by a part of their name",
    "names ops": "/names shows all, operators first",
}

# First words of other clients' commands, behind the command that they stand in.
WORDS = {
    "export close": _LOGS,
    "export create": _LOGS,
    "export open": _LOGS,
    "export start": _LOGS,
    "export stop": _LOGS,
    "server copy": _KEEP,
    "server jump": "/reconnect goes on to the next address of a network that is kept",
    "server keep": _KEEP,
    "server open": _KEEP,
    "server purge": "/disconnect ends the connection, and what waits",
    "server raw": "/raw sends a line as it is",
    "server rename": _KEEP,
    "server reorder": _KEEP,
    "server set": _KEEP,
    "server unset": _KEEP,
}

# Beginnings of the names of settings there, and what to do here.
FAMILIES = {
    "activity_": "/override #tea mute keeps a window from calling; /set activity.events tells what counts",
    "buflist.look.sort": "/window move 3 gives a window its number; Alt-A goes to what is unread first",
    "irc.look.smart_filter": "Who comes and goes stands in one line; /override * hide-joins hides it",
    "irc.server.": _KEEP,
    "irc.server_default.": _KEEP,
    "log": _LOGS,
    "nick": "/nick changes your name, /network set NAME nick keeps it",
    "relay.": _BOUNCER,
    "sasl": _LOGIN,
    "sec.": _LOGIN,
    "user_name": "Servers are told your nickname as the user name; /set realname",
    "weechat.look.buffer_notify": _LEVELS,
    "weechat.notify.": _LEVELS,
}

# Settings of both, by their names there.
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
    """Return what to use for a command of this name, "" where there is none in other clients."""
    return COMMANDS.get(name, "")


def window_instead(word: str) -> str:
    """Return what to use for `/window WORD` and `/buffer WORD`, "" where it is none of other clients."""
    return WINDOWS.get(word, "")


def switch_instead(command: str, word: str) -> str:
    """Return what to use for a switch of a command, "" where it is none of other clients."""
    return SWITCHES.get(f"{command} {word}", "")


def word_instead(command: str, word: str) -> str:
    """Return what to use for a first word of a command, "" where it is none of other clients."""
    return WORDS.get(f"{command} {word}", "")


def setting_instead(name: str) -> str:
    """Return what to use for a setting of another client, as a sentence without its end; "" for an unknown one."""
    lowered = name.lower()
    if ours := SETTINGS.get(lowered):
        return f"It is {ours} here"
    return next((instead for begin, instead in FAMILIES.items() if lowered.startswith(begin)), "")
