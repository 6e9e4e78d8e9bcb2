"""Serves the application with gunicorn's threaded worker, in this very process.

Who restarts it is `vigie run`, systemd or Docker: gunicorn's own master would hold the application a second time.
"""

import faulthandler
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.sock import create_sockets

from vigie.errors import VigieError
from vigie.memory import give_back, share_one_heap
from vigie.web.arrivals import PatientWorker
from vigie.web.settings import WebSettings, networks_of
from vigie.wording.dialogue import speaking, spoken, system_language, technical

GRACE_S = 2
HANGING_S = 30
"""A loop that has not come round for this long hangs; it comes round every second."""
GIVE_BACK_EVERY_S = 5.0


class _Worker(PatientWorker):
    """A worker without a master. Told to stop, it hangs up on live pages instead of waiting for them to leave."""

    on_round: Callable[[], object] = staticmethod(lambda: None)
    """Called every few seconds, as long as it comes round."""
    _give_back_at_s = 0.0

    def init_signals(self) -> None:
        super().init_signals()  # type: ignore[no-untyped-call]
        for number in (signal.SIGINT, signal.SIGQUIT):
            signal.signal(number, self.handle_exit)

    def handle_exit(self, sig: int, frame: object) -> None:
        super().handle_exit(sig, frame)  # type: ignore[no-untyped-call]
        threading.Thread(target=self._hang_up, name="hang-up", daemon=True).start()

    def notify(self) -> None:
        """Come round: should that not happen again in time, every thread's place is told and the process ends."""
        faulthandler.dump_traceback_later(HANGING_S, exit=True)
        now_s = time.monotonic()
        if now_s >= self._give_back_at_s:
            self._give_back_at_s = now_s + GIVE_BACK_EVERY_S
            give_back()
            self.on_round()

    def is_parent_alive(self) -> bool:
        """Go on whoever started this process: it needs nobody."""
        return True

    def _hang_up(self) -> None:
        extensions = self.app.application.extensions
        for name in ("vigie_hub", "vigie_post", "vigie_outpost"):
            if extensions.get(name) is not None:
                extensions[name].close()
        if "socketio" in extensions:
            for engine_socket in list(extensions["socketio"].server.eio.sockets.values()):
                engine_socket.close(wait=False)


class _Gunicorn(BaseApplication):
    cfg: Any
    logger: Any

    def __init__(self, application: Flask, options: dict[str, Any]) -> None:
        self.application = application
        self._options = options
        super().__init__()  # type: ignore[no-untyped-call]

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        return self.application


def serve(
    app: Flask,
    settings: WebSettings,
    on_ready: Callable[[int], None] | None = None,
    on_round: Callable[[], object] | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT; returns within 3 s. Call it from the main thread of a process of its own.

    Then leave with ``os._exit``: a request that has not ended must not hold the process.

    ``on_ready`` is called once, with the port that is listened on, when the first request can come; ``on_round`` every
    few seconds from then on, unless it hangs.

    Raises:
        VigieError: the address cannot be listened on.
    """
    share_one_heap()
    listener = listen(settings.host, settings.port)
    port = listener.getsockname()[1]
    shared_memory = Path("/dev/shm")  # noqa: S108 - gunicorn's heartbeat file must not wear the SD card

    def begin(worker: _Worker) -> None:
        worker.notify()  # what comes before the first round may hang too
        if on_ready is not None:
            on_ready(port)

    options = {
        "bind": f"fd://{listener.detach()}",
        "threads": settings.threads,
        "sendfile": False,  # it knows no limit of time
        "graceful_timeout": GRACE_S,
        "keepalive": 5,
        "loglevel": "warning",
        "worker_tmp_dir": str(shared_memory) if shared_memory.is_dir() else None,
        "post_worker_init": begin,
    }
    served = _Gunicorn(app, options)
    log = served.cfg.logger_class(served.cfg)
    listeners = create_sockets(served.cfg, log)  # type: ignore[no-untyped-call]
    proxies = networks_of(settings.trusted_proxies)
    worker = _Worker(0, os.getppid(), listeners, served, HANGING_S, served.cfg, log, proxies=proxies)
    if on_round is not None:
        worker.on_round = on_round
    worker.init_process()  # type: ignore[no-untyped-call]


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
        raise VigieError(_no_address(host, error)) from error
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise VigieError(_why_not(host, port, error)) from error
    return listener


def _no_address(host: str, error: OSError) -> str:
    with speaking(system_language()):
        return spoken("web.host {host!r} is no address: {why}", host=host, why=technical(error.strerror))


def _why_not(host: str, port: int, error: OSError) -> str:
    """Return why nothing listens, in the system's language: who starts the program reads it on the terminal."""
    with speaking(system_language()):
        if isinstance(error, PermissionError):
            return spoken(
                "port {port} on {host} needs privileges: choose web.port (--port) >= 1024 and let nginx answer on "
                "{port}",
                port=port,
                host=host,
            )
        holder = _holder_of(port)
        if holder:
            return spoken(
                "port {port} on {host} is taken by {holder}: stop it or choose another web.port (--port)",
                port=port,
                host=host,
                holder=holder,
            )
        return spoken(
            "cannot listen on port {port} of {host}: {why}", port=port, host=host, why=technical(error.strerror)
        )


def _holder_of(port: int) -> str:
    import psutil  # noqa: PLC0415 - nothing else in this process needs it

    try:
        for connection in psutil.net_connections(kind="tcp"):
            if connection.status == psutil.CONN_LISTEN and tuple(connection.laddr)[1:2] == (port,):
                if connection.pid is None:
                    return spoken("another program")
                holder = psutil.Process(connection.pid)
                words = holder.cmdline()[:3]
                module = f" -m {words[2]}" if words[1:2] == ["-m"] else ""
                return spoken("{name} (process {pid})", name=f"{holder.name()}{module}", pid=holder.pid)
    except psutil.Error:
        return spoken("another program")
    return ""
