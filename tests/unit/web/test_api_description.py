"""The API's description and its page in the docs say what the application does, all of it."""

import re
import tempfile
from pathlib import Path
from typing import Any

import pytest
from apiflask import APIFlask

from tests.integration.web.snapshots import make_alarm, make_snapshot
from vigie.link.hub import Hub
from vigie.web.app import create_app
from vigie.web.settings import WebSettings

PAGE = Path(__file__).parents[3] / "docs" / "api.md"
NOT_THE_API = ("pages.", "access.", "users.", "stack.", "data.", "static", "openapi.")


@pytest.fixture(scope="module")
def app() -> APIFlask:
    return create_app(WebSettings(), Hub("secret"), Path(tempfile.gettempdir()) / "no journal")


@pytest.fixture(scope="module")
def spec(app: APIFlask) -> dict[str, Any]:
    described: dict[str, Any] = app.test_client().get("/flask/api/v1/openapi.json").get_json()
    return described


def operations(spec: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (method.upper(), path): operation
        for path, methods in spec["paths"].items()
        for method, operation in methods.items()
    }


def test_every_route_of_the_api_is_described(app: APIFlask, spec: dict[str, Any]) -> None:
    routes = {
        (method, re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule))
        for rule in app.url_map.iter_rules()
        if not rule.endpoint.startswith(NOT_THE_API)
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert routes == set(operations(spec))
    assert len(routes) == 14


def test_alarms_are_told_the_most_urgent_first() -> None:
    hub = Hub("secret")
    hub.receive(make_snapshot(alarms=[make_alarm("battery_warm"), make_alarm("loads_dark", severity="critical")]))
    client = create_app(WebSettings(), hub, Path(tempfile.gettempdir()) / "no journal").test_client()
    told = client.get("/flask/api/v1/alarms").get_json()["alarms"]
    assert [one["alarm"] for one in told] == ["loads_dark", "battery_warm"]


def test_description_is_openapi_3_1_and_every_reference_leads_somewhere(spec: dict[str, Any]) -> None:
    assert spec["openapi"].startswith("3.1")
    references = set(re.findall(r"'#/components/schemas/([^']+)'", str(spec)))
    assert {"StateAnswer", "Problem", "Answer", "CommandRequest", "Snapshot"} <= references
    assert references <= set(spec["components"]["schemas"])


def test_every_answer_has_a_body_schema_and_errors_are_problems(spec: dict[str, Any]) -> None:
    for (method, path), operation in operations(spec).items():
        for status, response in operation["responses"].items():
            assert response["description"], (method, path, status)
            kinds = {"application/json" if status in {"200", "409"} else "application/problem+json"}
            if (path, status) == ("/api/v1/export", "200"):
                kinds = {"text/csv", "application/vnd.apache.parquet"}
            assert set(response["content"]) == kinds, (method, path, status)
            assert all(content["schema"] for content in response["content"].values()), (method, path, status)


def test_every_operation_says_what_it_is_for(spec: dict[str, Any]) -> None:
    assert all(operation["summary"] for operation in operations(spec).values())


def test_documentation_page_has_every_route_and_every_status(spec: dict[str, Any]) -> None:
    sections = dict(re.findall(r"^### `([^`]+)`\n(.*?)(?=^##|\Z)", PAGE.read_text(), re.M | re.S))
    assert set(sections) == {f"{method} {path}" for method, path in operations(spec)}
    for (method, path), operation in operations(spec).items():
        rows = set(re.findall(r"^\| (\d{3}) \|", sections[f"{method} {path}"], re.M))
        assert rows == set(operation["responses"]), (method, path)


def test_documentation_page_names_every_parameter(spec: dict[str, Any]) -> None:
    text = PAGE.read_text()
    names = {parameter["name"] for operation in operations(spec).values() for parameter in operation["parameters"]}
    names |= set(spec["components"]["schemas"]["CommandRequest"]["properties"])
    assert [name for name in sorted(names) if f"`{name}`" not in text] == []


def test_nothing_of_the_description_points_to_the_internet(spec: dict[str, Any]) -> None:
    assert re.findall(r"https?://[^'\s]+", str(spec)) == []
