"""Talks to the running program over its web API, as any other program would."""

from typing import Any

import requests

from vigie.config import Config
from vigie.errors import CommandRefused, LinkError

TIMEOUT_S = 6.0
ANSWERED_NO = 409
"""The controller's own answer to a command it refuses; it carries the reason."""
FIRST_SERVER_ERROR = 500


def base_url(config: Config, url: str | None) -> str:
    """Return the application's address without a trailing slash."""
    if url:
        return url.rstrip("/")
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(config.web.host, config.web.host)  # noqa: S104 - read, not bound
    return f"http://{host}:{config.web.port}/flask"


def get(url: str, path: str) -> dict[str, Any]:
    """GET a JSON object.

    Raises:
        LinkError: nobody answers, or not with JSON.
    """
    return _json(_asked("GET", f"{url}{path}"))


def post(url: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """POST a JSON object.

    Raises:
        CommandRefused: the controller or the API refuses it; the text says why.
        LinkError: nobody answers.
    """
    response = _asked("POST", f"{url}{path}", body)
    answer = _json(response)
    if response.ok or response.status_code == ANSWERED_NO:
        return answer
    message = str(answer.get("detail") or answer.get("title") or answer)
    raise LinkError(message) if response.status_code >= FIRST_SERVER_ERROR else CommandRefused(message)


def _asked(method: str, url: str, body: dict[str, Any] | None = None) -> requests.Response:
    try:
        return requests.request(method, url, json=body, timeout=TIMEOUT_S)
    except requests.exceptions.RequestException as error:
        raise LinkError(
            f"nobody answers at {url}: is `vigie run` running, and on this port? ({type(error).__name__})"
        ) from error


def _json(response: requests.Response) -> dict[str, Any]:
    try:
        answer = response.json()
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise LinkError(
            f"{response.url} answered {response.status_code} without JSON: is that Vigie's web application?"
        )
    return answer
