"""The real nginx with the files of ``deploy/nginx`` in a folder of its own, and the programs behind it."""

import itertools
import json
import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter

from tests.integration.process.installations import Site
from tests.ports import free_port
from tests.waiting import wait_for
from vigie.access.door import Door
from vigie.access.people import Role
from vigie.access.settings import AccessSettings

DEPLOY = Path(__file__).parents[3] / "deploy" / "nginx"
PASSWORD = "a long word in a row"
PEOPLE = {"vera": Role.VIEWER, "otto": Role.OPERATOR, "anna": Role.ADMIN}
HTML = {"Accept": "text/html,application/xhtml+xml"}
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

    def __init__(
        self,
        folder: Path,
        web: int = 0,
        grafana: int = 0,
        prometheus: int = 0,
        *,
        has_tls: bool = False,
        upstreams: str = "upstreams-local.conf",
        outer_proxy: str = "",
    ) -> None:
        self.folder = folder
        self.port = free_port()
        self.tls_port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._program = program_or_skip("nginx", "nginx-light")
        self._process: subprocess.Popen[bytes] | None = None
        (folder / "conf.d").mkdir(parents=True)
        shutil.copytree(DEPLOY / "pages", folder / "vigie" / "pages")
        self._take("vigie.conf", "conf.d/vigie.conf")
        self._take("forwarded.inc", "vigie/forwarded.inc")
        ports = {"8000": web, "3000": grafana, "9090": prometheus}
        moved = {f"127.0.0.1:{usual}": f"127.0.0.1:{port or free_port()}" for usual, port in ports.items()}
        self._take(upstreams, "conf.d/vigie-upstreams.conf", **(moved if "local" in upstreams else {}))
        self._take("listen.conf", "vigie/listen.conf", **self._on(80, self.port))
        if has_tls:
            self._take("tls.conf", "vigie/tls.conf", **self._on(443, self.tls_port))
        if outer_proxy:
            self._take("outer-proxy.conf", "vigie/outer-proxy.conf", **{"192.168.1.5": outer_proxy})
        (folder / "nginx.conf").write_text(CONFIG.format(folder=folder, user="" if os.geteuid() else "user root;"))

    @staticmethod
    def _on(usual: int, port: int) -> dict[str, str]:
        return {f"listen {usual} ": f"listen 127.0.0.1:{port} ", f"[::]:{usual}": f"[::1]:{port}"}

    def _take(self, name: str, target: str, **changes: str) -> None:
        text = (DEPLOY / name).read_text().replace("/etc/nginx/vigie", str(self.folder / "vigie"))
        for before, after in changes.items():
            assert before in text, f"{name} has no {before!r}"
            text = text.replace(before, after)
        (self.folder / target).write_text(text)

    @property
    def _command(self) -> list[str]:
        return [self._program, "-p", str(self.folder), "-c", str(self.folder / "nginx.conf")]

    def make_certificate(self, *arguments: str) -> Path:
        """Run the script of deploy; return the certificate of the authority."""
        folder = self.folder / "vigie" / "certificates"
        command = [str(DEPLOY / "make-certificate.sh"), "-o", str(folder), *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return folder / "ca.crt"

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
            return self.get("/vigie-pages/style.css").status_code < 500
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
                size = len(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
                headers = [(name.lower(), value) for name, value in self.headers.items()]
                said = {"method": self.command, "path": self.path, "headers": headers, "size": size}
                if self.path == "/grafana/api/health":  # what the page asks, which is nobody's request
                    said = {"database": "ok", "version": "11.6.0"}
                else:
                    seen.append(said)
                body = json.dumps(said).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.send_header("X-Frame-Options", "deny")
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = answer  # noqa: N815 - as the base class calls them

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class Prometheus:
    """The real Prometheus with the flags of the product, scraping the controller of a site."""

    CONFIG = """
global: {{scrape_interval: 1s}}
storage: {{tsdb: {{out_of_order_time_window: 30d}}}}
scrape_configs:
  - job_name: vigie
    static_configs: [{{targets: ["127.0.0.1:{metrics}"], labels: {{site: Tests, battery: "1"}}}}]
  - job_name: nobody
    static_configs: [{{targets: ["127.0.0.1:9"]}}]
"""

    def __init__(self, folder: Path, metrics_port: int, port: int) -> None:
        folder.mkdir()
        self.port = port
        self.url = f"http://127.0.0.1:{self.port}/prometheus"
        (folder / "prometheus.yml").write_text(self.CONFIG.format(metrics=metrics_port))
        self._command = [
            program_or_skip("prometheus", "prometheus"),
            f"--config.file={folder}/prometheus.yml",
            f"--storage.tsdb.path={folder}/data",
            "--storage.tsdb.retention.time=5y",
            "--storage.tsdb.retention.size=8GB",
            "--web.enable-remote-write-receiver",
            "--web.enable-lifecycle",
            "--web.enable-admin-api",
            "--web.external-url=/prometheus/",
            f"--web.listen-address=127.0.0.1:{self.port}",
        ]
        self._log = folder / "log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> "Prometheus":
        with self._log.open("a") as log:
            self.process = subprocess.Popen(self._command, stderr=log)
        wait_for(self._is_ready, what="Prometheus is ready", log=self._log.read_text)
        return self

    def _is_ready(self) -> bool:
        try:
            return requests.get(f"{self.url}/-/ready", timeout=2).ok
        except requests.RequestException:
            return False

    def count(self, query: str) -> int:
        answer = requests.get(f"{self.url}/api/v1/query", params={"query": query}, timeout=5)
        return len(answer.json()["data"]["result"])

    def end(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
            self.process.wait(10)


class House:
    """The whole stack, with three people who have passwords."""

    _addresses: Iterator[int] = itertools.count(2)

    def __init__(self, folder: Path, settings: str) -> None:
        self.echo = Echo()
        prometheus_port = free_port()
        urls = (
            f'\n[stack]\ngrafana_url = "http://127.0.0.1:{self.echo.port}/grafana"\n'
            f'prometheus_url = "http://127.0.0.1:{prometheus_port}/prometheus"\n'
        )
        self.site = Site(folder / "site", settings + urls, speed=1, soc=1.0)
        self.prometheus = Prometheus(folder / "prometheus", self.site.metrics_port, prometheus_port)
        self.nginx = Nginx(folder / "nginx", self.site.web_port, self.echo.port, prometheus_port, has_tls=True)
        self.ca = self.nginx.make_certificate("localhost", "127.0.0.1")

    @property
    def url(self) -> str:
        return self.nginx.url

    def start(self) -> "House":
        self.site.data.mkdir(parents=True, exist_ok=True)
        with closing(self.door()) as door:
            for name, role in PEOPLE.items():
                door.users.add(name, role, "test", password=PASSWORD)
        self.site.start("--login", "required")
        self.prometheus.start()
        self.nginx.start()
        wait_for(self.is_up, what="the pages answer", log=lambda: self.site.log)
        anna = self.log_in("anna")
        wait_for(lambda: anna.get("/flask/api/v1/state").json()["link"] == "connected", what="the link is up")
        return self

    def is_up(self) -> bool:
        return self.nginx.get("/flask/healthz").ok

    def door(self) -> Door:
        return Door(AccessSettings(), self.site.data / "users.sqlite")

    def visitor(self, url: str = "", verify: "Path | None" = None) -> "Visitor":
        """Return somebody with an address of their own, so that limits count them alone."""
        return Visitor(url or self.url, f"127.0.0.{next(self._addresses)}", verify)

    def log_in(self, name: str, url: str = "", verify: "Path | None" = None) -> "Visitor":
        visitor = self.visitor(url, verify)
        answer = visitor.post("/flask/login", data={"name": name, "password": PASSWORD})
        assert answer.status_code == 303, answer.text
        assert "vigie_session" in visitor.cookies
        return visitor

    def end(self) -> None:
        self.nginx.end()
        self.prometheus.end()
        self.site.end()
        self.echo.close()


class _From(HTTPAdapter):
    def __init__(self, address: str) -> None:
        self._address = address
        super().__init__()

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, source_address=(self._address, 0), **options)


class Visitor(requests.Session):
    """A browser: paths instead of addresses, an Origin with what changes something, no redirect followed unseen."""

    def __init__(self, url: str, address: str, verify: "Path | None" = None) -> None:
        super().__init__()
        self.url = url
        self.address = address
        self.trust_env = False
        self.verify = str(verify) if verify else True
        for scheme in ("http://", "https://"):
            self.mount(scheme, _From(address))

    def request(self, method: Any, url: Any, *args: Any, **options: Any) -> requests.Response:
        if method.upper() not in {"GET", "HEAD"}:
            self.headers["Origin"] = self.url
        options = {"timeout": 10, **options, "allow_redirects": False}
        return super().request(method, self.url + url if url.startswith("/") else url, *args, **options)
