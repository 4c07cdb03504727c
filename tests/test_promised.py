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
    "Tests attack each of these; [tests/hostile](tests/hostile/README.md) has the figures and how to reproduce them."
)
README = {
    "**No seen message is lost**, also if the server is killed: a message is delivered only after its transaction was"
    " committed.": (
        "server/test_promises.py::test_all_that_was_seen_is_stored_in_the_order_seen",
        "server/test_promises.py::test_what_can_not_be_stored_is_seen_by_nobody",
        "features/test_crash.py::test_killed_again_and_again_nothing_is_lost",
        "hostile/test_failing_disk.py::test_what_is_confirmed_is_stored_before",
    ),
    '`storage.durability = "power"` extends that to power cuts.': (
        "server/data/test_store_keeper.py::test_a_commit_waits_for_the_disk_where_that_is_wanted",
        "hostile/test_failing_disk.py::test_what_is_confirmed_is_stored_before",
    ),
    "**A full or failing disk** disconnects nobody from a single server: the sender gets an error, nobody the"
    " message.": (
        "server/test_promises.py::test_a_full_disk_costs_messages_but_nobody_the_connection",
        "hostile/test_failing_disk.py::test_a_disk_that_fails_and_recovers",
        "features/test_crash.py::test_a_full_disk_loses_nothing_that_anybody_saw",
    ),
    "**No duplicates**: a client can send a message with its own id again after a lost connection.": (
        "server/test_promises.py::test_sent_twice_is_said_once",
        "server/test_promises.py::test_sent_again_after_a_restart_is_said_once",
    ),
    "**Deleted messages are gone**, within a minute also from the files of the database, and so is history beyond the"
    " limits of `[storage]`.": (
        "storage/test_gone.py::test_what_was_erased_is_in_no_file",
        "storage/test_gone.py::test_what_is_kept_no_longer_is_in_no_file_and_the_files_shrink",
        "storage/test_gone.py::test_a_start_that_can_not_move_the_last_server_s_log",
        "commands/messages/test_redact.py",
    ),
    "Not changed are earlier backups and exports, files of `--record`, and what clients have. With nodes, deleted"
    " messages stay in the log [for a day or more](greenchat/server/nodes/README.md).": (
        "server/nodes/test_log_size.py::test_it_holds_what_a_node_that_is_off_needs",
    ),
    "**Your data is portable**: `greenchat-server backup`, `restore`, `export`, `check`.": (
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
    "**It is robust**: floods, slow readers, broken input, kills and full disks delay other users only briefly.": (
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
    "**It is fast**: with a thousand busy listeners in a channel it needs a third of InspIRCd's CPU, in small rooms up"
    " to twice as much ([figures](greenchat/bench/README.md)). Of ten million messages, the latest of a channel come in"
    " milliseconds. `greenchat-bench` reproduces both.": (
        "bench/test_peers.py",
        "bench/test_history.py::test_figures_of_taking_in_and_of_answering",
        "bench/test_run.py",
    ),
    "The defaults work without a configuration.": ("server/test_main.py::test_two_servers_side_by_side",),
    "`greenchat-server --print-config > server.toml` writes every key with its explanation and default;"
    " `greenchat-server --config server.toml` uses it,": (
        "server/test_main.py::test_the_printed_configuration_is_the_default_one",
        "config/test_file.py",
    ),
    "and `kill -HUP` reloads it without disconnecting anybody.": (
        "server/test_main.py::test_a_hangup_reloads_the_file",
        "hostile/test_attack.py::test_it_reloads_when_it_is_told_to",
    ),
    "`greenchat-server upgrade` replaces the running server with the installed version: only clients of TLS have to"
    " reconnect; with an account, greenchat or the web page they keep their nick and channels.": (
        "server/handover/test_upgrade.py::test_nobody_notices",
        "server/handover/test_upgrade.py::test_plain_text_and_websockets_go_on",
        "server/handover/test_upgrade.py::test_who_came_through_tls_is_told_to_come_back",
        "server/handover/test_upgrade.py::test_a_guest_goes_on_by_their_token",
    ),
    "`greenchat-server --nodes 4` runs four processes as one server, which survives the death of one;": (
        "server/nodes/test_family.py::test_a_node_and_the_engine_die",
    ),
    "Only operators with the right `addresses` see users' addresses; others see a cloak": (
        "hostile/test_addresses.py::test_no_command_tells_where_somebody_comes_from",
        "hostile/test_addresses.py::test_who_may_know_is_told_by_the_same_questions",
        "hostile/test_addresses.py::test_nor_does_plain_text",
        "commands/operators/test_cloak.py::test_others_see_the_cloak_and_oneself_is_told_of_it",
    ),
    "Users of one /24 (IPv6: /64) share its last three parts, and users of one /16 (/48) the last two, so"
    " `*!*@*.u7c4ea.bd5xw2.cloaked` bans a network.": (
        "commands/operators/test_cloak.py::test_a_ban_on_a_cloak_or_a_network_of_cloaks",
    ),
}

SECURITY = {
    "reading messages that were not meant for you;": (
        "commands/history/test_closures.py",
        "commands/accounts/test_births.py",
        "server/data/test_old_database.py::test_private_talks_go_to_those_who_had_them",
    ),
    "acting as somebody else;": (
        "hostile/test_leaks.py::test_what_only_operators_may",
        "hostile/test_leaks.py::test_who_may_do_what_in_a_channel",
        "hostile/test_injection.py::test_a_line_stays_one_line",
        "commands/services/test_sessions.py",
        "commands/connection/test_reserved_names.py",
        "commands/connection/test_lost.py::test_a_token_of_tls_is_taken_through_tls_only",
    ),
    "learning about a secret channel, a hidden address or an account;": (
        "hostile/test_leaks.py::test_a_secret_channel_is_found_by_no_question",
        "commands/channels/test_secret.py::test_it_is_answered_as_if_it_were_not_there",
        "hostile/test_addresses.py::test_no_command_tells_where_somebody_comes_from",
        "hostile/test_leaks.py::test_whether_an_account_exists_is_told_neither_by_work_nor_by_words",
    ),
    "delaying others or filling memory or disk beyond the bounds in [tests/hostile](tests/hostile/README.md);": (
        "hostile/test_costs.py::test_no_line_is_dear",
        "hostile/test_slow_readers.py::test_together_they_are_bounded_too",
        "commands/core/test_volume.py::test_what_one_connection_may_add",
        "commands/core/test_volume.py::test_an_address_is_one_however_many_connections_it_has",
        "commands/core/test_volume.py::test_on_a_disk_that_is_nearly_full_guests_are_refused_first",
    ),
    "raw escape sequences on a terminal or script in the page;": (
        "hostile/test_client_surfaces.py::test_every_line_of_a_server_is_drawn_without_harm",
        "web/test_hostile.py::test_messages_topics_and_names",
    ),
    "files of the data folder that other users of the machine can read.": (
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
    """A part of a page, in one line. Raises ValueError where the page has not got it, which would promise nothing."""
    text = words((ROOT / name).read_text(encoding="utf-8"))
    start = text.index(begin) + len(begin)
    return text[start : text.index(end, start)]


@pytest.mark.parametrize(
    ("text", "promises"),
    [
        (section("README.md", "## What is promised", "## Configure"), README),
        (section("SECURITY.md", "These count as vulnerabilities:", "These do not:"), SECURITY),
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
