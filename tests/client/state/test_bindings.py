"""Key bindings: our table, and presets, which are compared with the documentation of their programs."""

import pytest

from greenchat.client.input.editor import InputLine
from greenchat.client.slash.registry import find
from greenchat.client.state.bindings import FORMATS, PRESETS, spelled
from greenchat.client.state.effects import Quit
from greenchat.client.state.events import Resized
from greenchat.client.state.settings import ClientSettings
from greenchat.client.text.style import Size
from tests.client.world import World


def keys_of(preset: str) -> dict[str, str]:
    settings = ClientSettings()
    settings.set("keys.preset", preset)
    return settings.keys()


@pytest.mark.parametrize("preset", PRESETS)
def test_every_binding_names_an_existing_action(tea: World, preset: str) -> None:
    for key, action in keys_of(preset).items():
        if action.startswith("/"):
            assert find(action[1:].split()[0]), key
        else:
            assert action in tea.model.actions, key


# `/bind` of irssi 1.4.3, as it lists them. Left out: completion by itself, and items of one window.
IRSSI = """
left backward_character; right forward_character; C-Left backward_word; M-b backward_word; C-Right forward_word;
M-f forward_word; C-a beginning_of_line; Home beginning_of_line; C-e end_of_line; End end_of_line;
Up backward_history; Down forward_history; C-Up backward_global_history; C-Down forward_global_history;
Backspace backspace; Delete delete_character; C-d delete_character; M-d delete_next_word;
M-Backspace delete_previous_word; C-w delete_to_previous_space; C-u erase_line; C-k erase_to_end_of_line;
C-y yank_from_cutbuffer; C-t transpose_characters; S-Tab word_completion_backward; Tab word_completion;
C-p previous_window; C-n next_window; M-Up upper_window; M-Down lower_window; M-Left left_window;
M-Right right_window; M-a active_window; C-l refresh_screen; M-p scroll_backward; PgUp scroll_backward;
M-n scroll_forward; PgDn scroll_forward; C-Home scroll_start; C-End scroll_end; C-z stop_irc;
M-1 change_window 1; M-9 change_window 9; M-0 change_window 10; M-q change_window 11; M-w change_window 12;
M-e change_window 13; M-r change_window 14; M-t change_window 15; M-y change_window 16; M-u change_window 17;
M-i change_window 18; M-o change_window 19
"""
# `/key listdefault` of WeeChat 3.8. Left out: bars that ours does not have, merged buffers, M-j with a number.
WEECHAT = """
C-a move_beginning_of_line; C-b move_previous_char; C-c,_ insert \\x1F; C-c,b insert \\x02; C-c,c insert \\x03;
C-c,i insert \\x1D; C-c,o insert \\x0F; C-c,v insert \\x16; C-d delete_next_char; C-e move_end_of_line;
C-f move_next_char; C-h delete_previous_char; Tab complete_next; S-Tab complete_previous; C-k delete_end_of_line;
C-l refresh; C-n buffer +1; C-p buffer -1; C-r search_text_here; C-s,C-u set unread; C-t transpose_chars;
C-u delete_beginning_of_line; C-w delete_previous_word_whitespace; C-y clipboard_paste;
M-Backspace delete_previous_word; M-Enter insert \\n; M-Home scroll_top; M-End scroll_bottom; M-PgUp scroll_up;
M-PgDn scroll_down; M-Up buffer -1; M-Down buffer +1; M-Right buffer +1; M-Left buffer -1; M-/ last_displayed;
M-1 buffer *1; M-0 buffer *10; M-B buflist toggle; M-N toggle nicklist; C-Up history_global_previous;
C-Down history_global_next; C-Right move_next_word; C-Left move_previous_word; F5 buffer -1; F6 buffer +1;
F7 window -1; F8 window +1; PgUp page_up; PgDn page_down; Up history_previous; Down history_next;
M-_ redo; C-_ undo; M-a jump smart; M-b move_previous_word; M-d delete_next_word; M-f move_next_word;
M-h,M-c hotlist clear; M-l bare; M-m mouse toggle; M-n scroll_next_highlight; M-p scroll_previous_highlight;
M-r delete_line; M-u scroll_unread; M-w,M-Up window up; M-w,M-Down window down
"""
# The Emacs manual: Basic, Minibuffer History, Case, Transpose, Windows; comint for M-p, M-n and M-r.
EMACS = """
C-a move-beginning-of-line; C-b backward-char; C-d delete-char; C-e move-end-of-line; C-f forward-char;
C-g keyboard-quit; C-k kill-line; C-l recenter; C-n next-line; C-p previous-line; C-r isearch-backward;
C-s isearch-forward; C-t transpose-chars; C-v scroll-up-command; C-y yank; C-_ undo; C-x,u undo; C-x,o other-window;
C-x,1 delete-other-windows; C-x,2 split-window-below; C-x,0 delete-window; C-x,b switch-to-buffer;
C-x,k kill-buffer; C-x,C-c save-buffers-kill-terminal; C-x,Left previous-buffer; C-x,Right next-buffer;
M-b backward-word; M-d kill-word; M-f forward-word; M-Backspace backward-kill-word; M-y yank-pop; M-t transpose-words;
M-u upcase-word; M-l downcase-word; M-c capitalize-word; M-v scroll-down-command; M-< beginning-of-buffer;
M-> end-of-buffer; M-/ dabbrev-expand; M-p comint-previous-input; M-n comint-next-input;
M-r comint-history-isearch-backward-regexp
"""
OURS = {
    # irssi
    "backward_character": "left",
    "forward_character": "right",
    "backward_word": "word left",
    "forward_word": "word right",
    "beginning_of_line": "home",
    "end_of_line": "end",
    "backward_history": "older",
    "forward_history": "newer",
    "backward_global_history": "older",
    "forward_global_history": "newer",
    "backspace": "backspace",
    "delete_character": "delete",
    "delete_next_word": "kill word right",
    "delete_previous_word": "kill word left",
    "delete_to_previous_space": "kill blank word left",
    "erase_line": "kill line",
    "erase_to_end_of_line": "kill to end",
    "yank_from_cutbuffer": "yank",
    "transpose_characters": "transpose",
    "word_completion": "complete",
    "word_completion_backward": "complete backwards",
    "previous_window": "previous window",
    "next_window": "next window",
    "upper_window": "next split",
    "lower_window": "next split",
    "left_window": "previous window",
    "right_window": "next window",
    "active_window": "next active window",
    "refresh_screen": "redraw",
    "scroll_backward": "scroll up",
    "scroll_forward": "scroll down",
    "scroll_start": "scroll to start",
    "scroll_end": "scroll to end",
    "stop_irc": "suspend",
    # WeeChat
    "move_beginning_of_line": "home",
    "move_end_of_line": "end",
    "move_previous_char": "left",
    "move_next_char": "right",
    "move_previous_word": "word left",
    "move_next_word": "word right",
    "insert \\x1F": "underline",
    "insert \\x02": "bold",
    "insert \\x03": "colour",
    "insert \\x1D": "italic",
    "insert \\x0F": "plain",
    "insert \\x16": "reverse",
    "insert \\n": "newline",
    "delete_next_char": "delete",
    "delete_previous_char": "backspace",
    "delete_end_of_line": "kill to end",
    "delete_beginning_of_line": "kill to start",
    "delete_previous_word_whitespace": "kill blank word left",
    "delete_line": "kill line",
    "complete_next": "complete",
    "complete_previous": "complete backwards",
    "refresh": "redraw",
    "buffer +1": "next window",
    "buffer -1": "previous window",
    "buffer *1": "window 1",
    "buffer *10": "window 10",
    "search_text_here": "search",
    "set unread": "read all",
    "hotlist clear": "read all",
    "transpose_chars": "transpose",
    "clipboard_paste": "yank",
    "scroll_top": "scroll to start",
    "scroll_bottom": "scroll to end",
    "scroll_up": "wheel up",
    "scroll_down": "wheel down",
    "page_up": "scroll up",
    "page_down": "scroll down",
    "last_displayed": "last window",
    "buflist toggle": "windows panel",
    "toggle nicklist": "nicks panel",
    "history_previous": "older",
    "history_next": "newer",
    "history_global_previous": "older",
    "history_global_next": "newer",
    "window +1": "next split",
    "window -1": "next split",
    "window up": "next split",
    "window down": "next split",
    "redo": "redo",
    "undo": "undo",
    "jump smart": "next active window",
    "bare": "copy mode",
    "mouse toggle": "/mouse toggle",
    "scroll_next_highlight": "next highlight",
    "scroll_previous_highlight": "previous highlight",
    "scroll_unread": "scroll to unread",
    # Emacs
    "move-beginning-of-line": "home",
    "move-end-of-line": "end",
    "backward-char": "left",
    "forward-char": "right",
    "backward-word": "word left",
    "forward-word": "word right",
    "delete-char": "delete",
    "keyboard-quit": "escape",
    "kill-line": "kill to end",
    "kill-word": "kill word right",
    "backward-kill-word": "kill word left",
    "recenter": "redraw",
    "next-line": "newer",
    "previous-line": "older",
    "isearch-forward": "search",
    "isearch-backward": "search",
    "transpose-chars": "transpose",
    "transpose-words": "transpose words",
    "upcase-word": "upcase word",
    "downcase-word": "downcase word",
    "capitalize-word": "capitalize word",
    "scroll-up-command": "scroll down",
    "scroll-down-command": "scroll up",
    "yank": "yank",
    "yank-pop": "yank older",
    "other-window": "next split",
    "delete-other-windows": "/unsplit",
    "delete-window": "/unsplit",
    "split-window-below": "/split",
    "switch-to-buffer": "last window",
    "kill-buffer": "/close",
    "save-buffers-kill-terminal": "/quit",
    "previous-buffer": "previous window",
    "next-buffer": "next window",
    "beginning-of-buffer": "scroll to start",
    "end-of-buffer": "scroll to end",
    "dabbrev-expand": "complete",
    "comint-previous-input": "older",
    "comint-next-input": "newer",
    "comint-history-isearch-backward-regexp": "search history",
}
OURS |= {f"change_window {number}": f"window {number}" for number in range(1, 20)}


