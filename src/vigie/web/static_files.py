"""Styles, scripts and pictures: their address carries what they are, so that a browser keeps them and asks no more."""

import gzip
import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask, Response, request

FOLDER = Path(__file__).with_name("static")
FOREVER = "public, max-age=31536000, immutable"
PACKED = {".css", ".js", ".json", ".svg"}
"""What gzip makes smaller. A proxy before this finds it packed already."""


@cache
def edition() -> str:
    """Return the name of these very files: another as soon as one of them changes."""
    digest = hashlib.sha256()
    for path in sorted(path for path in FOLDER.rglob("*") if path.is_file()):
        digest.update(str(path.relative_to(FOLDER)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


@cache
def packed(name: str) -> bytes:
    """Return a file of the static folder, packed once."""
    return gzip.compress((FOLDER / name).read_bytes(), 9, mtime=0)


def init_static(app: Flask) -> None:
    """Serve the static folder under its edition; without it (old addresses) a browser asks every time."""
    send = app.view_functions["static"]

    def static(filename: str) -> Response:
        asked, _, name = filename.partition("/")
        is_present = asked == edition()
        response: Response = send(filename=name if is_present else filename)  # type: ignore[assignment]
        if not is_present or response.status_code != 200:
            return response
        if Path(name).suffix in PACKED and request.accept_encodings.quality("gzip") > 0:
            response.close()
            response = Response(packed(name), mimetype=response.mimetype)
            response.content_encoding = "gzip"
        response.vary.add("Accept-Encoding")
        response.headers["Cache-Control"] = FOREVER
        return response

    app.view_functions["static"] = static
    app.url_defaults(_with_edition)


def _with_edition(endpoint: str, values: dict[str, Any]) -> None:
    if endpoint == "static":
        values["filename"] = f"{edition()}/{values['filename']}"
