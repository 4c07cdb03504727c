"""The promises of README.md and SECURITY.md, word by word, and the tests that show them.

Changing a promise, or renaming a test that shows one, fails here. The other sections (how to start, how to join) are
covered by `tests/features` and `.ci/run`.
"""

import re
from pathlib import Path

import pytest

from tests.named_tests import missing_tests

ROOT = Path(__file__).parents[1]

_INTRODUCTION = (
    "Tests attack each of these; [tests/hostile](tests/hostile/README.md) has the figures and how to reproduce them."
)
README = {
    "**No seen message is lost**, also if the server is killed: a message is delivered only after its transaction was"
    " committed.": (
        "server/data/test_store_keeper_promises.py::test_all_messages_are_stored_in_the_order_seen",
        "server/data/test_store_keeper_promises.py::test_a_message_that_cannot_be_stored_is_seen_by_nobody",
        "features/test_crash.py::test_repeated_kills_lose_nothing",
        "hostile/test_failing_disk.py::test_a_confirmed_change_is_stored",
    ),
    '`storage.durability = "power"` extends that to power cuts.': (
        "server/data/test_store_keeper.py::test_durability_decides_whether_a_commit_waits_for_the_disk",
        "hostile/test_failing_disk.py::test_a_confirmed_change_is_stored",
    ),
    "**A full or failing disk** disconnects nobody from a single server: messages are refused, with an error for"
    " the sender.": (
        "server/data/test_store_keeper_promises.py::test_a_full_disk_refuses_messages_and_disconnects_nobody",
        "hostile/test_failing_disk.py::test_a_disk_that_fails_and_recovers",
        "features/test_crash.py::test_a_full_disk_loses_nothing_that_was_seen",
    ),
    "**No duplicates**: a client can send a message with its own id again after a lost connection.": (
        "server/data/test_store_keeper_promises.py::test_a_message_sent_again_is_stored_once",
        "server/data/test_store_keeper_promises.py::test_a_message_sent_again_after_a_restart_is_stored_once",
    ),
    "**Deleted messages are gone**, within a minute also from the files of the database, and so is history beyond the"
    " limits of `[storage]`.": (
        "storage/test_housekeeping_erasure.py::test_an_erased_text_is_in_no_file",
        "storage/test_housekeeping_erasure.py::test_expired_texts_are_in_no_file_and_the_files_shrink",
        "storage/test_housekeeping_erasure.py::test_a_start_that_cannot_move_the_log_of_the_last_server",
        "commands/messages/test_redact.py",
    ),
    "Not changed are earlier backups and exports, files of `--record`, and what clients have. With nodes, deleted"
    " messages stay in the log [for a day or more](greenchat/server/nodes/README.md).": (
        "server/nodes/test_log_size.py::test_it_keeps_what_an_absent_node_needs",
    ),
    "**Your data is portable**: `greenchat-server backup`, `restore`, `export`, `check`.": (
        "server/data/test_backup_commands.py::test_backup_change_and_restore",
        "server/data/test_backup_commands.py::test_moving_to_another_machine",
        "storage/test_backup.py::test_a_crash_while_restoring_leaves_the_old_or_the_new",
        "storage/test_backup.py::test_an_export_can_be_imported",
        "storage/test_seals.py::test_altered_text_is_found",
        "storage/test_seals.py::test_the_newest_messages_are_sealed",
    ),
    "A damaged database is refused, never replaced.": (
        "hostile/test_faults.py::test_a_corrupted_database_is_reported_in_one_line",
        "storage/test_backup.py::test_no_database_is_created_beside_the_remains_of_another",
        "storage/test_inspection_damage.py::test_the_server_refuses_it_in_one_line",
    ),
    "**It is robust**: floods, slow readers, broken input, kills and full disks delay other users only briefly.": (
        "hostile/test_floods.py::test_a_flood_of_commands",
        "hostile/test_attack.py::test_two_users_keep_talking",
        "hostile/test_slow_readers.py::test_hundreds_of_clients_that_never_read",
        "hostile/test_services.py::test_every_command_in_every_shape",
        "hostile/test_soak.py::test_no_resources_are_left",
        "hostile/test_costs.py::test_no_line_is_too_expensive",
        "features/test_crash.py::test_repeated_kills_lose_nothing",
        "features/test_crash.py::test_a_full_disk_loses_nothing_that_was_seen",
        "commands/core/test_history_quota.py::test_limit_of_a_connection",
    ),
    "**It is fast**: with a thousand busy listeners in a channel it needs a third of InspIRCd's CPU, in small rooms up"
    " to twice as much ([figures](greenchat/bench/README.md)). Of ten million messages, the latest of a channel come in"
    " milliseconds. `greenchat-bench` reproduces both.": (
        "bench/test_peers.py",
        "bench/scenarios/test_history.py::test_figures_of_writing_and_reading",
        "bench/test_main.py",
    ),
    "The defaults work without a configuration.": ("server/test_main.py::test_two_servers_side_by_side",),
    "`greenchat-server --print-config > server.toml` writes every key with its explanation and default;"
    " `greenchat-server --config server.toml` uses it,": (
        "server/test_main.py::test_the_printed_configuration_is_the_default",
        "config/test_file.py",
    ),
    "and `kill -HUP` reloads it without disconnecting anybody.": (
        "server/test_main.py::test_sighup_reloads_the_file",
        "hostile/test_attack.py::test_sighup_reloads_it",
    ),
    "`greenchat-server upgrade` replaces the running server with the installed version: only TLS clients have to"
    " reconnect; with an account, greenchat or the web page they keep their nick and channels.": (
        "server/handover/test_upgrade.py::test_an_upgrade_is_not_noticed",
        "server/handover/test_upgrade.py::test_plain_text_and_websockets_continue",
        "server/handover/test_upgrade.py::test_tls_clients_are_told_to_reconnect",
        "server/handover/test_upgrade.py::test_a_guest_resumes_by_token",
    ),
    "`greenchat-server --nodes 4` runs four processes as one server, which survives the death of one;": (
        "server/nodes/test_supervisor.py::test_a_node_and_the_engine_die",
    ),
    "Only operators with the right `addresses` see users' addresses; others see a cloak": (
        "hostile/test_addresses.py::test_no_command_reveals_an_address",
        "hostile/test_addresses.py::test_the_same_queries_show_it_with_the_right",
        "hostile/test_addresses.py::test_plain_text_does_not_reveal_it",
        "commands/operators/test_cloak.py::test_others_see_the_cloak_and_its_owner_is_told",
    ),
    "Users of one /24 (IPv6: /64) share its last three parts, and users of one /16 (/48) the last two, so"
    " `*!*@*.u7c4ea.bd5xw2.cloaked` bans a network.": (
        "commands/operators/test_cloak.py::test_a_ban_on_a_cloak_or_a_cloaked_netblock",
    ),
}