@pytest.mark.parametrize(("preset", "documented"), [("irssi", IRSSI), ("weechat", WEECHAT), ("emacs", EMACS)])
def test_a_preset_follows_the_programs_documentation(preset: str, documented: str) -> None:
    keys = keys_of(preset)
    rows = [row.split(None, 1) for row in documented.replace("\n", " ").split(";")]
    wanted = {key if key not in ("left", "right") else key.title(): OURS[function.strip()] for key, function in rows}
    assert {key: keys.get(key) for key in wanted} == wanted


@pytest.mark.parametrize("preset", PRESETS)
def test_no_key_is_the_beginning_of_another(preset: str) -> None:
    keys = keys_of(preset)
    assert [(key, longer) for key in keys for longer in keys if longer.startswith(f"{key},")] == []


def test_choosing_a_preset(tea: World) -> None:
    tea.type("/set keys.preset weechat\n")
    tea.press("F5")
    assert tea.model.current is tea.network.status
    tea.press("M-/")
    assert tea.model.current.name == "#tea"
    tea.press("C-r")
    assert tea.screen()[-1].startswith("search:")
    tea.press("Escape", "M-l")
    assert tea.bar().startswith(" Plain text for copying")
    tea.press("M-l", "M-m")
    assert tea.model.settings.get("mouse") is True
    tea.press("M-m")
    assert tea.model.settings.get("mouse") is False


