"""The files of ``deploy/nginx`` in every combination they are installed in."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from vigie.wording.words import languages

from .door import DEPLOY, Nginx

DEBIAN = Path("/etc/nginx/nginx.conf")


@pytest.mark.parametrize("upstreams", ["upstreams-local.conf", "upstreams-docker.conf"])
@pytest.mark.parametrize("has_tls", [False, True])
@pytest.mark.parametrize("outer_proxy", ["", "10.0.0.5"])
def test_nginx_takes_the_files_without_a_warning(
    nginx: Callable[..., Nginx], upstreams: str, outer_proxy: str, *, has_tls: bool
) -> None:
    door = nginx(has_tls=has_tls, upstreams=upstreams, outer_proxy=outer_proxy)
    if has_tls:
        door.make_certificate("localhost")
    assert "[warn]" not in door.check()


def test_the_files_fit_into_debians_own_settings(nginx: Callable[..., Nginx]) -> None:
    door = nginx(has_tls=True)
    door.make_certificate("localhost")
    settings = door.folder / "nginx.conf"
    temporary = re.findall(r"\w+_temp_path \S+;", settings.read_text())
    debian = DEBIAN.read_text()
    for before, after in (
        ("/etc/nginx/conf.d", f"{door.folder}/conf.d"),
        ("/etc/nginx/sites-enabled", f"{door.folder}/nothing"),
        ("/etc/nginx/modules-enabled", f"{door.folder}/nothing"),
        ("/run/nginx.pid", f"{door.folder}/nginx.pid"),
        ("/var/log/nginx", str(door.folder)),
    ):
        assert before in debian
        debian = debian.replace(before, after)
    settings.write_text("daemon off;\n" + debian.replace("http {", "http {\n" + "\n".join(temporary), 1))
    assert "[warn]" not in door.check()
    assert door.start().get("/").status_code == 308


def test_what_is_named_in_the_files_is_there() -> None:
    settings = "".join(path.read_text() for path in DEPLOY.glob("*.*") if path.suffix in {".conf", ".inc"})
    pages = set(re.findall(r"\$vigie_language/(\w+)\.html", settings)) | {"web", "grafana", "prometheus"}
    for language in languages():
        assert {path.stem for path in (DEPLOY / "pages" / language).glob("*.html")} == pages
