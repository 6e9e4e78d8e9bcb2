"""One request to the store: connection, TLS, login, and the answer told in words that say what to do."""

import base64
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import requests
import urllib3

from vigie import __version__
from vigie.clock import machine_monotonic_s, machine_utc_s
from vigie.delivery.answers import NotTakenNow, judge, store_utc_s
from vigie.delivery.settings import RemoteWriteSettings, secret
from vigie.delivery.wire import HEADERS
from vigie.errors import SettingsError

_BODY_LIMIT = 4096


class Sender:
    """Hands encoded requests to one store over one connection that is kept open. One thread uses it."""

    def __init__(
        self,
        settings: RemoteWriteSettings,
        utc_s: Callable[[], float] = machine_utc_s,
        monotonic_s: Callable[[], float] = machine_monotonic_s,
    ) -> None:
        self._settings = settings
        self._utc_s = utc_s
        self._monotonic_s = monotonic_s
        self._session = requests.Session()
        self._session.auth = self._logged_in  # also keeps a .netrc out of it
        self._session.headers.update({**HEADERS, "User-Agent": f"vigie/{__version__}"})
        if settings.tenant:
            self._session.headers["X-Scope-OrgID"] = settings.tenant
        self._store_offset_s: float | None = None
        self.was_cut_off = False
        """The last request went over a new connection although nobody had said that the one before would end: the
        store, or what is before it, may have died in between without any request failing."""
        self._kept: object = None
        """Our end of the connection that is kept open; None when the store has said that it ends."""

    def store_utc_s(self) -> float | None:
        """Return the store's clock now, as its last answer told; None before, and when it tells nothing.

        It is carried on by the monotonic clock: a step of this machine's calendar does not move it.
        """
        return None if self._store_offset_s is None else self._monotonic_s() + self._store_offset_s

    def send(self, body: bytes) -> None:
        """Return once the store has taken a request.

        Raises:
            NotTakenNow: try the same again later; the text names address, status, the store's words, and what to do.
            RefusedForGood: never try the same again.
        """
        settings = self._settings
        with (
            self._explained(),
            self._session.post(
                settings.url,
                data=body,
                timeout=settings.timeout_s,
                allow_redirects=False,
                stream=True,
                verify=settings.ca_file or _system_certificates(),
            ) as answer,
        ):
            self._watch_connection(answer)
            said = answer.raw.read(_BODY_LIMIT, decode_content=True).decode("utf-8", "replace")
            store_s = store_utc_s(answer.headers)
            if store_s is not None:
                self._store_offset_s = store_s - self._monotonic_s()
            now = datetime.fromtimestamp(self._utc_s(), UTC)
            judge(settings.url, answer.status_code, answer.headers, said, now)

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    def _watch_connection(self, answer: requests.Response) -> None:
        """Notice another connection; the body must not be read yet, with which the connection goes back to its pool."""
        wire = getattr(answer.raw.connection, "sock", None)
        used = None if wire is None else wire.getsockname()
        self.was_cut_off = None not in {self._kept, used} and used != self._kept
        self._kept = used

    def _logged_in(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Add the login; its file is read each time, so that a new secret counts at once."""
        settings = self._settings
        try:
            if settings.token_file:
                request.headers["Authorization"] = f"Bearer {secret(settings.token_file, 'token_file')}"
            elif settings.username:
                pair = f"{settings.username}:{secret(settings.password_file, 'password_file')}"
                request.headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        except SettingsError as error:
            raise NotTakenNow(str(error), is_settings=True) from error
        return request

    @contextmanager
    def _explained(self) -> Iterator[None]:
        url, timeout_s = self._settings.url, self._settings.timeout_s
        try:
            yield
        except requests.exceptions.SSLError as error:
            raise NotTakenNow(f"{url}: {_tls_words(error)}", is_settings=True) from error
        except (requests.exceptions.Timeout, urllib3.exceptions.TimeoutError) as error:
            raise NotTakenNow(f"{url}: no answer within {timeout_s:g} s; is it on and not overloaded?") from error
        except (requests.exceptions.ConnectionError, urllib3.exceptions.HTTPError, OSError) as error:
            raise NotTakenNow(f"{url}: {_reason(error)}; is it on and reachable from here?") from error
        except (requests.exceptions.RequestException, ValueError) as error:
            raise NotTakenNow(f"{url}: {error}; check remote_write.url", is_settings=True) from error


def _system_certificates() -> str | bool:
    """Return where the system keeps its certificates; True: requests brings its own list."""
    paths = ssl.get_default_verify_paths()
    return paths.cafile or paths.capath or True


def _tls_words(error: BaseException) -> str:
    """Return what TLS failed at, dug out of the layers around it, and what to do."""
    for layer in _layers(error):
        if isinstance(layer, ssl.SSLCertVerificationError):
            said = layer.verify_message or str(layer)
            return f"{said}; name the CA of its certificate in remote_write.ca_file, and the store by its true name"
    said = next((str(layer) for layer in _layers(error) if isinstance(layer, ssl.SSLError)), str(error))
    return f"{said}; does the store speak TLS there (http or https in remote_write.url)?"


def _reason(error: BaseException) -> str:
    """Return the innermost words of a failed connection."""
    for layer in reversed(list(_layers(error))):
        if isinstance(layer, OSError) and layer.strerror:
            return layer.strerror
    return str(next(reversed(list(_layers(error)))))


def _layers(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and those it was made of."""
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        layer = waiting.pop(0)
        if not isinstance(layer, BaseException) or id(layer) in seen:
            continue
        seen.add(id(layer))
        yield layer
        waiting += [*layer.args, getattr(layer, "reason", None), layer.__cause__]
