"""Talks to the running program over its web API, as any other program would."""

import os
from collections.abc import Sequence
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import requests

from vigie.assembly.files import files, link_token
from vigie.config import Config
from vigie.errors import CommandRefused, LinkError
from vigie.wording.dialogue import spoken, technical
from vigie.wording.words import mark

TIMEOUT_S = 6.0
ANSWERED_NO = 409
"""The controller's own answer to a command it refuses; it carries the reason."""
FIRST_SERVER_ERROR = 500
UNAUTHORIZED = 401
TOKEN_VARIABLE = "VIGIE_TOKEN"  # noqa: S105 - its name
_STRANGE = mark("{url} answered {answer}: is that Vigie's web application?")
_THIS_MACHINE = {"127.0.0.1", "localhost", "::1"}


class Program(NamedTuple):
    """The running program: its address without a trailing slash, and the secret that lets this one in."""

    url: str
    token: str | None

    @property
    def headers(self) -> dict[str, str]:
        return {} if self.token is None else {"Authorization": f"Bearer {self.token}"}


def program(config: Config, url: str | None) -> Program:
    """Return the program to ask: at ``url``, or the one these settings start.

    Its secret is $VIGIE_TOKEN, else the one in the data folder, which is shown to this machine only.

    Raises:
        LinkError: ``url`` is no address.
        VigieError: the data folder holds a secret that cannot be used.
    """
    if url is not None and not _is_address(url):
        raise LinkError(spoken("--url {url} is no address: write http://HOST:PORT/flask", url=url))
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(config.web.host, config.web.host)  # noqa: S104 - read, not bound
    own = f"http://{host}:{config.web.port}/flask"
    asked = url.rstrip("/") if url else own
    if given := os.environ.get(TOKEN_VARIABLE):
        return Program(asked, given)
    is_here = urlsplit(asked).hostname in {*_THIS_MACHINE, urlsplit(own).hostname}
    return Program(asked, _token_of(config) if is_here else None)


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _token_of(config: Config) -> str | None:
    if not config.data_directory.is_dir():
        return None
    path = files(config).token
    return link_token(path) if os.access(path, os.R_OK) else None


def get(asked: Program, path: str, *names: str) -> dict[str, Any]:
    """GET a JSON object that has these names.

    Raises:
        CommandRefused: the program does not let this one in.
        LinkError: nobody answers, not as Vigie does, or that it cannot now; the text says why.
    """
    response = answer_of(asked, "GET", path)
    answer = _json(response)
    if response.status_code >= FIRST_SERVER_ERROR:
        raise LinkError(_why(answer))
    return _own(response, answer, names)


def post(asked: Program, path: str, body: dict[str, Any], *names: str, timeout_s: float = TIMEOUT_S) -> dict[str, Any]:
    """POST a JSON object; return the answer, which has these names.

    Raises:
        CommandRefused: the controller or the API refuses it; the text says why.
        LinkError: nobody answers, or not as Vigie does.
    """
    response = answer_of(asked, "POST", path, body, timeout_s)
    answer = _json(response)
    if response.ok or response.status_code == ANSWERED_NO:
        return _own(response, answer, names)
    if not answer.keys() & {"detail", "title"}:
        raise LinkError(_foreign(response, answer))
    message = _why(answer)
    raise LinkError(message) if response.status_code >= FIRST_SERVER_ERROR else CommandRefused(message)


def _own(response: requests.Response, answer: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    if not answer.keys() >= set(names):
        raise LinkError(_foreign(response, answer))
    return answer


def _foreign(response: requests.Response, answer: dict[str, Any]) -> str:
    return spoken(_STRANGE, url=response.url, answer=f"{response.status_code}, {technical(_detail(answer))}")


def _why(problem: dict[str, Any]) -> str:
    return technical(_detail(problem))


def _detail(problem: dict[str, Any]) -> str:
    return str(problem.get("detail") or problem.get("title") or problem)


def answer_of(
    asked: Program, method: str, path: str, body: dict[str, Any] | None = None, timeout_s: float = TIMEOUT_S
) -> requests.Response:
    """Send a request and return its answer.

    Raises:
        CommandRefused: the program does not let this one in.
        LinkError: nobody answers.
    """
    url = f"{asked.url}{path}"
    try:
        # auth: without it requests would look for a password in ~/.netrc and put it in place of the secret
        response = requests.request(
            method, url, json=body, timeout=timeout_s, headers=asked.headers, auth=lambda request: request
        )
    except requests.exceptions.RequestException as error:
        raise LinkError(
            spoken("nobody answers at {url}: is `vigie run` running, and on this port?", url=url)
            + f" ({type(error).__name__})"
        ) from error
    if response.status_code == UNAUTHORIZED:
        raise CommandRefused(
            spoken(
                "{url} asks for a login: run this as the user who runs Vigie and with the same --data or --config, or "
                "set {variable} to the content of link.token in its data folder",
                url=asked.url,
                variable=TOKEN_VARIABLE,
            )
        )
    return response


def _json(response: requests.Response) -> dict[str, Any]:
    try:
        answer = response.json()
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise LinkError(
            spoken(_STRANGE, url=response.url, answer=spoken("{status} without JSON", status=response.status_code))
        )
    return answer
