"""Switching to a window, channel or user by a few letters; and choosing from what Tab suggests."""

from pathlib import Path

import pytest

from greenchat.client.input.completer import listed
from greenchat.client.input.switcher import fit
from greenchat.client.text import emoji
from tests.client.world import World


@pytest.mark.parametrize(
    ("wanted", "better", "worse"),
    [
        ("tea", "#tea", "#steam"),
        ("tea", "#steam", "#the-elaborate"),
        ("dev", "#dev", "#d-e-v"),
        ("", "#a", "#b"),
    ],
)
def test_the_better_match_comes_first(wanted: str, better: str, worse: str) -> None:
    first, second = fit(wanted, better), fit(wanted, worse)
    assert first is not None
    assert second is not None
    assert first <= second


def test_letters_must_occur_in_order() -> None:
    assert fit("ate", "#tea") is None
    assert fit("TEA", "#tea") == 0


def test_a_window_is_found_by_a_few_letters(tea: World) -> None:
    for name in ("#cake", "#coffee-lovers", "#dev"):
        tea.join(channel=name)
    tea.press("M-g")
    assert tea.screen()[-1] == "go to:"
    tea.type("clov")
    assert "[4:#coffee-lovers]" in tea.bar()
    tea.press("Enter")
    assert tea.model.current.name == "#coffee-lovers"
    tea.press("M-g", "Escape")
    assert tea.screen()[-1] == "[#coffee-lovers]"


def test_windows_with_mentions_come_first(tea: World) -> None:
    for name in ("#cake", "#dev"):
        tea.join(channel=name)
    tea.feed(":bob!b@h PRIVMSG #dev :alice: look", ":bob!b@h PRIVMSG #cake :hello")
    tea.press("M-g")
    assert tea.bar().startswith(" 1 of ")
    assert "[4:#dev]  3:#cake" in tea.bar()
    tea.press("Down", "Enter")
    assert tea.model.current.name == "#cake"


def test_channels_and_users_without_a_window_are_found(tea: World) -> None:
    tea.feed(":srv 322 alice #garden 12 :Roses", ":srv 323 alice :End")
    tea.press("M-g")
    tea.type("gard\n")
    assert tea.sent() == ["JOIN #garden"]
    tea.press("M-g")
    tea.type("carol\n")
    assert tea.model.current.name == "carol"


def test_no_match_is_reported(tea: World) -> None:
    tea.press("M-g")
    tea.type("xyzzy")
    assert "No name matches" in tea.bar()
    tea.press("Enter")
    assert tea.model.current.name == "#tea"


def test_candidates_are_shown_and_selected(tea: World) -> None:
    tea.join("@alice bob bobby bobo carol")
    tea.type("bo")
    tea.press("Tab")
    assert tea.bar() == " 1 of 3: [bob:]  bobby:  bobo:"
    tea.press("Tab")
    assert tea.bar() == " 2 of 3: bob:  [bobby:]  bobo:"
    tea.press("S-Tab")
    assert tea.screen()[-1] == "[#tea] bob:"
    tea.type("hi")
    assert "of 3" not in tea.bar()


def test_a_long_list_shows_the_candidates_around_the_selected_one() -> None:
    names = [f"n{number}" for number in range(40)]
    assert listed(names, 0).startswith("1 of 40: [n0]  n1  ")
    assert listed(names, 20).startswith("21 of 40: ... n14 ")
    assert "[n20]" in listed(names, 20)
    assert listed(names, 39).endswith("[n39]")


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("(car", "(carol "),
        ("see @car", "see @carol "),
        ("/mytea", "/mytea "),
        ("/topic ", "/topic Tea at five "),
        ("/connect lib", "/connect libera.chat "),
        ("/network set home ni", "/network set home nick "),
        ("/t ", "/t Tea at five "),
        ("/toggle be", "/toggle bell "),
        ("/unset be", "/unset bell "),
        ("/reset be", "/reset bell "),
        ("/mouse of", "/mouse off "),
        ("/bind F5 next w", "/bind F5 next window "),
        ("/bind F5 ne", "/bind F5 newer "),
        ("/key bind F5 next sp", "/key bind F5 next split "),
        ("/key unbind M-k,b", "/key unbind M-k,b "),
        ("/import i", "/import irssi "),
        ("/plugin l", "/plugin list "),
        ("/ignore bob inv", "/ignore bob invites "),
        ("/dhl ca", "/dhl cake "),
        ("/unnotify d", "/unnotify dave "),
        (":flag_de", "🇩🇪 "),
        (":umbrella", "☂ "),
    ],
)
def test_completions_of_tab(tea: World, typed: str, first: str) -> None:
    tea.feed(":srv 332 alice #tea :Tea at five")
    tea.model.settings.aliases["mytea"] = "me has tea"
    tea.model.settings.set("bell", "off")
    tea.model.settings.set("highlight.words", "cake")
    tea.model.settings.notified = ["dave"]
    tea.type(typed)
    tea.press("Tab")
    assert tea.console.editor.text == first


def test_nicks_are_completed_in_every_window(tea: World) -> None:
    tea.press("M-1")
    tea.type("car")
    tea.press("Tab")
    assert tea.console.editor.text == "carol: "
    tea.press("C-u")
    tea.model.show(tea.model.open(tea.network, "bob"))
    tea.press("a", "BackSpace", "C-u")
    tea.type("ask car")
    tea.press("Tab")
    assert tea.console.editor.text == "ask carol "


def test_paths_are_completed(tea: World, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "notes.txt").write_text("")
    for command in ("/export", "/upload", "/picture", "/exec cat"):
        tea.press("C-u")
        tea.type(f"{command} {tmp_path}/fo")
        tea.press("Tab")
        assert tea.console.editor.text == f"{command} {tmp_path}/folder/"
        tea.press("Left", "Right", "Tab")
        assert tea.console.editor.text == f"{command} {tmp_path}/folder/notes.txt "


def test_all_flags_can_be_found() -> None:
    assert len(emoji.named("flag_")) == emoji.MOST
    assert emoji.named("flag_zw") == ["🇿🇼"]
