"""What README.md and SECURITY.md promise, word by word, and the tests that show it.

Whoever changes a promise, or renames a test that shows one, is told here. What is not promised in the sections below
(how to start, how to join) is what `tests/features` and `.ci/run` do.
"""

import re
from pathlib import Path

import pytest

from tests.named import missing

ROOT = Path(__file__).parents[1]

_INTRODUCTION = (
    "Each is attacked by tests; the figures and how to repeat them stand in [tests/hostile](tests/hostile/README.md)."
)
README = {
    "**Seen means stored.** A message reaches anybody only after the transaction that holds it was committed.": (
        "server/test_promises.py::test_all_that_was_seen_is_stored_in_the_order_seen",
        "server/test_promises.py::test_what_can_not_be_stored_is_seen_by_nobody",
        "features/test_crash.py::test_killed_again_and_again_nothing_is_lost",
        "hostile/test_failing_disk.py::test_what_is_confirmed_is_stored_before",
    ),
    "**A full or failing disk** costs nobody the connection: the speaker is told, nobody sees the message, the next one"
    " tries again.": (
        "server/test_promises.py::test_a_full_disk_costs_messages_but_nobody_the_connection",
        "hostile/test_failing_disk.py::test_a_disk_that_fails_and_recovers",
        "features/test_crash.py::test_a_full_disk_loses_nothing_that_anybody_saw",
    ),
    "**Sent twice is said once**: a message with an id of the client's own can be sent again after a"
    " lost connection.": (
        "server/test_promises.py::test_sent_twice_is_said_once",
        "server/test_promises.py::test_sent_again_after_a_restart_is_said_once",
    ),
    "**Taken back is gone**, from the files too, and so is what is older or more than `[storage]` says.": (
        "storage/test_gone.py::test_what_was_erased_is_in_no_file",
        "storage/test_gone.py::test_what_is_kept_no_longer_is_in_no_file_and_the_files_shrink",
        "storage/test_gone.py::test_a_start_that_can_not_move_the_last_server_s_log",
        "commands/messages/test_redact.py",
    ),
    "**Your data moves**: `greenchat-server backup`, `restore`, `export`, `check`.": (
        "server/data/test_backup_commands.py::test_a_life_with_backups",
        "server/data/test_backup_commands.py::test_a_move_to_another_machine",
        "storage/test_backup.py::test_a_crash_while_restoring_leaves_the_old_or_the_new",
        "storage/test_backup.py::test_what_is_exported_can_be_taken_in",
        "storage/test_seals.py::test_altered_text_is_found",
        "storage/test_seals.py::test_what_was_said_just_now_is_sealed",
    ),
    "A damaged database is refused, never replaced.": (
        "hostile/test_faults.py::test_a_corrupted_database_is_named_in_one_line",
        "storage/test_backup.py::test_no_new_beginning_beside_what_is_left_of_a_database",
        "storage/test_damage.py::test_the_server_refuses_it_in_one_line",
    ),
    "**It can't be knocked over**: floods, slow readers, broken input, kills and full disks cost the"
    " others a short wait.": (
        "hostile/test_floods.py::test_a_flood_of_commands",
        "hostile/test_attack.py::test_two_others_go_on_talking",
        "hostile/test_slow_readers.py::test_hundreds_who_never_read",
        "hostile/test_services.py::test_every_command_in_every_shape",
        "hostile/test_soak.py::test_nothing_stays_of_those_who_came",
        "hostile/test_costs.py::test_no_line_is_dear",
        "features/test_crash.py::test_killed_again_and_again_nothing_is_lost",
        "features/test_crash.py::test_a_full_disk_loses_nothing_that_anybody_saw",
        "commands/core/test_volume.py::test_what_one_connection_may_add",
    ),
    "**It is quick**: with many listeners it takes a third of InspIRCd's CPU; the history of ten million messages"
    " answers in milliseconds. [Figures](greenchat/bench/README.md), and `greenchat-bench` repeats them.": (
        "bench/test_peers.py",
        "bench/test_history.py::test_figures_of_taking_in_and_of_answering",
        "bench/test_run.py",
    ),
    "Nothing needs to be configured.": ("server/test_main.py::test_two_servers_side_by_side",),
    "`greenchat-server --print-config > server.toml` writes every key with its explanation and its default;"
    " `greenchat-server --config server.toml` uses it,": (
        "server/test_main.py::test_the_printed_configuration_is_the_default_one",
        "config/test_file.py",
    ),
    "and `kill -HUP` reads it again without dropping anyone.": (
        "server/test_main.py::test_a_hangup_reloads_the_file",
        "hostile/test_attack.py::test_it_reloads_when_it_is_told_to",
    ),
    "Nobody but operators with the right `addresses` sees where people come from: others see a cloak": (
        "hostile/test_addresses.py::test_no_command_tells_where_somebody_comes_from",
        "hostile/test_addresses.py::test_who_may_know_is_told_by_the_same_questions",
        "hostile/test_addresses.py::test_nor_does_plain_text",
        "commands/operators/test_cloak.py::test_others_see_the_cloak_and_oneself_is_told_of_it",
    ),
    "People of one /24 (IPv6: /64) share its last three parts and those of one /16 (/48) the last two, so"
    " `*!*@*.u7c4ea.bd5xw2.cloaked` bans a network.": (
        "commands/operators/test_cloak.py::test_a_ban_on_a_cloak_or_a_network_of_cloaks",
    ),
}

