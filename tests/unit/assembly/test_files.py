from pathlib import Path

import pytest

from vigie.assembly.files import SHORTEST_TOKEN, files, link_token
from vigie.config import check


def test_a_data_folder_that_is_made_is_its_owners_alone(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    files(check({"site": {"data": str(folder)}}, "test"))
    assert folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    "damaged", [b"", b"\n", b"short", b"\xff\xfe\x00" * 10, "une clé secrète".encode(), b"a\nsecret word"]
)
def test_a_token_that_is_no_secret_is_made_anew_and_is_the_same_for_whoever_asks_next(
    tmp_path: Path, damaged: bytes
) -> None:
    path = tmp_path / "link.token"
    path.write_bytes(damaged)
    made = link_token(path)
    assert len(made) >= SHORTEST_TOKEN
    assert made.isascii()
    assert made.encode() != damaged.strip()
    assert link_token(path) == made
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_token_that_is_a_secret_stays(tmp_path: Path) -> None:
    path = tmp_path / "link.token"
    path.write_bytes(b"eight888\n")
    assert link_token(path) == "eight888"
