"""The folders of the tests are those of the source: each module has its tests in a file of its name, or in a row here.

`chat/ranks.py` is tested by `tests/chat/test_ranks.py`, and aspects of a module by further files that begin with its
name: `test_privmsg_tags.py`.
"""

from functools import cache
from pathlib import Path

from tests.sources import MODULES, ROOT, TESTS, tree

HERE = Path(__file__).parent

# Tests, and the modules that they cover which have no file of their own; `folder/` stands for those of a folder. They
# were measured once, with a trace function: the test executes functions of the module, in its own process or in another
# one, or imports it where there are none.
COVERED = {
    "test_programs.py": "__main__",
    "test_cli.py": "arguments",
    "test_registration.py": "chat/documents",
    "bench/test_main.py": "bench/ bench/scenarios/",
    "bench/test_connecting.py": "bench/swarm",
    "bench/test_load.py": "bench/messages_in_flight",
    "bench/test_transcript.py": "bench/reader bench/wire",
    "bench/scenarios/test_client.py": "bench/pseudo_terminal",
    "bench/scenarios/test_cluster.py": "bench/node_loss bench/node_delay bench/node_processes",
    "bench/scenarios/test_history.py": "storage/benchmark",
    "chat/test_closures.py": "chat/protection/ended_channels",
    "chat/test_network.py": "chat/names_cache chat/user",
    "chat/test_outbox.py": "chat/broadcast",
    "chat/continuity/test_local_form.py": "chat/local_state chat/multiline_batch",
    "chat/continuity/test_saved_users.py": "chat/always_on chat/lost_users",
    "chat/continuity/test_snapshot.py": "chat/continuity/ chat/moderation chat/account_data/account_data"
    " chat/protection/protection_state",
    "client/test_app.py": "client/console client/effect_runner client/programs/pictures client/state/effects"
    " client/state/events",
    "client/test_line_mode.py": "client/input/prompts client/irc/unsent",
    "client/archive/test_archiver.py": "client/archive/export",
    "client/archive/test_database.py": "client/state/buffer",
    "client/handlers/test_batches.py": "client/state/batches",
    "client/handlers/test_handlers.py": "client/irc/offer_server client/state/network protocol/disconnect_reasons",
    "client/handlers/test_messages_automatic.py": "client/irc/ctcp client/state/lines",
    "client/handlers/test_own_state.py": "client/handlers/refusals",
    "client/input/test_dictionaries.py": "client/input/spellcheck",
    "client/input/test_input_modes.py": "client/handlers/playback client/irc/server_search",
    "client/input/test_join_screen.py": "client/state/address client/state/channel_list",
    "client/input/test_message_cursor.py": "client/irc/message_actions",
    "client/input/test_switcher.py": "client/input/candidates client/input/completer",
    "client/irc/test_bouncer.py": "client/handlers/bouncer client/irc/windows client/slash/bouncer",
    "client/irc/test_chathistory.py": "client/text/times client/view/scrollback",
    "client/irc/test_joining.py": "client/state/isupport",
    "client/irc/test_login.py": "client/irc/hidden_words client/slash/accounts client/state/credentials"
    " client/state/questions",
    "client/irc/test_notify_list.py": "client/slash/notify",
    "client/net/test_picture_file.py": "client/net/pixels client/state/transfers",
    "client/net/test_transport.py": "client/net/tls",
    "client/plugins/test_manager.py": "client/plugin client/plugins/ client/slash/plugins client/state/crash_report",
    "client/programs/test_processes.py": "client/programs/subprocesses client/slash/programs",
    "client/slash/test_equivalents.py": "client/state/setting_table",
    "client/slash/test_files.py": "client/irc/filehost client/programs/transfers",
    "client/slash/test_importing.py": "client/importing/ client/state/command_line client/state/options"
    " client/state/paths",
    "client/slash/test_tour.py": "client/state/tour",
    "client/state/test_bindings.py": "client/input/key_chords",
    "client/state/test_destination.py": "client/state/well_known",
    "client/state/test_saved_networks.py": "client/irc/network_setup client/state/splits",
    "client/state/test_settings.py": "client/state/setting_checks",
    "client/view/test_frame.py": "client/text/style client/view/line_rows client/view/theme",
    "client/view/test_hints.py": "client/view/join_view",
    "client/view/test_layout.py": "client/view/panels client/view/window_view",
    "client/view/test_pictures.py": "client/input/picture_mode client/slash/pictures",
    "client/view/test_pointer.py": "client/view/bars",
    "commands/test_epochs.py": "commands/core/steps",
    "commands/accounts/test_authtoken.py": "commands/accounts/extjwt commands/accounts/tokens commands/operators/shell",
    "commands/accounts/test_bearer.py": "server/bearer",
    "commands/accounts/test_former_accounts.py": "commands/services/removal",
    "commands/accounts/test_password_check.py": "commands/accounts/external_accounts"
    " server/external_auth/password_check",
    "commands/accounts/test_register.py": "chat/accounts commands/accounts/verification",
    "commands/accounts/test_second_factor.py": "commands/services/nick_totp",
    "commands/channels/test_channel_modes.py": "commands/channels/mode",
    "commands/channels/test_invite.py": "commands/channels/server_modes commands/users/message_acceptance",
    "commands/channels/test_join_part.py": "commands/channels/reserved",
    "commands/channels/test_member_modes.py": "commands/channels/ranks",
    "commands/channels/test_rate_limit_modes.py": "commands/core/channel_rate_limits",
    "commands/channels/test_secret_channels.py": "chat/visibility commands/services/nick_provider",
    "commands/connection/test_always_on.py": "commands/connection/reattach",
    "commands/connection/test_capabilities.py": "commands/core/cap_offers",
    "commands/connection/test_server_password.py": "chat/protection/server_password",
    "commands/core/test_all_or_nothing.py": "chat/account_data/files chat/account_data/push_subscriptions"
    " commands/accounts/uploads commands/accounts/webpush commands/core/ commands/services/nick_suspension",
    "commands/core/test_dispatch.py": "commands/connection/quit",
    "commands/core/test_history_events.py": "protocol/tags",
    "commands/core/test_history_quota.py": "chat/protection/history_quota",
    "commands/core/test_response_buffer.py": "commands/core/constants commands/core/lookup",
    "commands/history/test_reading.py": "commands/core/deferred commands/history/replay",
    "commands/info/test_help.py": "commands/catalog",
    "commands/messages/test_accept.py": "chat/caller_id",
    "commands/messages/test_relaymsg.py": "protocol/envelopes/relayed",
    "commands/messages/test_speech.py": "commands/core/recording commands/core/utterance",
    "commands/nodes/test_membership.py": "commands/applying",
    "commands/operators/test_audit.py": "commands/core/audit_log",
    "commands/operators/test_cloak.py": "commands/connection/webirc",
    "commands/operators/test_defcon.py": "commands/connection/defcon_gate commands/operators/configure",
    "commands/operators/test_filter.py": "commands/core/sanctions commands/messages/spam_filter"
    " commands/operators/report",
    "commands/operators/test_oper.py": "chat/rights commands/messages/everybody commands/nodes/shutdown",
    "commands/operators/test_resv.py": "chat/protection/reservations commands/services/chanserv_purge",
    "commands/operators/test_uban.py": "commands/connection/ban_enforcement",
    "commands/services/test_chanserv.py": "chat/registered_channels",
    "commands/services/test_chanserv_webhooks.py": "chat/account_data/webhooks chat/tokens"
    " commands/services/hook_speech commands/services/nick_tokens",
    "commands/services/test_histserv.py": "commands/history/files",
    "commands/users/test_metadata.py": "chat/metadata commands/users/metadata_wire",
    "config/test_file.py": "config/",
    "features/test_client.py": "client/net/local_server",
    "features/test_terminals.py": "client/terminal/",
    "features/nodes/test_elections.py": "server/nodes/object_store",
    "features/nodes/test_features.py": "commands/info/node_rows",
    "features/nodes/test_machines.py": "server/tools/cluster",
    "hostile/test_clock.py": "commands/core/clock_jump",
    "protocol/test_multiline.py": "protocol/envelopes/multiline",
    "protocol/plain/test_dialect.py": "protocol/plain/__init__ protocol/plain/slash",
    "server/test_early_signals.py": "server/tools/accounts",
    "server/test_log_secrets.py": "commands/core/command_log",
    "server/test_reload.py": "server/ server/net/tls_acceptor",
    "server/data/test_audit_log.py": "commands/core/process",
    "server/data/test_backup_commands.py": "server/tools/database",
    "server/data/test_recording.py": "server/data/replica server/tools/replay storage/log",
    "server/data/test_store_keeper.py": "server/data/disk_watch",
    "server/files/test_pictures.py": "server/files/picture_metadata server/files/picture_worker",
    "server/handover/test_upgrade_versions.py": "server/handover/takeover",
    "server/handover/test_upgrade.py": "server/control/ server/handover/ server/stand_in",
    "server/http/test_api.py": "commands/services/bot_speech server/http/admin_api server/http/command_runner",
    "server/http/test_files.py": "server/files/free_space server/http/identity server/http/uploads",
    "server/http/test_hooks.py": "server/http/hook_payloads",
    "server/http/test_metrics.py": "server/http/optional_routes",
    "server/http/test_oidc.py": "server/external_auth/oidc_client",
    "server/http/test_pages.py": "server/http/page_version",
    "server/http/test_request.py": "server/http/",
    "server/http/test_websocket.py": "server/http/origins server/http/outboxes",
    "server/net/test_blocklists.py": "server/blocklist_gate",
    "server/net/test_irc.py": "server/net/",
    "server/net/test_plain.py": "server/net/plain_outbox",
    "server/net/test_turn.py": "server/net/schedule server/nodes/turn",
    "server/nodes/test_engine.py": "server/nodes/access server/nodes/engine_errors server/nodes/engine_line",
    "server/nodes/test_log_size.py": "server/nodes/state_file",
    "server/nodes/test_supervisor.py": "server/nodes/",
    "server/push/test_pusher.py": "server/push/notifications",
    "server/tools/test_live.py": "server/tools/live_view",
    "storage/test_backup.py": "storage/durable storage/vacuum",
    "storage/test_housekeeping.py": "storage/sqlite_errors storage/index_batch",
    "storage/test_reader.py": "storage/interface",
    "storage/test_retention.py": "storage/changes storage/trimming",
    "storage/test_writer.py": "storage/sqlite storage/transaction",
}
# Tests in the folder of a package or program that are of more than one module.
OF_MANY = {
    "client/test_regressions.py",
    "commands/test_purity.py",
    "commands/test_read_your_writes.py",
}


