"""Importing settings of irssi and WeeChat."""

from pathlib import Path

import pytest

from greenchat.client.importing import irssi_config
from greenchat.client.importing.imported import ForeignError
from greenchat.client.main import main
from greenchat.client.slash import expanded
from greenchat.client.slash.importing import take_over
from greenchat.client.state.effects import SaveSettings
from greenchat.client.state.options import parse
from greenchat.client.state.settings import ClientSettings, load
from greenchat.client.view.theme import LIGHT, Appearance, styled
from tests.client.world import World

IRSSI = r"""
# ~/.irssi/config
servers = (
  { address = "irc.libera.chat"; chatnet = "Libera"; port = "6697"; use_tls = "yes"; autoconnect = "yes"; },
  { address = "irc6.libera.chat"; chatnet = "libera"; port = "6667"; password = "secret-server"; },
  { address = "2001:db8::1"; chatnet = "six"; use_ssl = "yes"; }
);
chatnets = {
  Libera = {
    type = "IRC"; nick = "ada_l"; realname = "Ada \"L.\"";
    autosendcmd = "/^msg bot hello there;wait 2000;/msg NickServ identify secret-nick";
    sasl_username = "ada"; sasl_password = "secret-sasl";
  };
  six = { type = "IRC"; };
  empty = { type = "IRC"; };
};
channels = (
  { name = "#tea"; chatnet = "libera"; autojoin = "Yes"; },
  { name = "#key"; chatnet = "Libera"; autojoin = "yes"; password = "k1"; },
  { name = "#not"; chatnet = "Libera"; autojoin = "No"; }
);
aliases = { j = "join"; hug = "me hugs $0"; tell = "msg $0 $1-"; two = "say a;say b"; odd = "foobar";
  vv = "say $version"; };
settings = { core = { real_name = "Ada"; nick = "ada"; }; "fe-text" = { actlist_sort = "refnum"; };
  "fe-common/core" = { autolog = "yes"; timestamp_format = "%H:%M:%S"; part_message = "bye $N"; };
  "irc/core" = { quit_message = "See you"; }; };
hilights = (
  { text = "cake"; nick = "yes"; word = "yes"; }, { text = "tea time"; }, { text = "b(a|e)d"; regexp = "yes"; },
  { text = "bob!*@*"; mask = "yes"; }, { text = "("; regexp = "yes"; }
);
ignores = (
  { mask = "spammer"; level = "ALL"; },
  { mask = "*!*@spam.example"; level = "PUBLIC MSGS NOTICES"; channels = ( "#tea", "#key" ); },
  { level = "JOINS PARTS QUITS"; channels = ( "#busy" ); },
  { mask = "friend"; level = "ALL"; exception = "yes"; },
  { mask = "modes"; level = "MODES"; }
);
"""
IRC_CONF = r"""
[server_default]
addresses = ""
tls = on
nicks = "ada,ada_"
realname = "Ada"
msg_part = "WeeChat ${info:version}"
msg_quit = "See you"
[ignore]
ignore = *;*;^spammer$
ignore = *;#tea;^.*!.*@spam\.example$
ignore = *;*;^(a|b)$
[server]
libera.addresses = "irc.libera.chat/6697,irc2.libera.chat"
libera.proxy = "tor"
libera.tls = null
libera.nicks = null
libera.autoconnect = on
libera.autojoin = "#key,#tea k1"
libera.command = "/msg bot hello"
libera.sasl_username = "ada"
libera.sasl_password = "${sec.data.libera}"
libera.tls_cert = "${weechat_config_dir}/tls/ada.pem"
old.addresses = "irc.old.example"
old.ssl = off
old.tls = off
old.nicks = "ada_old"
"""
WEECHAT_CONF = """
[look]
highlight = "cake,(?-i)Tea*"
highlight_regex = "b(a|e)d"
[proxy]
tor.type = socks5
tor.address = "127.0.0.1"
tor.port = 9050
"""
ALIAS_CONF = '[cmd]\nAAWAY = "allserv /away"\nHUG = "/me hugs $1"\nJ = "/join"\n'


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "WEECHAT_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_irssis_settings(home: Path) -> None:
    write(home / ".irssi/config", IRSSI)
    settings = ClientSettings()
    lines = take_over(settings, "irssi")
    libera, six = settings.networks.values()
    assert (libera.name, libera.nick, libera.realname) == ("Libera", "ada_l", 'Ada "L."')
    assert libera.addresses == ["ircs://irc.libera.chat:6697", "irc://irc6.libera.chat:6667"]
    assert (libera.autoconnect, libera.channels) == (True, ["#tea", "#key:k1"])
    assert libera.commands == ["/msg bot hello there"]
    assert (six.addresses, six.nick, six.autoconnect) == (["ircs://[2001:db8::1]:6697"], "ada", False)
    values = {"realname": "Ada", "log.files": True, "time.format": "%H:%M:%S", "text.quit": "See you"}
    assert values.items() <= settings.values.items()
    assert "settings: realname, log.files, text.quit, time.format" in lines
    assert settings.aliases == {"hug": "me hugs $1", "tell": "msg $1 $2-"}
    assert settings.ignored == [
        "spammer",
        "spammer joins",
        "*!*@spam.example messages notices #tea #key",
        "* joins #busy",
    ]
    assert settings.get("highlight.words") == ["cake"]
    for text in ("it is TEA TIME now", "so bed", "cake!"):
        assert settings.is_highlight(text), text
    assert not settings.is_highlight("steady teatime")
    report = "\n".join(lines)
    for left in (
        "wait",
        "two",
        "odd",
        "alias vv:",
        "settings actlist_sort;",
        "text.part bye $n: it uses a variable",
        "bob!*@*",
        "friend",
        "modes",
        "its server",
        "of ada;",
        "highlight (",
    ):
        assert any(line.startswith("not imported: ") and left in line.lower() for line in lines), left
    assert "command /msg: it contains a password" in report
    assert "secret" not in report + repr(settings.values) + "".join(libera.commands)