SECURITY = {
    "reading messages that were not meant for you;": (
        "commands/history/test_reading_closures.py",
        "commands/accounts/test_former_accounts.py",
        "storage/test_account_ids.py::test_private_conversations_go_to_their_accounts",
    ),
    "acting as somebody else;": (
        "hostile/test_leaks.py::test_commands_for_operators_only",
        "hostile/test_leaks.py::test_privileges_by_rank",
        "hostile/test_injection.py::test_a_line_stays_one_line",
        "commands/services/test_nick_sessions.py",
        "commands/connection/test_reservations.py",
        "commands/connection/test_lost_connections.py::test_a_token_made_over_tls_is_accepted_over_tls_only",
    ),
    "learning about a secret channel, a hidden address or an account;": (
        "hostile/test_leaks.py::test_no_query_reveals_a_secret_channel",
        "commands/channels/test_secret_channels.py::test_answers_do_not_differ_from_those_for_a_missing_channel",
        "hostile/test_addresses.py::test_no_command_reveals_an_address",
        "hostile/test_leaks.py::test_neither_work_nor_answers_reveal_whether_an_account_exists",
    ),
    "delaying others or filling memory or disk beyond the bounds in [tests/hostile](tests/hostile/README.md);": (
        "hostile/test_costs.py::test_no_line_is_too_expensive",
        "hostile/test_slow_readers.py::test_all_sendqs_together_are_bounded",
        "commands/core/test_history_quota.py::test_limit_of_a_connection",
        "commands/core/test_history_quota.py::test_limit_of_an_address_over_all_its_connections",
        "commands/core/test_history_quota.py::test_a_nearly_full_disk_refuses_guests_first",
    ),
    "raw escape sequences on a terminal or script in the page;": (
        "hostile/test_client_surfaces.py::test_every_line_of_a_server_is_drawn_harmlessly",
        "web/test_hostile.py::test_messages_topics_and_names",
    ),
    "files of the data folder that other users of the machine can read.": (
        "test_privacy.py::test_no_command_writes_files_that_others_can_use",
        "test_privacy.py::test_wider_modes_are_narrowed_with_a_warning",
        "hostile/test_faults.py::test_the_owner_only_can_read_stored_files",
        "server/test_log_files.py::test_only_the_owner_can_read_the_log",
        "server/test_log_secrets.py::test_no_irc_command_logs_its_secrets",
    ),
}


def words(text: str) -> str:
    """Return the text in one line."""
    return " ".join(text.split())


def section(name: str, begin: str, end: str) -> str:
    """Return a part of a page, in one line. Raises ValueError where the page does not have it, which would promise
    nothing.
    """
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
    assert left == [], "a promise without a test"


@pytest.mark.parametrize(("name", "promises"), [("README.md", README), ("SECURITY.md", SECURITY)])
def test_each_row_is_still_a_promise(name: str, promises: dict[str, tuple[str, ...]]) -> None:
    text = words((ROOT / name).read_text(encoding="utf-8"))
    assert [promise for promise in promises if promise not in text] == []


def test_each_named_test_exists() -> None:
    assert missing_tests(each for promises in (README, SECURITY) for tests in promises.values() for each in tests) == []
