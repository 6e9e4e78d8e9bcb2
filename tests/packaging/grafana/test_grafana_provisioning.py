"""Grafana's own files: what the documentation demands of them, and that they fit the dashboards."""

import configparser
import re
from typing import Any

import pytest
import yaml

from tests.packaging.grafana.dashboards import FILES, GRAFANA, ROOT, read

PROVISIONING = GRAFANA / "provisioning"
DEMANDED = {
    "server.http_addr": "127.0.0.1",
    "server.root_url": "%(protocol)s://%(domain)s/grafana/",
    "server.serve_from_sub_path": "true",
    "server.enable_gzip": "false",
    "database.wal": "true",
    "auth.proxy.enabled": "true",
    "auth.proxy.header_name": "X-WEBAUTH-USER",
    "auth.proxy.headers": "Role:X-WEBAUTH-ROLE",
    "auth.proxy.auto_sign_up": "true",
    "auth.proxy.whitelist": "127.0.0.1",
    "auth.proxy.enable_login_token": "false",
    "auth.anonymous.enabled": "false",
    "auth.basic.enabled": "false",
    "auth.disable_login_form": "true",
    "security.allow_embedding": "true",
    "security.cookie_samesite": "lax",
    "security.disable_gravatar": "true",
    "analytics.reporting_enabled": "false",
    "analytics.check_for_updates": "false",
    "analytics.check_for_plugin_updates": "false",
    "plugins.preinstall_disabled": "true",
    "news.news_feed_enabled": "false",
    "snapshots.external_enabled": "false",
    "live.max_connections": "0",
    "unified_alerting.enabled": "false",
    "dashboards.min_refresh_interval": "5s",
}


@pytest.fixture(scope="module")
def settings() -> dict[str, str]:
    parser = configparser.ConfigParser(interpolation=None, strict=True)
    parser.read(GRAFANA / "grafana.ini", encoding="utf-8")
    return {f"{section}.{key}": value for section in parser.sections() for key, value in parser[section].items()}


def provisioned(path: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((PROVISIONING / path).read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize("key", DEMANDED)
def test_grafana_is_set_up_as_its_door_and_a_place_without_internet_need(settings: dict[str, str], key: str) -> None:
    assert settings[key] == DEMANDED[key]


def test_nobody_becomes_an_administrator(settings: dict[str, str]) -> None:
    assert settings["users.auto_assign_org_role"] == "Viewer"
    assert settings["security.disable_initial_admin_creation"] == "true"


def test_no_secret_lies_in_the_file(settings: dict[str, str]) -> None:
    assert not [key for key in settings if key.endswith(("password", "secret_key", "_secret"))]


def test_the_data_source_is_the_one_the_dashboards_name() -> None:
    (source,) = provisioned("datasources/vigie.yaml")["datasources"]
    asked = {panel["datasource"]["uid"] for path in FILES for panel in read(path)["panels"] if "datasource" in panel}
    assert asked == {source["uid"]} == {"vigie-prometheus"}
    assert (source["type"], source["editable"], source["access"]) == ("prometheus", False, "proxy")
    assert source["url"] == "${VIGIE_PROMETHEUS_URL}"


def test_rates_reach_over_the_scrapes_of_our_prometheus() -> None:
    """$__rate_interval is four times this: shorter than the scrape interval it would find one sample and no rate."""
    (source,) = provisioned("datasources/vigie.yaml")["datasources"]
    prometheus = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text(encoding="utf-8"))
    assert source["jsonData"]["timeInterval"] == prometheus["global"]["scrape_interval"]


def test_the_files_belong_to_the_tree_and_not_to_grafanas_pages() -> None:
    providers = provisioned("dashboards/vigie.yaml")["providers"]
    assert [provider["options"]["path"] for provider in providers] == [
        "${VIGIE_DASHBOARDS}/fr",
        "${VIGIE_DASHBOARDS}/en",
        "${VIGIE_DASHBOARDS}/de",
    ]
    assert len({provider["folderUid"] for provider in providers}) == 3
    for provider in providers:
        assert provider["allowUiUpdates"] is False
        assert (GRAFANA / "dashboards" / provider["options"]["path"].rsplit("/", 1)[1]).is_dir()


@pytest.mark.parametrize("deployment", ["compose.yaml", "deploy/systemd/grafana.conf"])
def test_every_deployment_tells_grafana_what_the_files_leave_open(deployment: str) -> None:
    left_open = {
        name
        for path in PROVISIONING.glob("*/*.yaml")
        for name in re.findall(r"\$\{(\w+)\}", yaml.dump(yaml.safe_load(path.read_text(encoding="utf-8"))))
    }
    assert left_open == {"VIGIE_PROMETHEUS_URL", "VIGIE_DASHBOARDS"}
    text = (ROOT / deployment).read_text(encoding="utf-8")
    assert not {name for name in left_open if name not in text}
