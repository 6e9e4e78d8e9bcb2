"""Fetch the browser libraries named in vendor.toml, prove they are the ones meant, and copy them in.

``python tools/vendor.py`` needs npm and a network; the files are committed, so only an upgrade needs it.
``python tools/vendor.py --check`` re-hashes the committed files and needs neither.
"""

import argparse
import base64
import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "src/vigie/web/static/vendor"


def integrity(data: bytes) -> str:
    """Return the sub-resource integrity string of ``data``, as npm writes it."""
    return "sha512-" + base64.b64encode(hashlib.sha512(data).digest()).decode()


def packages() -> list[dict[str, Any]]:
    """Return the packages of vendor.toml: name, version, integrity, files (path in the package -> integrity)."""
    found: list[dict[str, Any]] = tomllib.loads((ROOT / "vendor.toml").read_text())["package"]
    return found


def folder_of(package: dict[str, Any]) -> Path:
    """Return where the package's files live; the version in the path lets a browser keep them for ever."""
    return TARGET / f"{package['name']}-{package['version']}"


def faults() -> list[str]:
    """Compare the committed files with vendor.toml; an empty list means they are the ones meant."""
    found, expected = [], set()
    for package in packages():
        for name, wanted in package["files"].items():
            path = folder_of(package) / Path(name).name
            expected.add(path)
            if not path.is_file():
                found.append(f"{path.relative_to(ROOT)} is missing: run python tools/vendor.py")
            elif integrity(path.read_bytes()) != wanted:
                found.append(f"{path.relative_to(ROOT)} is not the file vendor.toml names: run python tools/vendor.py")
    strangers = {path for path in TARGET.rglob("*") if path.is_file()} - expected
    return found + [f"{path.relative_to(ROOT)} is not named in vendor.toml: remove it" for path in sorted(strangers)]


def fetch(package: dict[str, Any]) -> None:
    """Download one package, compare its tarball with the recorded integrity, copy the listed files."""
    wanted = f"{package['name']}@{package['version']}"
    with tempfile.TemporaryDirectory() as scratch:
        subprocess.run(["npm", "pack", wanted, "--silent", "--pack-destination", scratch], check=True)
        tarball = next(Path(scratch).glob("*.tgz"))
        if (seen := integrity(tarball.read_bytes())) != package["integrity"]:
            sys.exit(f"{wanted}: integrity {seen} is not {package['integrity']} of vendor.toml; nothing was copied")
        folder = folder_of(package)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        with tarfile.open(tarball) as archive:
            for name in package["files"]:
                member = archive.extractfile(f"package/{name}")
                if member is None:
                    sys.exit(f"{wanted} holds no file {name}; correct vendor.toml")
                (folder / Path(name).name).write_bytes(member.read())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="only re-hash the committed files")
    if not parser.parse_args().check:
        for package in packages():
            fetch(package)
    if found := faults():
        sys.exit("\n".join(found))


if __name__ == "__main__":
    main()
