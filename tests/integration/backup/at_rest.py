"""Installations at rest, made in moments: a data folder with a real journal, users, token and a twin's world."""

import gzip
import hashlib
import io
import json
import sqlite3
import tarfile
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.integration.telemetry.samples import record, switching
from vigie.assembly.backup_format import MANIFEST
from vigie.config import Config, load
from vigie.telemetry.retention import JournalSettings
from vigie.telemetry.store import Store

SETTINGS = '[site]\nname = "Relais du Nord"\ndata = "{data}"\n\n[web]\nport = {port}\n'


def settings(folder: Path, port: int = 1) -> Config:
    """Return settings whose data folder is ``folder / "data"``; nothing listens on port 1."""
    file = folder / "vigie.toml"
    file.write_text(SETTINGS.format(data=folder / "data", port=port))
    return load(file, {})


def installation(folder: Path, periods: int = 200, port: int = 1) -> Config:
    """Return the settings of an installation that has run for that many seconds."""
    folder.mkdir(parents=True, exist_ok=True)
    config = settings(folder, port)
    data = config.data_directory
    data.mkdir()
    store = Store(data / "journal.sqlite", JournalSettings())
    store.write([record(second) for second in range(periods)], [switching(1.0, "R2")], is_stepped=False)
    store.close()
    with closing(sqlite3.connect(data / "users.sqlite", isolation_level=None)) as users:
        users.execute("PRAGMA user_version = 1")
        users.execute("CREATE TABLE user (name TEXT PRIMARY KEY)")
        users.execute("INSERT INTO user VALUES ('ada')")
    (data / "imported").mkdir()
    other = Store(data / "imported" / "log-of-2025.sqlite", JournalSettings())
    other.write([record(0.0)], [], is_stepped=False)
    other.close()
    (data / "link.token").write_text("a-secret-of-this-installation\n")
    (data / "twin.json").write_text("{}")
    (data / "emulated-lines.bin").write_bytes(bytes(54))
    return config


def silent(_what: str, _done: int, _total: int) -> None:
    """Take what is told of progress."""


def count(database: Path, table: str = "period") -> int:
    with closing(sqlite3.connect(database)) as connection:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def repacked(
    source: Path, target: Path, change: Callable[[dict[str, bytes]], Mapping[str, bytes | tarfile.TarInfo]]
) -> Path:
    """Write another backup from the members of one, with the manifest left as ``change`` leaves it."""
    with tarfile.open(source) as archive:
        members = {member.name: archive.extractfile(member).read() for member in archive}  # type: ignore[union-attr]
    with gzip.open(target, "wb") as compressed, tarfile.open(fileobj=compressed, mode="w|") as archive:
        for name, content in change(members).items():
            if isinstance(content, tarfile.TarInfo):
                archive.addfile(content)
                continue
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return target


def with_manifest(members: dict[str, bytes], change: Callable[[dict[str, Any]], None]) -> dict[str, bytes]:
    """Return the members with a changed manifest."""
    manifest = json.loads(members[MANIFEST])
    change(manifest)
    return {**members, MANIFEST: json.dumps(manifest).encode()}


def with_file(
    members: dict[str, bytes], name: str, content: bytes, schema_version: int | None = None
) -> dict[str, bytes]:
    """Return the members with a file that its manifest agrees with."""

    def change(manifest: dict[str, Any]) -> None:
        manifest["files"][name] = {
            "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest(), "schema_version": schema_version
        }  # fmt: skip

    return {**with_manifest(members, change), name: content}
