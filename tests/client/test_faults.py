"""What a week's use of the client showed, and the tests that hold each mend.

A fault that is mended stays so only while a test would notice it: the tables name them, and the tests here look whether
they are there still. What users of irssi and WeeChat missed stands in the second table in the same way.
"""

import pytest

from tests.named import missing

FAULTS = {
    "CTCP out of a history is answered again, and by each device": (
        "client/handlers/test_automatic.py::test_nothing_follows_from_history",
        "client/handlers/test_automatic.py::test_nothing_follows_from_an_echo",
        "client/handlers/test_automatic.py::test_the_same_happens_now",
        "client/handlers/test_automatic.py::test_where_no_other_device_answers_this_one_does",
    ),
    "One's own automatic answer is shown as somebody's": (
        "client/handlers/test_automatic.py::test_an_echo_is_no_answer",
    ),
    "--plain hides own lines, replies, reactions and dates": (
        "client/test_line_mode.py::test_own_words_of_another_device_are_printed",
        "client/test_line_mode.py::test_replies_and_reactions_are_printed",
        "client/test_line_mode.py::test_history_is_printed_once_with_its_days",
    ),
    "--plain asks after the end of its input, and ends with 0 though nothing was said": (
        "client/test_line_mode.py::test_after_the_end_of_the_input_nobody_is_asked",
        "client/test_line_mode.py::test_one_is_in_a_channel_once_one_is",
        "client/test_line_mode.py::test_a_line_that_the_server_does_not_take_is_not_sent",
        "features/test_client.py::test_a_script_knows_how_it_ended",
    ),
    "Kicked, renamed or cut off elsewhere, and nothing tells": (
        "client/handlers/test_own_state.py::test_it_marks_its_window",
        "client/handlers/test_own_state.py::test_the_end_of_the_connection_marks_the_server_window",
        "client/handlers/test_own_state.py::test_a_marked_window_is_gone_to_and_told_of",
    ),
    "An old topic, modes or key after coming back": (
        "client/handlers/test_own_state.py::test_coming_back_begins_anew",
        "client/handlers/test_own_state.py::test_the_key_is_the_one_that_holds",
    ),
    "Prompts get between each other, unhidden, and take commands for answers": ("client/input/test_questions.py",),
    "Hints are cut where the way out stands": (
        "client/view/test_hints.py::test_a_hint_is_whole",
        "client/view/test_hints.py::test_where_there_is_no_room_a_key_tells_it",
        "client/view/test_hints.py::test_the_join_screen_can_be_read_to_its_end",
    ),
    "Mentions fall off the status line, and windows change their numbers": (
        "client/view/test_hints.py::test_mentions_come_first_on_the_status_line",
        "client/view/test_hints.py::test_every_window_that_calls_is_shown_or_counted",
        "client/view/test_hints.py::test_windows_keep_their_numbers",
    ),
    "A destination is not remembered, and the first screen proposes nothing": (
        "features/test_client.py::test_a_destination_of_the_command_line_is_proposed_the_next_time",
        "client/test_main.py::test_the_nickname_to_begin_with_is_one_that_can_be_had",
        "client/state/test_destination.py::test_destinations",
    ),
    "The benchmark of the client measures itself": ("bench/test_client.py::test_a_long_burst_is_searched_once",),
    "The start loads what nobody needs yet": ("client/test_start.py",),
    "Settings take any value": (
        "client/state/test_settings.py::test_a_wrong_value_is_refused_with_what_is_right",
        "client/state/test_settings.py::test_every_setting_checks_what_it_can",
    ),
    "/nick takes two words": ("client/handlers/test_own_state.py::test_a_nickname_is_one_word",),
    "A forwarded channel leaves an empty window": (
        "client/handlers/test_own_state.py::test_a_forwarded_channel_leaves_no_empty_window",
    ),
    "A JOIN for each channel": (
        "client/handlers/test_own_state.py::test_channels_are_joined_in_as_few_lines_as_fit",
        "client/handlers/test_own_state.py::test_the_server_limits_the_channels_of_one_line",
    ),
    "Logged in and joined are told twice on a second device": (
        "client/handlers/test_own_state.py::test_coming_in_anew_with_the_password_is_told_once",
        "client/handlers/test_handlers.py::test_logging_in_is_told_once",
    ),
    "One's own quit out of the history": (
        "client/irc/test_chathistory.py::test_own_comings_and_goings_of_the_past_are_no_news",
    ),
    "Alt-A goes to the message of the day": (
        "client/handlers/test_own_state.py::test_the_servers_own_lines_are_no_activity",
    ),
    "Ctrl-K and its like only in the line that is said": (
        "client/input/test_questions.py::test_lines_that_are_no_message_are_edited_like_messages",
    ),
    "/notify loses who changes their nickname": (
        "client/handlers/test_own_state.py::test_the_notify_list_follows_a_change_of_nickname",
    ),
    "Pastes through tmux have no line ends": (
        "client/terminal/test_key_decoder.py::test_a_paste_through_tmux_has_line_ends",
    ),
    "Text that is no UTF-8": (
        "client/net/test_transport.py::test_what_is_no_utf8_is_read_as_people_wrote_it",
        "client/handlers/test_own_state.py::test_another_encoding_is_told_once",
    ),
    "/mentions without dates": ("client/view/test_hints.py::test_a_mention_is_dated_where_it_was_another_day",),
    "A private talk does not tell of coming back": (
        "client/handlers/test_own_state.py::test_a_private_talk_tells_of_coming_back",
    ),
    "A line that names everybody calls each of them": (
        "client/handlers/test_own_state.py::test_a_line_that_names_everybody_calls_nobody",
    ),
}
MISSED = {
    "networks that are kept": (
        "client/state/test_kept_networks.py",
        "features/test_client.py::test_a_kept_network_is_called_by_its_name_and_its_windows_come_back",
    ),
    "bouncers": ("client/irc/test_bouncer.py",),
    "settings": ("client/state/test_settings.py", "client/state/test_overrides.py"),
    "completion with a list": (
        "client/input/test_switcher.py::test_what_tab_finds",
        "client/input/test_switcher.py::test_candidates_are_seen_and_stepped_through",
        "client/input/test_switcher.py::test_paths_are_completed",
        "client/text/test_emoji.py",
    ),
    "a fuzzy switcher": ("client/input/test_switcher.py::test_the_better_fit_comes_first",),
    "the first unread": ("client/state/test_bindings.py::test_to_what_is_new",),
    "windows beside each other": ("client/view/test_splits.py",),
    "the mouse": (
        "client/view/test_pointer.py",
        "features/test_client.py::test_the_mouse_is_remembered",
    ),
    "logs in plain text": ("client/archive/test_logs.py",),
    "passwords in a keyring, from a command or in a file": (
        "client/archive/test_vault.py",
        "client/net/test_password_command.py",
    ),
    "files": ("client/slash/test_files.py", "client/net/test_file_transfer.py", "client/irc/test_dcc.py"),
    "pictures": ("client/terminal/test_picture_layer.py", "client/text/test_graphics.py", "features/test_pictures.py"),
    "extensions of other servers": ("client/irc/test_joining.py",),
    "settings of irssi and WeeChat": ("client/slash/test_importing.py", "client/slash/test_elsewhere.py"),
    "a guided first minute": ("client/slash/test_tour.py", "features/test_tour.py"),
    "help on every screen": (
        "client/view/test_hints.py::test_help_can_be_typed_on_the_join_screen",
        "client/view/test_hints.py::test_without_a_hint_the_key_shows_what_can_be_done",
    ),
    "clocks that are set": (
        "client/net/test_connection.py::test_a_machine_that_slept_is_noticed_by_its_clocks",
        "client/irc/test_typing.py::test_a_clock_that_is_set_back_holds_nothing_up",
        "client/irc/test_chathistory.py::test_the_time_that_was_missed_is_told_by_the_servers_clock",
        "client/archive/test_logs.py::test_whatever_the_clocks_say_what_is_said_now_is_written",
    ),
}


@pytest.mark.parametrize("table", [FAULTS, MISSED])
def test_each_test_that_is_named_is_there(table: dict[str, tuple[str, ...]]) -> None:
    assert missing(name for names in table.values() for name in names) == []
