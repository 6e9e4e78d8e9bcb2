"""A file is written where a file was meant, and nowhere else."""

from pathlib import Path

import pytest

from vigie.cli.targets import new_file
from vigie.errors import VigieError

TAR = (".tar.gz", ".tgz")


def test_a_folder_gets_the_file_s_own_name(tmp_path: Path) -> None:
    assert new_file("the backup", tmp_path, TAR, "vigie-1.tar.gz") == tmp_path / "vigie-1.tar.gz"


def test_a_named_file_is_that_file(tmp_path: Path) -> None:
    for name in ("a.tar.gz", "a.tgz", "A.TAR.GZ"):
        assert new_file("the backup", tmp_path / name, TAR) == tmp_path / name


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("", "is a folder: name a file in it for the export"),
        ("usb", "usb is to be a folder, make or mount it first"),
        ("usb", "must end in .csv"),
        ("usb/a.csv", "usb is no folder: make or mount it first"),
        ("a.txt", "must end in .csv"),
        ("file", "must end in .csv"),
    ],
)
def test_what_would_be_written_in_the_wrong_place_is_refused_with_what_to_do(
    tmp_path: Path, path: str, says: str
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(VigieError, match=says):
        new_file("the export", tmp_path / path, (".csv",))


def test_no_advice_about_folders_where_a_file_is_meant(tmp_path: Path) -> None:
    with pytest.raises(VigieError) as told:
        new_file("the export", tmp_path / "a.txt", (".csv",))
    assert "make or mount" not in str(told.value)
