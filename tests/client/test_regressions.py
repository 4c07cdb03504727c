"""Faults that a week of use of the client showed, and the tests that guard each fix.

A fault stays fixed only while a test would notice it: the tables name the tests, and the test here checks that they
exist. The second table does the same for what users of irssi and WeeChat missed.
"""

import pytest

from tests.named_tests import missing_tests

FAULTS = {
    "CTCP out of a history is answered again, and by each device": (
        "client/handlers/test_messages_automatic.py::test_history_causes_no_action",
        "client/handlers/test_messages_automatic.py::test_an_echo_causes_no_action",
        "client/handlers/test_messages_automatic.py::test_new_messages_cause_the_actions",
        "client/handlers/test_messages_automatic.py::test_this_device_answers_if_no_other_does",
    ),
    "One's own automatic answer is shown as somebody's": (
        "client/handlers/test_messages_automatic.py::test_the_echo_of_an_automatic_answer_is_not_shown",
    ),
    "--plain hides own lines, replies, reactions and dates": (
        "client/test_line_mode.py::test_own_messages_of_another_device_are_printed",
        "client/test_line_mode.py::test_replies_and_reactions_are_printed",
        "client/test_line_mode.py::test_history_is_printed_once_with_dates",
    ),
    "--plain asks after the end of its input, and ends with 0 though nothing was said": (
        "client/test_line_mode.py::test_no_questions_after_the_end_of_the_input",
        "client/test_line_mode.py::test_a_join_is_printed_once",
        "client/test_line_mode.py::test_a_refused_line_counts_as_not_sent",
        "features/test_client.py::test_the_exit_code_of_a_script",
    ),
    "Kicked, renamed or cut off elsewhere, and nothing tells": (
        "client/handlers/test_own_state.py::test_such_an_event_marks_its_window",
        "client/handlers/test_own_state.py::test_a_lost_connection_marks_the_server_window",
        "client/handlers/test_own_state.py::test_a_marked_window_is_found_and_described",
    ),
    "An old topic, modes or key after coming back": (
        "client/handlers/test_own_state.py::test_rejoining_resets_the_state_of_the_channel",
        "client/handlers/test_own_state.py::test_the_present_key_is_used",
    ),
    "Prompts get between each other, unhidden, and take commands for answers": ("client/input/test_question_queue.py",),
    "Hints are cut where the way out stands": (
        "client/view/test_hints.py::test_a_hint_is_whole",
        "client/view/test_hints.py::test_without_room_a_key_shows_the_hint",
        "client/view/test_hints.py::test_the_join_screen_can_be_read_whole",
    ),
    "Mentions fall off the status line, and windows change their numbers": (
        "client/view/test_hints.py::test_mentions_come_first_on_the_status_line",
        "client/view/test_hints.py::test_every_window_with_a_mention_is_shown_or_counted",
        "client/view/test_hints.py::test_windows_keep_their_numbers",
    ),
    "A destination is not remembered, and the first screen proposes nothing": (
        "features/test_client.py::test_a_destination_of_the_command_line_is_suggested_the_next_time",
        "client/test_main.py::test_the_suggested_nick_is_usable",
        "client/state/test_destination.py::test_destinations",
    ),
    "The benchmark of the client measures itself": (
        "bench/scenarios/test_client.py::test_a_long_burst_is_searched_once",
    ),
    "The start loads what nobody needs yet": ("client/test_main_start.py",),
    "Settings take any value": (
        "client/state/test_settings.py::test_an_invalid_value_is_refused_with_the_valid_ones",
        "client/state/test_settings.py::test_every_setting_has_a_check_where_possible",
    ),
    "/nick takes two words": ("client/handlers/test_own_state.py::test_a_nick_with_a_space_is_refused",),
    "A forwarded channel leaves an empty window": (
        "client/handlers/test_own_state.py::test_a_forwarded_channel_leaves_no_empty_window",
    ),
    "A JOIN for each channel": (
        "client/handlers/test_own_state.py::test_joins_are_combined_into_few_lines",
        "client/handlers/test_own_state.py::test_the_servers_limit_of_channels_per_line",
    ),
    "Logged in and joined are told twice on a second device": (
        "client/handlers/test_own_state.py::test_reconnecting_to_log_in_is_shown_once",
        "client/handlers/test_login.py::test_a_login_is_shown_once",
    ),
    "One's own quit out of the history": (
        "client/irc/test_chathistory.py::test_own_old_joins_and_parts_are_not_shown",
    ),
    "Alt-A goes to the message of the day": (
        "client/handlers/test_own_state.py::test_lines_of_the_server_are_not_activity",
    ),
    "Ctrl-K and its like only in the line that is said": (
        "client/input/test_question_queue.py::test_all_input_lines_have_the_keys_of_the_editor",
    ),
    "/notify loses who changes their nickname": (
        "client/handlers/test_own_state.py::test_the_notify_list_follows_a_nick_change",
    ),
    "Pastes through tmux have no line ends": (
        "client/terminal/test_key_decoder.py::test_a_paste_through_tmux_has_line_ends",
    ),
    "Text that is no UTF-8": (
        "client/net/test_transport.py::test_text_that_is_not_utf8_is_read_as_windows_1252",
        "client/handlers/test_own_state.py::test_another_encoding_is_reported_once",
    ),
    "/mentions without dates": ("client/view/test_hints.py::test_a_mention_of_another_day_has_a_date",),
    "A private talk does not tell of coming back": (
        "client/handlers/test_own_state.py::test_a_private_conversation_shows_that_the_user_is_back",
    ),
    "A line that names everybody calls each of them": (
        "client/handlers/test_own_state.py::test_a_line_that_mentions_everybody_notifies_nobody",
    ),
}
MISSED = {
    "networks that are kept": (
        "client/state/test_saved_networks.py",
        "features/test_client.py::test_a_saved_network_is_opened_by_name_and_its_windows_are_restored",
    ),
    "bouncers": ("client/irc/test_bouncer.py",),
    "settings": ("client/state/test_settings.py", "client/state/test_settings_overrides.py"),
    "completion with a list": (
        "client/input/test_switcher.py::test_completions_of_tab",
        "client/input/test_switcher.py::test_candidates_are_shown_and_selected",
        "client/input/test_switcher.py::test_paths_are_completed",
        "client/text/test_emoji.py",
    ),
    "a fuzzy switcher": ("client/input/test_switcher.py::test_the_better_match_comes_first",),
    "the first unread": ("client/state/test_bindings.py::test_switching_to_activity",),
    "windows beside each other": ("client/view/test_layout.py",),
    "the mouse": (
        "client/view/test_pointer.py",
        "features/test_client.py::test_the_mouse_setting_is_saved",
    ),
    "logs in plain text": ("client/archive/test_logs.py",),
    "passwords in a keyring, from a command or in a file": (
        "client/archive/test_vault.py",
        "client/net/test_password_command.py",
    ),
    "files": ("client/slash/test_files.py", "client/net/test_file_transfer.py", "client/irc/test_dcc.py"),
    "pictures": ("client/terminal/test_picture_layer.py", "client/text/test_graphics.py", "features/test_pictures.py"),
    "extensions of other servers": ("client/irc/test_joining.py",),
    "settings of irssi and WeeChat": ("client/slash/test_importing.py", "client/slash/test_equivalents.py"),
    "a guided first minute": ("client/slash/test_tour.py", "features/test_tour.py"),
    "help on every screen": (
        "client/view/test_hints.py::test_help_can_be_typed_on_the_join_screen",
        "client/view/test_hints.py::test_without_a_hint_the_key_shows_the_possible_actions",
    ),
    "clocks that are set": (
        "client/net/test_connection.py::test_sleep_is_noticed_by_comparing_the_clocks",
        "client/irc/test_typing.py::test_a_clock_set_back_does_not_delay_typing",
        "client/irc/test_chathistory.py::test_the_missed_time_is_counted_by_the_servers_clock",
        "client/archive/test_logs.py::test_new_messages_are_logged_whatever_the_clocks_say",
    ),
}


@pytest.mark.parametrize("table", [FAULTS, MISSED])
def test_each_named_test_exists(table: dict[str, tuple[str, ...]]) -> None:
    assert missing_tests(name for names in table.values() for name in names) == []
