"""The file of the audit log."""

from pathlib import Path

import pytest

from greenchat.commands.core.process import AuditError
from greenchat.server.data.audit_log import MEMBERS, AuditLog


def test_entries_are_appended_and_read_from_the_end(tmp_path: Path) -> None:
    audit = AuditLog(tmp_path)
    for number in range(100):
        audit.write(f"{number} KILL ü")
    audit.close()
    assert audit.path.read_text().splitlines() == [f"{number} KILL ü" for number in range(100)]
    assert audit.path.stat().st_mode & 0o777 == 0o600
    again = AuditLog(tmp_path)
    again.write("100 OPER")
    again.close()
    assert again.read(2, "") == ["99 KILL ü", "100 OPER"]
    assert again.read(9, "oper") == ["100 OPER"]
    assert again.read(0, "") == []


def test_a_large_file_is_rotated_and_the_oldest_deleted(tmp_path: Path) -> None:
    audit = AuditLog(tmp_path, largest=20)
    for number in range(30):
        audit.write(f"line {number:05}")
    audit.close()
    files = sorted(tmp_path.iterdir())
    assert [file.name for file in files] == ["audit.log", *(f"audit.log.{number}" for number in range(1, 10))]
    assert all(file.stat().st_size == 22 for file in files)
    assert audit.read(99, "line") == [f"line {number:05}" for number in range(10, 30)]


def test_entries_that_the_disk_is_too_slow_for_are_counted_and_dropped(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A user who causes many entries must not fill the memory."""
    audit = AuditLog(tmp_path)
    with audit._turn:  # the disk is slow
        for number in range(60_000):
            audit.write(f"KICK {number}")
    audit.close()
    assert "10000 entries are missing" in caplog.text
    assert audit.read(1, "") == ["KICK 49999"]


def test_actions_of_members_have_their_own_file(tmp_path: Path) -> None:
    """However many there are, the actions of operators stay in the log."""
    operators, members = AuditLog(tmp_path, largest=20), AuditLog(tmp_path, MEMBERS, largest=20)
    operators.write("KILL bob")
    for number in range(100):
        members.write(f"KICK {number}")
    for log in operators, members:
        log.close()
    assert operators.read(99, "") == ["KILL bob"]
    assert members.read(1, "") == ["KICK 99"]
    assert {file.name.split(".")[0] for file in tmp_path.iterdir()} == {"audit", "members"}


def test_a_file_that_cannot_be_written_is_reported_in_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "audit.log").mkdir()
    audit = AuditLog(tmp_path)
    audit.write("KILL bob")
    audit.close()
    assert "it is missing: KILL bob" in caplog.text
    assert isinstance(audit.read(1, ""), AuditError)
