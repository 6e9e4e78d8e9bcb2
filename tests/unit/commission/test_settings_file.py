"""A person's settings file is changed line by line and never lost."""

import tomllib
from pathlib import Path

import pytest

from vigie.cli.settings_file import candidate_path, difference, read_text, replace, with_changes, write
from vigie.errors import SettingsError, VigieError

TEXT = """# Ours.
[site]
name = "Cellar" # the door's name

[channels.charge]
gain = 1.0  # not yet
sign = 1

[rig]
# keep this remark
r1_contact = "no"
"""


def candidate(path: Path, text: str) -> Path:
    write(candidate_path(path), text)
    return candidate_path(path)


def test_only_what_changes_is_another_line() -> None:
    after = with_changes(TEXT, {"channels.charge": {"sign": -1, "gain": 1.0}, "rig": {"r1_contact": "nc"}})
    changed = [line for line in difference(TEXT, after, "x").splitlines()[2:] if line[0] in "+-"]
    assert changed == ["-sign = 1", "+sign = -1", '-r1_contact = "no"', '+r1_contact = "nc"']


def test_a_comment_stays_behind_a_changed_value() -> None:
    assert "gain = 1.01  # not yet" in with_changes(TEXT, {"channels.charge": {"gain": 1.01}})


def test_sections_that_are_not_there_are_made() -> None:
    after = tomllib.loads(
        with_changes(TEXT, {"channels.battery": {"gain": 1.03}, "wiring": {"battery_contact": "line"}})
    )
    assert after["channels"]["battery"] == {"gain": 1.03}
    assert after["channels"]["charge"]["sign"] == 1
    assert after["wiring"] == {"battery_contact": "line"}


def test_an_empty_file_becomes_a_whole_one() -> None:
    after = tomllib.loads(with_changes("", {"channels.load": {"sign": -1}, "rig": {"load_address": 0x45}}))
    assert after == {"channels": {"load": {"sign": -1}}, "rig": {"load_address": 0x45}}


def test_dotted_keys_and_inline_tables_are_understood() -> None:
    after = tomllib.loads(
        with_changes(
            'channels.load.sign = 1\nrig = { boards = "real" }\n',
            {"channels.load": {"sign": -1}, "rig": {"boards": "emulated"}},
        )
    )
    assert after == {"channels": {"load": {"sign": -1}}, "rig": {"boards": "emulated"}}


def test_addresses_are_written_as_people_know_them() -> None:
    assert "battery_address = 0x41" in with_changes("", {"rig": {"battery_address": 0x41}})


@pytest.mark.parametrize("text", ["[rig\n", "rig = 3\n"])
def test_what_cannot_be_changed_is_told(text: str) -> None:
    with pytest.raises(SettingsError):
        with_changes(text, {"rig": {"boards": "real"}})


def test_the_old_file_is_kept_with_its_permissions(tmp_path: Path) -> None:
    path = tmp_path / "vigie.toml"
    path.write_text(TEXT)
    path.chmod(0o640)
    backup = replace(path, candidate(path, "new"), "20261122T000000Z")
    assert backup is not None
    assert (backup.read_text(), path.read_text()) == (TEXT, "new")
    assert path.stat().st_mode & 0o777 == 0o640
    assert sorted(tmp_path.iterdir()) == sorted([path, backup])


def test_a_second_backup_in_the_same_second_leaves_the_first_alone(tmp_path: Path) -> None:
    path = tmp_path / "vigie.toml"
    path.write_text(TEXT)
    first = replace(path, candidate(path, "new"), "now")
    second = replace(path, candidate(path, "newer"), "now")
    assert first is not None
    assert second is not None
    assert (first.read_text(), second.read_text(), path.read_text()) == (TEXT, "new", "newer")


def test_a_file_that_cannot_be_replaced_stays(tmp_path: Path) -> None:
    path = tmp_path / "vigie.toml"
    path.mkdir()
    with pytest.raises(VigieError, match="still there"):
        replace(path, candidate(path, "new"), "now")
    assert path.is_dir()


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(VigieError, match="another place"):
        write(tmp_path / "nowhere" / "vigie.toml", "x")


def test_a_file_that_notepad_wrote_keeps_its_settings_and_loses_its_mark(tmp_path: Path) -> None:
    path = tmp_path / "vigie.toml"
    path.write_bytes('[site]\r\nname = "Örtli"\r\n'.encode("utf-8-sig"))
    changed = with_changes(read_text(path), {"rig": {"r1_contact": "no"}})
    assert tomllib.loads(changed) == {"site": {"name": "Örtli"}, "rig": {"r1_contact": "no"}}
    path.write_bytes('[site]\r\nname = "Örtli"\r\n'.encode("utf-16"))
    with pytest.raises(SettingsError, match=r"vigie\.toml is in UTF-16: save it as UTF-8"):
        read_text(path)
