"""Settings, aliases, keys and ignored users: their effects, and that they are saved."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenchat.client.state.effects import SaveSettings
from greenchat.client.state.saved_networks import SavedNetwork
from greenchat.client.state.settings import TABLE, ClientSettings, SettingError, as_toml, load, save
from tests.client.world import World

WORDS = st.text(st.characters(blacklist_categories=["Cs"]), min_size=1)


@given(aliases=st.dictionaries(WORDS, WORDS), ignored=st.lists(WORDS), keys=st.dictionaries(WORDS, WORDS))
def test_written_settings_are_read_again(aliases: dict[str, str], ignored: list[str], keys: dict[str, str]) -> None:
    table = tomllib.loads(as_toml(ClientSettings({"bell": False}, aliases, ignored, keys, ["bob -away libera"])))
    lists = {"ignored": ignored, "notified": ["bob -away libera"]}
    assert table == {**lists, "settings": {"bell": False}, "aliases": aliases, "keys": keys}


def test_the_file(tmp_path: Path) -> None:
    path = tmp_path / "config" / "client.toml"
    assert load(path).values == {}
    settings = ClientSettings(aliases={"hug": "me hugs $1"}, ignored=["eve"], bindings={"F5": "next window"})
    settings.notified = ["bob"]
    settings.set("highlight.words", "tea coffee")
    settings.values["of a newer greenchat"] = "kept"
    save(settings, path)
    again = load(path)
    assert again.notified == ["bob"]
    assert (again.values, again.aliases, again.ignored, again.bindings) == (
        {"highlight.words": ["tea", "coffee"], "of a newer greenchat": "kept"},
        settings.aliases,
        ["eve"],
        settings.bindings,
    )


@pytest.mark.parametrize(
    "text", ["settings = ", "[settings]\nbell = 'loud'", "[settings]\n'highlight.patterns' = ['(']"]
)
def test_an_error_in_the_file_is_reported(tmp_path: Path, text: str) -> None:
    path = tmp_path / "client.toml"
    path.write_text(text)
    with pytest.raises(SettingError, match=r"client\.toml"):
        load(path)


def test_highlight_words_and_patterns(tea: World) -> None:
    tea.type("/set highlight.words tea\n/set highlight.patterns b[aeiou]scuits?\n")
    lines = {"Tea is ready": True, "no steam": False, "Biscuit!": True, "alice?": True, "\x02te\x02a": True}
    for text, called in lines.items():
        tea.feed(f":bob!b@h PRIVMSG #tea :{text}")
        assert tea.model.current.lines[-1].highlight is called, text
    assert tea.model.effects[-1] == SaveSettings()


def test_set_shows_explains_changes_and_refuses(tea: World) -> None:
    tea.type("/set bell\n/set bell off\n/set bell perhaps\n/set nothing\n/set keys.preset vi\n")
    assert tea.shown()[-5:] == [
        "- bell = on: ring the bell on a highlight while the terminal is not focused",
        "- bell = off",
        "! bell is on or off.",
        "! There is no setting nothing. /set all lists them.",
        "! keys.preset is one of greenchat, irssi, weechat, emacs.",
    ]
    tea.type("/set bell default\n/set highlight.patterns (\n")
    assert tea.model.settings.values == {}
    assert tea.shown()[-1].startswith("! highlight.patterns: ( is not a valid regular expression")


def test_aliases(tea: World) -> None:
    tea.type("/alias hug me hugs $1 with $2\n/alias wave /me waves\n/alias names x\n")
    assert tea.shown()[-1] == "! /names is already a command."
    tea.type("/hug bob joy\n/wave to all\n/hug bob\n/unalias hug\n/hug bob\n")
    line = tea.shown()[-1]
    tea.sent()
    assert [line.text for line in tea.model.current.lines if line.kind.name == "ACTION"] == [
        "hugs bob with joy",
        "waves to all",
        "hugs bob with",
    ]
    assert line.startswith("! There is no command /hug.")


def test_bound_keys(tea: World) -> None:
    tea.type("/bind F5 window 1\n/bind F6 /me waves\n/bind C-a nothing\n/bind F7 dance\n")
    assert tea.shown()[-1].startswith("! There is no action dance.")
    tea.press("F6")
    assert tea.sent() == ["PRIVMSG #tea :\x01ACTION waves\x01"]
    tea.type("x")
    tea.press("C-a")
    tea.type("y")
    assert tea.console.editor.text == "xy"
    tea.press("F5")
    assert tea.model.current is tea.network.status
    tea.type("/bind F5 default\n/bind F5\n")
    assert tea.shown("")[-1] == "- F5: (nothing)"


def test_ignored_users_are_not_shown(tea: World) -> None:
    tea.type("/ignore bob\n/ignore *!*@spam.example\n")
    tea.feed(
        ":Bob!b@h PRIVMSG #tea :one",
        ":eve!e@spam.example PRIVMSG alice :two",
        ":carol!c@h PRIVMSG #tea :three",
        ":bob!b@h JOIN #tea",
    )
    assert "+carol: three" in tea.shown()
    assert not any(line.endswith((": one", ": two")) for line in tea.shown())
    assert tea.network.find("eve") is None
    tea.type("/unignore bob\n/unignore bob\n")
    assert tea.shown()[-2:] == [
        "- bob is no longer ignored.",
        "! bob is not on your ignore list. /ignore shows the list.",
    ]
    tea.feed(":bob!b@h PRIVMSG #tea :back")
    assert tea.shown()[-1] == "bob: back"


def test_typing_is_not_sent_where_it_is_off(echoing: World) -> None:
    echoing.type("/set typing.tell off\n")
    echoing.all_sent()
    echoing.type("hello")
    assert echoing.all_sent() == []


def test_names_of_settings_are_completed(tea: World) -> None:
    tea.type("/set hi")
    tea.press("Tab")
    assert tea.console.editor.text == "/set highlight.words "


WRONG = {
    "start": "ftp://x",
    "proxy": "localhost",
    "spelling": "en_US; rm",
    "highlight.patterns": "[a",
    "archive.megabytes": "-5",
    "exec.seconds": "soon",
    "theme": "pink",
    "bell": "perhaps",
}


@pytest.mark.parametrize("name", WRONG)
def test_an_invalid_value_is_refused_with_the_valid_ones(tea: World, name: str) -> None:
    before = tea.model.settings.get(name)
    tea.type(f"/set {name} {WRONG[name]}\n")
    assert tea.shown()[-1].startswith(f"! {name}")
    assert tea.model.settings.get(name) == before


def test_every_setting_has_a_check_where_possible() -> None:
    """A text has choices or a check, except for these."""
    free = {"spelling.words", "highlight.words", "plugins.load"}
    unchecked = {
        row.name
        for row in TABLE.values()
        if isinstance(row.default, str | list) and not row.choices and row.check is None
    }
    assert unchecked == free


def test_two_clients_keep_each_others_changes(tmp_path: Path) -> None:
    path = tmp_path / "client.toml"
    first = ClientSettings(aliases={"hi": "say hi", "gone": "say x"}, ignored=["bob", "eve"])
    first.networks["a"] = SavedNetwork("a", ["irc.a.example"])
    save(first, path)
    one, two = load(path), load(path)
    network = one.networks["a"]
    one.set("nick.columns", "14")
    one.aliases["hi"] = "say hello"
    del one.aliases["gone"]
    one.ignored.remove("bob")
    save(one, path)
    two.set("time.format", "%H")
    two.networks["b"] = SavedNetwork("b", ["irc.b.example"])
    two.networks["a"].set("nick", "ada")
    two.ignored.append("mallory")
    save(two, path)
    one.set("bell", "off")
    save(one, path)
    for each in (one, load(path)):
        assert each.values == {"nick.columns": 14, "time.format": "%H", "bell": False}
        assert each.aliases == {"hi": "say hello"}
        assert each.ignored == ["eve", "mallory"]
        assert (list(each.networks), each.networks["a"].nick) == (["a", "b"], "ada")
    assert one.networks["a"] is network, "the connection keeps its settings"


def test_the_last_change_of_the_same_setting_wins(tmp_path: Path) -> None:
    path = tmp_path / "client.toml"
    save(ClientSettings(), path)
    one, two = load(path), load(path)
    one.set("nick.columns", "14")
    save(one, path)
    two.set("nick.columns", "16")
    save(two, path)
    assert load(path).values == {"nick.columns": 16}
    one.set("nick.columns", "12")  # the default
    save(one, path)
    assert load(path).values == {}


def test_an_invalid_file_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "client.toml"
    path.write_text("[settings]\nbell = of\n", encoding="utf-8")
    with pytest.raises(OSError, match="is not valid"):
        save(ClientSettings(), path)
    assert "bell = of" in path.read_text(encoding="utf-8")


def test_simultaneous_writes_leave_one_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "client.toml"
    change = "import sys\nfrom pathlib import Path\nfrom greenchat.client.state.settings import load, save\n"
    change += "for number in range(20):\n    settings = load(Path(sys.argv[1]))\n"
    change += "    settings.aliases[f'{sys.argv[2]}{number}'] = 'echo'\n    save(settings, Path(sys.argv[1]))\n"
    here = os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])}
    programs = [subprocess.Popen([sys.executable, "-c", change, str(path), each], env=here) for each in "abc"]
    assert [each.wait() for each in programs] == [0, 0, 0]
    assert len(load(path).aliases) == 60
    assert [each.name for each in tmp_path.iterdir()] == ["client.toml"]