def test_weechats_settings(home: Path) -> None:
    folder = write(home / ".config/weechat/irc.conf", IRC_CONF).parent
    write(folder / "weechat.conf", WEECHAT_CONF)
    write(folder / "alias.conf", ALIAS_CONF)
    settings = ClientSettings()
    lines = take_over(settings)
    libera, old = settings.networks.values()
    assert libera.addresses == ["ircs://irc.libera.chat:6697", "ircs://irc2.libera.chat:6697"]
    assert (libera.nick, libera.autoconnect, libera.channels) == ("ada", True, ["#key:k1", "#tea"])
    assert (libera.commands, libera.proxy) == (["/msg bot hello"], "socks5://127.0.0.1:9050")
    assert libera.certificate == f"{folder}/tls/ada.pem"
    assert (old.addresses, old.nick, old.autoconnect) == (["irc://irc.old.example:6667"], "ada_old", False)
    assert settings.ignored == ["spammer", "*!*@spam.example #tea"]
    assert settings.aliases == {"hug": "me hugs $1"}
    assert (settings.get("text.quit"), settings.get("text.part")) == ("See you", "")
    assert settings.get("highlight.words") == ["cake"]
    assert settings.is_highlight("three teapots")
    assert settings.is_highlight("bed")
    assert not settings.is_highlight("instead")
    left = [line for line in lines if line.startswith("not imported: ")]
    assert len(left) == 3  # the password, the ignored (a|b), the alias aaway
    assert lines[0] == f"From {folder}/irc.conf:"


def test_existing_settings_stay_and_a_second_import_changes_nothing(home: Path) -> None:
    write(home / ".irssi/config", IRSSI)
    settings = ClientSettings(aliases={"hug": "me squeezes $1"})
    settings.set("realname", "Countess")
    assert "settings: log.files, text.quit, time.format" in take_over(settings, "irssi")
    assert (settings.aliases["hug"], settings.get("realname")) == ("me squeezes $1", "Countess")
    ignored, words = list(settings.ignored), settings.get("highlight.words")
    again = take_over(settings, "irssi")
    assert "nothing new" in again
    assert "not imported: alias hug: the name is already taken" in again
    assert not any("alias tell" in line for line in again)  # the first import has set it to the same value
    assert (settings.ignored, settings.get("highlight.words")) == (ignored, words)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a = { b = ", "ends too early"),
        ('a = "b;\n', "line 1: a text without its closing quote"),
        ("\n\na = };", "line 3: }"),
        ("a = " + "(" * 100_000, "not expected"),
        ("a { }", "line 1: {"),
    ],
)
def test_errors_in_irssis_file(text: str, says: str) -> None:
    with pytest.raises(ForeignError, match=says):
        irssi_config.parse(text)


def test_import_command(home: Path) -> None:
    path = write(home / "elsewhere", IRSSI)
    world = World()
    world.welcome()
    world.type(f"/import irssi {path}\n")
    assert "Libera" in world.model.settings.networks
    assert any(isinstance(each, SaveSettings) for each in world.model.effects)
    world.type("/import mirc\n")
    world.type(f"/import irssi {home}/nothing\n")
    shown = "\n".join(line.text for line in world.model.current.lines)
    assert "only from irssi and weechat" in shown
    assert "No such file" in shown
    assert expanded(world.model, "tell bob how are you") == ["msg bob how are you"]


def test_import_option(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import"]) == 2
    assert "No settings found of irssi" in capsys.readouterr().err
    write(home / ".irssi/config", IRSSI)
    assert main(["import", "irssi"]) == 0
    assert "networks: Libera, six" in capsys.readouterr().out
    assert list(load(home / ".config/greenchat/client.toml").networks) == ["Libera", "six"]
    assert main(["import", "irssi", "a", "b"]) == 2


def test_a_theme_for_one_session(capsys: pytest.CaptureFixture[str]) -> None:
    settings = ClientSettings()
    settings.set("theme", "dark")
    assert parse(["--theme", "light", "irc.example"]).theme == "light"
    assert styled(Appearance(wanted="light"), settings).nicks == LIGHT.nicks
    assert styled(Appearance(), settings).nicks != LIGHT.nicks
    with pytest.raises(SystemExit):
        parse(["--theme", "pink"])
    assert "dark" in capsys.readouterr().err


def test_a_missing_file_is_reported(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", "irssi"]) == 2
    says = f"{home / '.irssi' / 'config'} can't be read: No such file or directory"
    assert capsys.readouterr().err == f"greenchat: {says}\n"
    world = World()
    world.welcome()
    world.type("/import irssi\n")
    assert world.shown("")[-1] == f"! {says}"
