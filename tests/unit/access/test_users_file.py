"""``users.sqlite``: for its owner only, shared by two processes, and no open door when it is damaged."""

import os
import sqlite3
import stat
import threading
from contextlib import closing
from pathlib import Path

import pytest

from tests.small_disk import fill, small_disk
from tests.unit.access.conftest import Now
from vigie.access.door import Door
from vigie.access.people import Role
from vigie.access.settings import AccessSettings
from vigie.access.store import Act, UsersFile
from vigie.controller.lock import ControllerLock
from vigie.errors import AccessError

GOOD = "correct horse battery"


def test_the_file_and_what_goes_with_it_is_for_its_owner_only(door: Door, path: Path) -> None:
    before = os.umask(0)
    try:
        door.users.make_first()
    finally:
        os.umask(before)
    assert {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()} == {0o600}


def test_a_file_others_may_read_is_closed(door: Door, path: Path) -> None:
    door.users.make_first()
    door.close()
    path.chmod(0o644)
    assert door.users.all()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_nothing_is_touched_before_the_first_use(path: Path) -> None:
    Door(AccessSettings(), path).close()
    assert not path.exists()


def test_an_empty_file_is_a_new_one(door: Door, path: Path) -> None:
    path.touch()
    assert door.users.make_first()


@pytest.mark.parametrize("content", [b"\x00" * 4096, b"not a database at all, but long enough to look at" * 9])
def test_garbage_is_told_with_what_to_do_and_lets_nobody_in(door: Door, path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(AccessError, match=r"users\.sqlite is damaged.*backup.*Nobody is let in"):
        door.visitor("any", "127.0.0.1")
    with pytest.raises(AccessError):
        door.log_in("admin", "x", "127.0.0.1", "")
    with pytest.raises(AccessError):
        door.users.make_first()
    assert path.read_bytes() == content


def test_a_damaged_page_is_found_when_the_file_is_opened(door: Door, path: Path) -> None:
    for number in range(40):
        door.users._file.note(Act(1.0, "x" * 200, "", "filler", str(number)))
    door.users.make_first()
    door.close()
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xa5" * (len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(AccessError, match="damaged"):
        door.visitor("any", "127.0.0.1")


def test_it_works_again_as_soon_as_the_file_does(door: Door, path: Path) -> None:
    path.write_bytes(b"garbage" * 100)
    with pytest.raises(AccessError):
        door.users.all()
    path.unlink()
    assert door.users.make_first()


def test_another_program_s_database_is_not_ours(door: Door, path: Path) -> None:
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE user (name TEXT)")
    with pytest.raises(AccessError, match="no file of Vigie's users: move it away"):
        door.users.all()


def test_a_file_of_a_newer_version_is_refused(door: Door, path: Path) -> None:
    door.users.make_first()
    door.close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 9")
    with pytest.raises(AccessError, match=r"newer Vigie \(version 9, this one knows 1\)"):
        door.users.all()


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(AccessError, match="cannot be used: look at the disk"):
        UsersFile(tmp_path / "no such folder" / "users.sqlite").users()


def test_two_programs_that_start_together_make_one_first_user(path: Path, now: Now) -> None:
    doors = [Door(AccessSettings(), path, now) for _ in range(4)]
    made: list[str | None] = []
    threads = [threading.Thread(target=lambda door=door: made.append(door.users.make_first())) for door in doors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(password is not None for password in made) == 1
    assert len(doors[0].users.all()) == 1
    for door in doors:
        door.close()


def test_a_fork_opens_the_file_anew(door: Door, path: Path) -> None:
    door.users.add("admin", Role.ADMIN, "test", password=GOOD)
    door.close()
    child = os.fork()
    if child == 0:
        try:
            os._exit(0 if [user.name for user in door.users.all()] == ["admin"] else 1)
        except BaseException:
            os._exit(2)
    assert os.waitpid(child, 0)[1] == 0
    assert door.users.all()


def test_the_record_is_only_added_to(door: Door, path: Path) -> None:
    door.users.make_first()
    with closing(sqlite3.connect(path)) as connection:
        for statement in ("UPDATE audit SET who = 'nobody'", "DELETE FROM audit"):
            with pytest.raises(sqlite3.IntegrityError, match="the record is not"):
                connection.execute(statement)


def test_the_record_does_not_grow_for_ever(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    file = door.users._file
    with file._changing() as connection:
        connection.execute(
            "WITH RECURSIVE line(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM line WHERE id < 20050) "
            "INSERT INTO audit SELECT id, 1.0, '', '', 'filler', '', '' FROM line"
        )
    file.note(Act(2.0, "x", "", "newest"))
    entries = file.audit(30_000)
    assert len(entries) == 20_000
    assert entries[0].action == "newest"


def test_a_write_that_fails_half_way_leaves_nothing(door: Door) -> None:
    door.users.add("admin", Role.ADMIN, "test", password=GOOD)
    token = door.log_in("admin", GOOD, "::1", "")
    file = door.users._file

    def half() -> None:
        with file._changing() as connection:
            connection.execute("DELETE FROM session")
            connection.execute("DELETE FROM no_such_table")

    with pytest.raises(AccessError):
        half()
    assert door.visitor(token, "::1")


def test_a_disk_that_takes_nothing_shuts_nobody_out(door: Door, now: Now) -> None:
    door.users.add("admin", Role.ADMIN, "test", password=GOOD)
    token = door.log_in("admin", GOOD, "::1", "")
    with door.users._file._opened() as connection:
        connection.execute("PRAGMA query_only = 1")
    now.utc_s += 3600
    visitor = door.visitor(token, "::1")
    assert visitor is not None
    assert visitor.role == Role.ADMIN


def test_the_controllers_lock_on_the_folder_keeps_nobody_out(door: Door, path: Path) -> None:
    lock = ControllerLock(path.with_name("controller.lock"))
    try:
        assert door.users.make_first()
    finally:
        lock.close()


def test_a_folder_that_takes_no_lock_file_is_used_without(door: Door, path: Path) -> None:
    path.with_suffix(".lock").mkdir()
    assert door.users.make_first()


def test_a_full_disk_still_tells_who_may_log_in(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "1M") as disk:
        doors = [Door(AccessSettings(), disk / "users.sqlite") for _ in range(2)]
        doors[0].users.add("ada", Role.VIEWER, "test", password=GOOD)
        doors[0].close()
        fill(disk)
        for _ in range(2):
            for door in doors:  # none of them keeps the other out
                assert [user.name for user in door.users.all()] == ["ada"]
        with pytest.raises(AccessError, match=r"users.sqlite cannot be used: look at the disk's space"):
            doors[0].users.add("bob", Role.VIEWER, "test", password=GOOD)
        (disk / "ballast").unlink()
        doors[0].users.add("bob", Role.VIEWER, "test", password=GOOD)
        for door in doors:
            door.close()
