"""The real nginx with the files of ``deploy/nginx`` in a folder of its own, and a program that tells what it was sent."""

import json
import os
import shutil
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.integration.process.installations import free_port, wait_for

DEPLOY = Path(__file__).parents[3] / "deploy" / "nginx"
CONFIG = """
{user} daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 512; }}
http {{
    include /etc/nginx/mime.types; access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    include {folder}/conf.d/*.conf;
}}
"""


def program_or_skip(name: str, package: str) -> str:
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if found is None:
        pytest.skip(f"{name} is not installed (apt-get install {package})")
    return found


class Nginx:
    """nginx before programs on local ports; a port of 0 stands for a program that is not there."""

    def __init__(self, folder: Path, web: int, grafana: int = 0, prometheus: int = 0, *, has_tls: bool = False) -> None:
        self.folder = folder
        self.port = free_port()
        self.tls_port = free_port() if has_tls else 0
        self.url = f"http://127.0.0.1:{self.port}"
        self._program = program_or_skip("nginx", "nginx-light")
        self._process: subprocess.Popen[bytes] | None = None
        (folder / "conf.d").mkdir(parents=True)
        shutil.copytree(DEPLOY / "pages", folder / "vigie" / "pages")
        self._take("vigie.conf", "conf.d/vigie.conf")
        self._take("forwarded.inc", "vigie/forwarded.inc")
        ports = {"8000": web or free_port(), "3000": grafana or free_port(), "9090": prometheus or free_port()}
        changes = {f"127.0.0.1:{usual}": f"127.0.0.1:{port}" for usual, port in ports.items()}
        self._take("upstreams-local.conf", "conf.d/vigie-upstreams.conf", **changes)
        self._take(
            "listen.conf", "vigie/listen.conf", **{" 80 ": f" 127.0.0.1:{self.port} ", "[::]:80": f"[::1]:{self.port}"}
        )
        if has_tls:
            changes = {" 443 ": f" 127.0.0.1:{self.tls_port} ", "[::]:443": f"[::1]:{self.tls_port}"}
            self._take("tls.conf", "vigie/tls.conf", **changes)
        (folder / "nginx.conf").write_text(CONFIG.format(folder=folder, user="" if os.geteuid() else "user root;"))

    def _take(self, name: str, target: str, **changes: str) -> None:
        text = (DEPLOY / name).read_text().replace("/etc/nginx/vigie", str(self.folder / "vigie"))
        for before, after in changes.items():
            assert before in text, f"{name} has no {before!r}"
            text = text.replace(before, after)
        (self.folder / target).write_text(text)

    @property
    def _command(self) -> list[str]:
        return [self._program, "-p", str(self.folder), "-c", str(self.folder / "nginx.conf")]

    def check(self) -> str:
        """Return what ``nginx -t`` says."""
        told = subprocess.run([*self._command, "-t"], capture_output=True, text=True, timeout=10, check=False)
        assert told.returncode == 0, told.stderr
        return told.stderr

    def start(self) -> "Nginx":
        self._process = subprocess.Popen(self._command, stderr=subprocess.DEVNULL)
        wait_for(self._answers, what="nginx answers", log=lambda: self.log[-2000:])
        return self

    @property
    def log(self) -> str:
        return (self.folder / "error.log").read_text()

    def _answers(self) -> bool:
        try:
            return requests.get(f"{self.url}/vigie-pages/style.css", timeout=2).ok
        except requests.RequestException:
            return False

    def get(self, path: str, **options: Any) -> requests.Response:
        return requests.get(f"{self.url}{path}", timeout=10, allow_redirects=False, **options)

    def end(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(5)


class Echo:
    """Stands where another program would be and answers with the request it was sent, as JSON."""

    def __init__(self) -> None:
        self.seen: list[dict[str, Any]] = []
        seen = self.seen

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = [(name.lower(), value) for name, value in self.headers.items()]
                seen.append({"method": self.command, "path": self.path, "headers": headers, "size": len(body)})
                said = json.dumps(seen[-1]).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(said)))
                self.send_header("X-Frame-Options", "deny")
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(said)

            do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = answer  # noqa: N815 - as the base class calls them

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