SECURITY = {
    "reading what was not said to you;": (
        "commands/history/test_closures.py",
        "commands/accounts/test_births.py",
        "server/data/test_old_database.py::test_private_talks_go_to_those_who_had_them",
    ),
    "speaking or acting as somebody else;": (
        "hostile/test_leaks.py::test_what_only_operators_may",
        "hostile/test_leaks.py::test_who_may_do_what_in_a_channel",
        "hostile/test_injection.py::test_a_line_stays_one_line",
        "commands/services/test_sessions.py",
        "commands/connection/test_reserved_names.py",
        "commands/connection/test_lost.py::test_a_token_of_tls_is_taken_through_tls_only",
    ),
    "learning of a secret channel, an address or an account that is hidden from you;": (
        "hostile/test_leaks.py::test_a_secret_channel_is_found_by_no_question",
        "commands/channels/test_secret.py::test_it_is_answered_as_if_it_were_not_there",
        "hostile/test_addresses.py::test_no_command_tells_where_somebody_comes_from",
        "hostile/test_leaks.py::test_whether_an_account_exists_is_told_neither_by_work_nor_by_words",
    ),
    "making others wait, or filling memory or disk, beyond the bounds in [tests/hostile](tests/hostile/README.md);": (
        "hostile/test_costs.py::test_no_line_is_dear",
        "hostile/test_slow_readers.py::test_together_they_are_bounded_too",
        "commands/core/test_volume.py::test_what_one_connection_may_add",
        "commands/core/test_volume.py::test_an_address_is_one_however_many_connections_it_has",
        "commands/core/test_volume.py::test_on_a_disk_that_is_nearly_full_guests_are_refused_first",
    ),
    "raw escapes on a terminal or script in the page;": (
        "hostile/test_client_surfaces.py::test_every_line_of_a_server_is_drawn_without_harm",
        "web/test_hostile.py::test_messages_topics_and_names",
    ),
    "anything of the data folder readable by another user of the machine.": (
        "test_privacy.py::test_no_command_writes_for_others",
        "test_privacy.py::test_what_is_wider_is_narrowed_with_a_warning",
        "hostile/test_faults.py::test_what_is_stored_is_for_its_owner_only",
        "server/test_log_files.py::test_nobody_else_reads_it",
        "server/test_log_secrets.py::test_no_command_tells_its_secrets",
    ),
}


def words(text: str) -> str:
    """The text in one line."""
    return " ".join(text.split())


def section(name: str, begin: str, end: str) -> str:
    """A part of a page, in one line."""
    text = words((ROOT / name).read_text(encoding="utf-8"))
    return text.partition(begin)[2].partition(end)[0]


@pytest.mark.parametrize(
    ("text", "promises"),
    [
        (section("README.md", "## What is promised", "## Configure"), README),
        (section("SECURITY.md", "What counts as a hole:", "What does not:"), SECURITY),
    ],
)
def test_each_promise_has_its_row(text: str, promises: dict[str, tuple[str, ...]]) -> None:
    for promise in promises:
        text = text.replace(promise, "")
    left = re.findall(r"[\w`].*", text.replace(_INTRODUCTION, ""))
    assert left == [], "a promise without a test that shows it"


@pytest.mark.parametrize(("name", "promises"), [("README.md", README), ("SECURITY.md", SECURITY)])
def test_each_row_is_still_promised(name: str, promises: dict[str, tuple[str, ...]]) -> None:
    text = words((ROOT / name).read_text(encoding="utf-8"))
    assert [promise for promise in promises if promise not in text] == []


def test_each_test_that_shows_one_is_there() -> None:
    assert missing(each for promises in (README, SECURITY) for tests in promises.values() for each in tests) == []
