"""What `vigie config check` says of [remote_write]."""

from pathlib import Path

import pytest
import trustme

from vigie.delivery.settings import RemoteWriteSettings, faults, unusable_files, warnings

URL = "http://127.0.0.1:9090/prometheus/api/v1/write"
HTTPS = "https://store.example/api/v1/push"


def one(found: list[tuple[str, str]]) -> tuple[str, str]:
    (only,) = found
    return only


@pytest.mark.parametrize(
    ("settings", "key", "says"),
    [
        ({"url": "store"}, "url", "is no address like"),
        ({"url": "ftp://store/api/v1/write"}, "url", "is no address like"),
        ({"url": "http:///api/v1/write"}, "url", "is no address like"),
        ({"url": "http://store:99999/api/v1/write"}, "url", "is no address"),
        ({"url": "http://[::1/api/v1/write"}, "url", "is no address"),
        ({"url": "http://store"}, "url", "has no path"),
        ({"url": "http://störe/api/v1/write"}, "url", "a character no address can have"),
        ({"url": "http://store/api/v1/write#now"}, "url", "has a #"),
        ({"url": "http://ada:sesame@store/api/v1/write"}, "url", "a name or password in it"),
        ({"url": "http://store/api/v1/write?token=sesame"}, "url", "has a secret in it"),
        ({"url": "http://store/api/v1/write?a=b&api_key=sesame"}, "url", "has a secret in it"),
        ({"url": URL, "username": "ada"}, "password_file", "is demanded by username"),
        ({"url": URL, "password_file": "/p"}, "username", "is demanded by password_file"),
        ({"url": URL, "username": "ada", "password_file": "/p", "token_file": "/t"}, "token_file", "both set"),
        ({"url": URL, "username": "a:b", "password_file": "/p"}, "username", "has a colon"),
        ({"url": URL, "tenant": "mühle"}, "tenant", "plain ASCII"),
    ],
)
def test_a_wrong_setting_is_named(settings: dict[str, str], key: str, says: str) -> None:
    found = one(faults(RemoteWriteSettings(**settings)))
    assert found[0] == key
    assert says in found[1]
    assert "sesame" not in found[1]


def test_nothing_is_said_without_an_address() -> None:
    settings = RemoteWriteSettings(username="ada", password_file="/nowhere", token_file="/nowhere")
    assert faults(settings) == unusable_files(settings) == warnings(settings, 60) == []


@pytest.mark.parametrize(
    "url", [URL, HTTPS, "http://[::1]:9090/api/v1/write", "http://pi.local/api/v1/write?extra_label=a"]
)
def test_a_right_address_is_taken(url: str) -> None:
    assert faults(RemoteWriteSettings(url=url)) == []


@pytest.mark.parametrize("name", ["token_file", "password_file"])
@pytest.mark.parametrize(
    ("content", "says"), [(None, "cannot be read: No such file"), (b"\n", "no secret"), (b"\xff\xfe", "not text")]
)
def test_a_file_that_holds_no_secret_is_named(tmp_path: Path, name: str, content: bytes | None, says: str) -> None:
    file = tmp_path / "secret"
    if content is not None:
        file.write_bytes(content)
    key, text = one(unusable_files(RemoteWriteSettings(url=URL, **{name: str(file)})))
    assert key == name
    assert text.startswith(str(file))
    assert says in text


def test_certificates_that_are_none_are_named(tmp_path: Path) -> None:
    good, bad = tmp_path / "ca.pem", tmp_path / "poem"
    trustme.CA().cert_pem.write_to_path(str(good))
    bad.write_text("roses are red")
    assert unusable_files(RemoteWriteSettings(url=HTTPS, ca_file=str(good))) == []
    for file in (bad, tmp_path / "none"):
        key, text = one(unusable_files(RemoteWriteSettings(url=HTTPS, ca_file=str(file))))
        assert key == "ca_file"
        assert "must hold PEM certificates" in text


def test_late_measurements_are_a_warning() -> None:
    assert warnings(RemoteWriteSettings(url=URL, interval_s=2), 3) == []
    key, text = one(warnings(RemoteWriteSettings(url=URL, interval_s=2), 10))
    assert key == "interval_s"
    assert "up to 12 s late" in text


def test_a_login_in_clear_over_the_network_is_a_warning() -> None:
    assert one(warnings(RemoteWriteSettings(url="http://store/w", token_file="/t"), 1))[0] == "url"
    for url in (URL, HTTPS, "http://localhost/w"):
        assert warnings(RemoteWriteSettings(url=url, token_file="/t"), 1) == []