def test_sequences_of_keys(tea: World) -> None:
    tea.type("/set keys.preset emacs\n")
    tea.press("C-x")
    assert tea.bar() == " Ctrl-X ..."
    tea.press("b")
    assert tea.model.current is tea.network.status
    tea.press("C-x", "z")
    assert tea.bar() == " Ctrl-X z is not bound. See /help keys."
    tea.type("b")
    assert tea.console.editor.text == "b"
    tea.press("C-x", "C-c")
    assert tea.model.effects[-1] == Quit()


def test_a_users_binding_of_a_sequence(tea: World) -> None:
    tea.type("/bind C-x,t /topic\n")
    assert tea.shown()[-1] == "- C-x,t: /topic"
    tea.press("C-x", "t")
    assert tea.sent() == ["TOPIC :#tea"]


def test_formats(tea: World) -> None:
    for letter, (_, code) in FORMATS.items():
        tea.press("M-k", letter)
        assert tea.console.editor.text == code
        assert tea.screen()[-1] != "[#tea]"  # the format character is visible
        tea.press("Backspace")
    tea.press("M-k", "b")
    tea.type("loud\n")
    assert tea.sent() == ["PRIVMSG #tea :\x02loud"]
    tea.type("/set keys.preset irssi\n")
    tea.press("C-b", "C-o")
    assert tea.console.editor.text == "\x02\x0f"


