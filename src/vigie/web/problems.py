"""One shape for every error of the API: problem details (RFC 9457)."""

from typing import Any

from apiflask import HTTPError
from flask import Response, json, request
from werkzeug.exceptions import HTTPException
from werkzeug.http import HTTP_STATUS_CODES

MEDIA_TYPE = "application/problem+json"


def problem(
    status: int,
    detail: str,
    errors: list[dict[str, str]] | None = None,
    headers: dict[str, str] | None = None,
    kind: str = "about:blank",
) -> Response:
    """Return a problem response; ``errors`` lists single faults as ``{"where", "field", "message"}``."""
    body: dict[str, Any] = {
        "type": kind,
        "title": HTTP_STATUS_CODES.get(status, "Error"),
        "status": status,
        "detail": detail,
    }
    if errors is not None:
        body["errors"] = errors
    return Response(json.dumps(body), status=status, headers=headers, mimetype=MEDIA_TYPE)


def from_validation(error: HTTPError) -> Response:
    """Turn APIFlask's own error, mostly failed validation, into a problem that names all faults."""
    errors = [
        {"where": where, "field": field, "message": message}
        for where, fields in (error.detail or {}).items()
        for field, messages in fields.items()
        for message in messages
    ]
    text = "; ".join(f"{fault['field']}: {fault['message']}" for fault in errors)
    return problem(error.status_code, text or error.message or "", errors)


def from_http(error: HTTPException) -> Response:
    """Turn an error of Flask or Werkzeug into a problem that keeps its headers (Allow, Retry-After)."""
    headers = {name: value for name, value in error.get_headers() if name.lower() != "content-type"}
    status = error.code or 500
    details = {
        404: f"nothing is at {request.path}; the routes are in /api/v1/openapi.json",
        405: f"{request.method} is not possible here",
        413: "the body is larger than 64 kB",
    }
    return problem(status, details.get(status, error.description or ""), headers=headers)
