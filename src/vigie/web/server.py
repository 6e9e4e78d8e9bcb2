"""Serves the application with gunicorn: one process, many threads."""

import ctypes
import os
import signal
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
from apiflask import APIFlask
from gunicorn.app.base import BaseApplication
from gunicorn.workers.gthread import ThreadWorker

from vigie.errors import VigieError
from vigie.memory import share_one_heap, share_with_children
from vigie.web.settings import WebSettings

GRACE_S = 2
_PR_SET_PDEATHSIG = 1
"""Linux: the signal a process gets when its parent dies (sys/prctl.h)."""


class _Worker(ThreadWorker):
    """A worker that hangs up on live pages when told to stop, instead of waiting for them to leave."""

    def handle_exit(self, sig: int, frame: object) -> None:
        super().handle_exit(sig, frame)  # type: ignore[no-untyped-call]
        threading.Thread(target=self._hang_up, name="hang-up", daemon=True).start()

    def _hang_up(self) -> None:
        application = self.app.application
        for name in ("vigie_hub", "vigie_post", "vigie_outpost"):
            if application.extensions[name] is not None:
                application.extensions[name].close()
        for engine_socket in list(application.extensions["socketio"].server.eio.sockets.values()):
            engine_socket.close(wait=False)


class _Gunicorn(BaseApplication):
    cfg: Any

    def __init__(self, application: APIFlask, options: dict[str, Any]) -> None:
        self.application = application
        self._options = options
        super().__init__()  # type: ignore[no-untyped-call]

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> APIFlask:
        return self.application


def serve(
    app: APIFlask,
    settings: WebSettings,
    on_ready: Callable[[int], None] | None = None,
    in_worker: Callable[[], None] | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT; stops within 3 s. Call it from the main thread of a process of its own.

    ``on_ready`` is called once with the port that is listened on; ``in_worker`` in the process that serves, after every
    fork, for threads.

    Raises:
        VigieError: the address cannot be listened on, or the application does not start.
    """
    share_one_heap()
    listener = listen(settings.host, settings.port)
    port = listener.getsockname()[1]
    master = os.getpid()
    shared_memory = Path("/dev/shm")  # noqa: S108 - gunicorn's heartbeat must not wear the SD card
    options = {
        "bind": f"fd://{listener.detach()}",
        "workers": 1,  # sockets and hub live in one process
        "worker_class": _Worker,
        "threads": settings.threads,
        "worker_connections": settings.threads * 4,
        "graceful_timeout": GRACE_S,
        "keepalive": 5,
        "loglevel": "warning",
        "control_socket_disable": True,
        "worker_tmp_dir": str(shared_memory) if shared_memory.is_dir() else None,
        "pre_fork": lambda _arbiter, _worker: share_with_children(),
        "post_worker_init": lambda _worker: _begin(master, in_worker),
        "when_ready": lambda _arbiter: on_ready(port) if on_ready else None,
    }
    try:
        _Gunicorn(app, options).run()  # type: ignore[no-untyped-call]
    except SystemExit as stop:
        if os.getpid() != master:  # the worker leaves by the same door and must not run what comes after
            raise
        if stop.code:
            raise VigieError(f"the web application did not start (gunicorn ended with {stop.code})") from stop


def _begin(master: int, in_worker: Callable[[], None] | None) -> None:
    """Begin in the worker: tie it to its master, or a killed master leaves one that keeps the controller's link."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != master:  # it died before the kernel knew
        os._exit(1)
    if in_worker is not None:
        in_worker()


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket.

    Raises:
        VigieError: port taken (names the program that holds it, if this user may know), not permitted,
            or the host is no address of this machine.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise VigieError(f"web.host {host!r} is no address: {error.strerror}") from error
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise VigieError(_why_not(host, port, error)) from error
    return listener


def _why_not(host: str, port: int, error: OSError) -> str:
    if isinstance(error, PermissionError):
        return f"port {port} on {host} needs privileges: choose web.port >= 1024 and let nginx answer on {port}"
    holder = _holder_of(port)
    if holder:
        return f"port {port} on {host} is taken by {holder}: stop it or choose another web.port"
    return f"cannot listen on port {port} of {host}: {error.strerror}"


def _holder_of(port: int) -> str:
    try:
        for connection in psutil.net_connections(kind="tcp"):
            if connection.status == psutil.CONN_LISTEN and tuple(connection.laddr)[1:2] == (port,):
                if connection.pid is None:
                    return "another program"
                return f"{psutil.Process(connection.pid).name()} (process {connection.pid})"
    except psutil.Error:
        return "another program"
    return ""