@pytest.mark.parametrize(
    ("key", "before", "after"),
    [
        ("M-u", "one| two", "one TWO|"),
        ("M-l", "|ONE TWO", "one| TWO"),
        ("M-c", "o|ne two", "oNe| two"),
        ("M-c", "one |ÉTÉ", "one Été|"),
        ("M-t", "one, |two three", "two, one| three"),
        ("M-t", "one two|", "two one|"),
        ("M-t", "one|", "one|"),
        ("M-t", "|", "|"),
        ("M-u", "one|", "one|"),
    ],
)
def test_changing_the_case_of_words(tea: World, key: str, before: str, after: str) -> None:
    tea.type("/set keys.preset emacs\n")
    left, _, right = before.partition("|")
    tea.console.editor.load(InputLine(left + right, len(left)))
    tea.press(key)
    assert tea.console.editor.line.picture() == after


def test_yanking_a_killed_line(tea: World) -> None:
    tea.type("/set keys.preset irssi\none two")
    tea.press("M-b", "C-u")
    assert tea.console.editor.text == ""
    tea.press("C-y")
    assert tea.console.editor.text == "one two"


def test_switching_between_mentions(tea: World) -> None:
    tea.type("/set keys.preset weechat\n")
    for number in range(60):
        tea.feed(f":bob!b@h PRIVMSG #tea :{'alice ' if number in (10, 40) else ''}{number}")
    shown = []
    for key in ("M-p", "M-p", "M-p", "M-n", "M-n"):
        tea.press(key)
        shown.append([number for number in (10, 40) if f"│ alice {number}" in "\n".join(tea.screen())])
    assert shown == [[40], [10], [10], [40], [40]]


def test_switching_to_activity(tea: World) -> None:
    tea.type("/set keys.preset weechat\n")
    tea.console.on_terminal(Resized(Size(8, 60)), tea.now)
    tea.feed(*(f":bob!b@h PRIVMSG #tea :old {number}" for number in range(20)))
    tea.press("M-1")
    tea.feed(*(f":bob!b@h PRIVMSG #tea :new {number}" for number in range(20)))
    tea.press("M-2", "M-u")
    assert "│ new 0" in "\n".join(tea.screen())


def test_marking_all_as_read(tea: World) -> None:
    tea.type("/set keys.preset weechat\n")
    tea.press("M-1")
    tea.feed(":bob!b@h PRIVMSG #tea :alice?")
    buffer = tea.network.find("#tea")
    assert buffer
    assert (buffer.unread.count, buffer.unread.highlights) == (1, 1)
    tea.press("C-s", "C-u")
    assert (buffer.unread.count, buffer.unread.highlights) == (0, 0)


@pytest.mark.parametrize(
    ("key", "text"),
    [("C-n", "Ctrl-N"), ("M-B", "Alt-Shift-B"), ("C-x,b", "Ctrl-X b"), ("M-,", "Alt-,"), ("PgUp", "PgUp"), (",", ",")],
)
def test_spellings_of_keys(key: str, text: str) -> None:
    assert spelled(key) == text


def test_weechats_alt_j_with_two_digits(tea: World) -> None:
    for number in range(12):
        tea.feed(f":alice!a@h JOIN #c{number}")
    tea.type("/set keys.preset weechat\n")
    tea.press("M-j", "1", "2")
    assert tea.model.current.number == 12
    tea.press("M-j", "0", "2")
    assert tea.model.current.number == 2