def module_of(name: str) -> Path:
    """Return the file of a module, `chat/ranks`."""
    return ROOT / f"{name}.py"


def name_of(path: Path) -> str:
    """Return the name of a module: `chat/ranks`."""
    return path.relative_to(ROOT).with_suffix("").as_posix()


@cache
def subjects() -> dict[Path, Path]:
    """Return the test files in mirrored folders, with the module or the package that each is named after."""
    found = {}
    for path in TESTS:
        folder = ROOT / path.parent.relative_to(HERE)
        if path.name.startswith("test_") and folder in FOLDERS and folder != ROOT:
            words = path.stem.split("_")[1:]
            names = ["_".join(words[:count]) for count in range(len(words), 0, -1)]
            modules = [folder / f"{name}.py" for name in names if folder / f"{name}.py" in MODULES]
            modules += [folder / "__init__.py"] if folder.name in names else []
            found[path] = modules[0] if modules else path
    return found


FOLDERS = {path.parent for path in MODULES}
WITH_CODE = {path for path in MODULES if path.name != "__init__.py" or len(tree(path).body) > 1}


def covered(named: str) -> set[Path]:
    """Return the modules of a row: `folder/` stands for those of the folder that are in no other row."""
    if not named.endswith("/"):
        return {module_of(named)}
    others = {module_of(each) for row in COVERED.values() for each in row.split() if not each.endswith("/")}
    return {path for path in WITH_CODE if path.parent == ROOT / named} - others - set(subjects().values())


def test_each_module_has_a_test() -> None:
    at_root = {ROOT / path.name.removeprefix("test_") for path in HERE.glob("test_*.py")}
    rows = set().union(*(covered(named) for row in COVERED.values() for named in row.split()))
    left = {path for path in WITH_CODE if path.parent != ROOT or path.name != "__init__.py"} - rows
    assert sorted(map(name_of, left - set(subjects().values()) - at_root)) == []


def test_each_test_has_a_module() -> None:
    listed = {HERE / test for test in (*COVERED, *OF_MANY)}
    assert sorted(str(test) for test, module in subjects().items() if test == module and test not in listed) == []


def test_each_row_is_needed() -> None:
    """Rows whose test or module was renamed, or whose module has got a test of its own, say nothing any more."""
    assert [test for test in (*COVERED, *OF_MANY) if HERE / test not in TESTS] == []
    named = [each for row in COVERED.values() for each in row.split()]
    assert sorted(each for each in named if not covered(each) & MODULES) == []
    assert sorted(each for each in named if covered(each) & set(subjects().values())) == []
    assert len(named) == len(set(named))
