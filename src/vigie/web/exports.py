"""The HTTP API of exports and imported logs."""

import re
import unicodedata
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

from apiflask import APIBlueprint, HTTPError
from flask import Flask, Response, current_app, request
from pydantic import Field

from vigie.clock import machine_utc_s
from vigie.errors import JournalError, VigieError
from vigie.link.hub import Hub
from vigie.link.messages import Snapshot
from vigie.telemetry.export import Extract
from vigie.telemetry.export_process import ExportOrder
from vigie.telemetry.imported import Shelf
from vigie.telemetry.records import iso_utc
from vigie.web import schemas
from vigie.web.downloads import STALL_S, Downloads, TooManyExports
from vigie.web.problems import MEDIA_TYPE, problem

MEDIA_TYPES = {"csv": "text/csv; charset=utf-8", "parquet": "application/vnd.apache.parquet"}
RETRY_S = 10

blueprint = APIBlueprint("exports", __name__, tag="Vigie")


class ExportQuery(schemas.AskedSpan):
    """What to export."""

    format: Literal["csv", "parquet"] = "csv"
    what: Literal["measurements", "events"] = "measurements"
    resolution: Literal["raw", "minute", "hour"] = Field(
        default="minute", description="Of measurements: every period, or the least, mean and most of minutes or hours"
    )
    log: str = Field(default="", max_length=60, description="Name of an imported log; the journal when missing")


class LogReply(schemas.Strict):
    """One imported log."""

    name: str
    file: str
    first_utc_ms: int
    last_utc_ms: int
    rows: int
    left_out: int = Field(description="Rows of the file, or parts of rows, that could not be used")
    columns: list[str]
    size_bytes: int
    fault: str = Field(description="Why it cannot be read; empty when it can")


class LogsReply(schemas.Strict):
    """The logs of other programs that were imported."""

    logs: list[LogReply]


def _told(**texts: str) -> dict[int, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        int(code[1:]): {"description": text, "content": {MEDIA_TYPE: {"schema": schema}}}
        for code, text in texts.items()
    }


_DOOR = {
    "e401": "Neither logged in nor a program with the secret of the data folder",
    "e403": "The role does not allow it, or the password must be changed first",
    "e421": "Called by a name that is not in web.trusted_hosts",
}
_FILE = {
    "description": "The file, while it is being made",
    "content": {kind.partition(";")[0]: {"schema": {"type": "string"}} for kind in MEDIA_TYPES.values()},
}


@blueprint.get("/api/v1/export")
@blueprint.input(ExportQuery, location="query")
@blueprint.doc(
    responses={200: _FILE}
    | _told(
        e404="No imported log of this name",
        e422="The parameters do not fit; `errors` names every fault",
        e429="Two exports are running already; Retry-After says when to try again",
        e503="The journal cannot be read, or Parquet is not installed; `detail` says why",
        **_DOOR,
    )
)
def export(query_data: ExportQuery) -> Response:
    """Measurements or events as a file of CSV or Parquet.

    Sent while it is made, so its length is not known before; one that breaks off ends without its last chunk.
    """
    try:
        order, name = _order(query_data)
    except JournalError as error:  # of the shelf; the journal itself is opened by the process
        return problem(404, str(error))
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "X-Accel-Buffering": "no",  # nginx would otherwise write it all to a disk first
    }
    if request.method == "HEAD":
        return Response(iter(()), headers=headers, content_type=MEDIA_TYPES[query_data.format])
    downloads: Downloads = current_app.extensions["vigie_downloads"]
    try:
        download = downloads.begin(order)
    except TooManyExports as error:
        return problem(429, str(error), headers={"Retry-After": str(RETRY_S)})
    except VigieError as error:
        return problem(503, str(error))
    if (listener := request.environ.get("gunicorn.socket")) is not None:
        listener.settimeout(STALL_S)  # or a browser that reads nothing would hold this thread for ever
    response = Response(iter(download), headers=headers, content_type=MEDIA_TYPES[query_data.format])
    response.call_on_close(download.close)
    return response


@blueprint.get("/api/v1/logs")
@blueprint.output(LogsReply, description="The imported logs by name")
@blueprint.doc(responses=_told(**_DOOR, e503="The file of users cannot be read; `detail` says what to do"))
def logs() -> dict[str, Any]:
    """Logs of other programs that were imported with `vigie import`."""
    return {"logs": [{name: getattr(log, name) for name in LogReply.model_fields} for log in shelf().logs()]}


def init_exports(app: Flask, journal_path: Path) -> None:
    """Say where the journal lies, and that nothing is being exported yet."""
    app.extensions["vigie_journal_path"] = journal_path
    app.extensions["vigie_downloads"] = Downloads()


def shelf() -> Shelf:
    """Return the imported logs."""
    path: Path = current_app.extensions["vigie_journal_path"]
    return Shelf(path.parent)


def plant_now_utc_ms() -> int:
    """Return the plant's present, which a fast simulation carries into the future."""
    snapshot = _snapshot()
    return round(machine_utc_s() * 1000) if snapshot is None else int(snapshot["utc_ms"]) + 1


def file_name(site: str, what: str, from_utc_ms: int, to_utc_ms: int, form: str) -> str:
    """Return a name that any file system takes, and that sorts by time.

    >>> file_name("Mühle 3", "minute", 1_795_305_600_000, 1_795_392_000_000, "csv")
    'vigie-muhle-3-minute-20261122-20261123.csv'
    """
    plain = unicodedata.normalize("NFKD", site).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40] or "site"
    first, last = (iso_utc(ms)[:10].replace("-", "") for ms in (from_utc_ms, to_utc_ms))
    return f"vigie-{slug}-{what}-{first}-{last}.{form}"


def _order(query: ExportQuery) -> tuple[ExportOrder, str]:
    """Return what the export process is to do, and the name of the file.

    Raises:
        JournalError: there is no such imported log.
        HTTPError: the span is empty.
    """
    start, end = query.bounds(plant_now_utc_ms())
    if start >= end:
        text = f"the span {start}..{end} is empty: from_utc_ms must be less than to_utc_ms"
        raise HTTPError(422, detail={"query": {"from_utc_ms": [text]}})
    table = "events" if query.what == "events" else query.resolution
    journal: Path = current_app.extensions["vigie_journal_path"]
    about = {"table": table, "version": version("vigie")}
    snapshot = _snapshot()
    if not query.log:
        about |= {"site": snapshot["site"], "battery": snapshot["battery"]} if snapshot else {}
        name = file_name(snapshot["site"] if snapshot else "site", table, start, end, query.format)
        return ExportOrder(journal, Extract(table, start, end), query.format, about), name
    known = shelf().log(query.log)
    about |= {"log": known.name, "file": known.file}
    extract = Extract(table, start, end, known.columns)
    return ExportOrder(known.path, extract, query.format, about), file_name(known.name, table, start, end, query.format)


def _snapshot() -> Snapshot | None:
    hub: Hub = current_app.extensions["vigie_hub"]
    return hub.snapshot()
