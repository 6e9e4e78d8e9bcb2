"""The certificates of the script, and nginx that uses them."""

import ipaddress
import os
import socket
import ssl
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests
from cryptography import x509

from .door import DEPLOY, HTML, Echo, House, Nginx, program_or_skip

SCRIPT = str(DEPLOY / "make-certificate.sh")


@pytest.fixture(autouse=True)
def _openssl() -> None:
    program_or_skip("openssl", "openssl")


def make(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([SCRIPT, "-o", str(folder), *arguments], capture_output=True, text=True, check=False)


def read(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def test_the_certificate_names_what_was_asked_for(tmp_path: Path) -> None:
    told = make(tmp_path, "vigie.lan", "192.168.1.20", "fd00::7")
    assert told.returncode == 0, told.stderr
    server, authority = read(tmp_path / "server.crt"), read(tmp_path / "ca.crt")
    names = server.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["vigie.lan"]
    assert names.get_values_for_type(x509.IPAddress) == [
        ipaddress.ip_address("192.168.1.20"),
        ipaddress.ip_address("fd00::7"),
    ]
    days = (server.not_valid_after_utc - datetime.now(UTC)).total_seconds() / 86_400
    assert 824 < days <= 825
    assert not server.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert authority.extensions.get_extension_for_class(x509.BasicConstraints).value.path_length == 0
    assert (tmp_path / "ca.key").stat().st_mode & 0o077 == 0
    assert (tmp_path / "server.key").stat().st_mode & 0o077 == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ca.crt", "ca.key", "names", "server.crt", "server.key"]
    assert "http://vigie.lan/vigie-ca.crt" in told.stdout


def test_nginx_can_read_the_folder_and_not_the_keys_of_others(tmp_path: Path) -> None:
    folder = tmp_path / "etc" / "certificates"
    assert make(folder, "vigie.lan").returncode == 0
    modes = {path.name: path.stat().st_mode & 0o777 for path in (folder.parent, folder, *folder.iterdir())}
    assert modes["etc"] == modes["certificates"] == 0o755
    assert modes["ca.crt"] == modes["server.crt"] == 0o644
    assert modes["ca.key"] == modes["server.key"] == 0o600


def test_without_names_it_is_this_machine(tmp_path: Path) -> None:
    assert make(tmp_path).returncode == 0
    names = read(tmp_path / "server.crt").extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    host = socket.gethostname().lower()
    assert {host, f"{host.partition('.')[0]}.local", "localhost"} <= set(names.get_values_for_type(x509.DNSName))
    assert ipaddress.ip_address("127.0.0.1") in names.get_values_for_type(x509.IPAddress)


def test_renewing_keeps_authority_and_names(tmp_path: Path) -> None:
    make(tmp_path, "-d", "29", "vigie.lan")
    authority, first = (tmp_path / "ca.crt").read_bytes(), read(tmp_path / "server.crt")
    told = make(tmp_path, "-n")
    assert "phones that trust it need nothing new" in told.stdout
    assert (tmp_path / "ca.crt").read_bytes() == authority
    second = read(tmp_path / "server.crt")
    assert second.serial_number != first.serial_number
    names = second.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["vigie.lan"]
    assert make(tmp_path, "-n").stdout == "", "there is time enough"
    assert read(tmp_path / "server.crt") == second


def test_the_key_can_be_given_to_who_runs_nginx(tmp_path: Path) -> None:
    reader = os.getuid() or 101
    assert make(tmp_path, "-u", str(reader), "vigie.lan").returncode == 0
    assert (tmp_path / "server.key").stat().st_uid == reader
    assert (tmp_path / "server.key").stat().st_mode & 0o077 == 0
    assert (tmp_path / "ca.key").stat().st_uid == os.getuid()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["-d", "826"], "phones accept 1 to 825"),
        (["-d", "soon"], "no number of days"),
        (["a name"], "neither a host name nor an IP address"),
        (["vigie.lan,DNS:bank.example"], "neither a host name nor an IP address"),
        (["300.1.1.1"], "bad ip address"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_left_behind(tmp_path: Path, arguments: list[str], words: str) -> None:
    told = make(tmp_path, *arguments)
    assert told.returncode != 0
    assert words in told.stderr
    assert not (tmp_path / "server.crt").exists()
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".new")]


def test_half_an_authority_is_not_replaced(tmp_path: Path) -> None:
    make(tmp_path, "vigie.lan")
    (tmp_path / "ca.key").unlink()
    before = (tmp_path / "server.crt").read_bytes()
    told = make(tmp_path, "vigie.lan")
    assert told.returncode != 0
    assert "only half of the authority" in told.stderr
    assert (tmp_path / "server.crt").read_bytes() == before


def test_pages_open_over_tls_for_who_trusts_the_authority(house: House) -> None:
    url = f"https://localhost:{house.nginx.tls_port}"
    visitor = house.log_in("vera", url, house.ca)
    (cookie,) = [one for one in visitor.cookies if one.name == "vigie_session"]
    assert cookie.secure
    assert visitor.get("/flask/", headers=HTML).status_code == 200
    assert dict(visitor.get("/grafana/x").json()["headers"])["x-forwarded-proto"] == "https"
    assert requests.get(f"https://127.0.0.1:{house.nginx.tls_port}/flask/healthz", verify=str(house.ca), timeout=5).ok
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(f"{url}/flask/healthz", timeout=5)
    assert "Strict-Transport-Security" not in visitor.get("/flask/").headers


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_new_tls_is_spoken(house: House, version: ssl.TLSVersion) -> None:
    context = ssl.create_default_context(cafile=str(house.ca))
    context.minimum_version = context.maximum_version = version
    with (
        socket.create_connection(("127.0.0.1", house.nginx.tls_port), 5) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as secured,
    ):
        assert secured.cipher()[0].startswith(("ECDHE-", "TLS_"))


def test_old_tls_is_not_spoken(house: House) -> None:
    context = ssl.create_default_context(cafile=str(house.ca))
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    with socket.create_connection(("127.0.0.1", house.nginx.tls_port), 5) as plain, pytest.raises(ssl.SSLError):
        context.wrap_socket(plain, server_hostname="localhost")


def test_plain_http_on_the_encrypted_port_is_led_right(house: House) -> None:
    answer = requests.get(f"http://localhost:{house.nginx.tls_port}/flask/?a=1", timeout=5, allow_redirects=False)
    assert answer.status_code == 308
    assert answer.headers["Location"] == f"https://localhost:{house.nginx.tls_port}/flask/?a=1"


def test_a_phone_can_fetch_the_authority_and_nothing_else(house: House) -> None:
    answer = house.nginx.get("/vigie-ca.crt")
    assert answer.headers["Content-Type"] == "application/x-x509-ca-cert"
    assert answer.content == house.ca.read_bytes()
    assert house.nginx.get("/vigie-ca.key").status_code == 404


def test_plain_http_can_be_led_to_https(nginx: Callable[..., Nginx], echo: Echo) -> None:
    door = nginx(echo.port, has_tls=True)
    door.make_certificate("localhost")
    settings = door.folder / "vigie" / "tls.conf"
    settings.write_text(settings.read_text().replace("#if (", "if ("))
    door.check()
    door.start()
    answer = door.get("/flask/login?next=%2Fa", headers={"Host": "vigie.local:80"})
    assert answer.headers["Location"] == "https://vigie.local/flask/login?next=%2Fa"
    assert door.get("/vigie-ca.crt").status_code == 200, "it must be had before it is trusted"
    assert len(echo.seen) == 0
