from pathlib import Path

from vigie.assembly.files import files
from vigie.config import check


def test_a_data_folder_that_is_made_is_its_owners_alone(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    files(check({"site": {"data": str(folder)}}, "test"))
    assert folder.stat().st_mode & 0o777 == 0o700
