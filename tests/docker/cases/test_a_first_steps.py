"""From a clone to the page, on boards that are not there, not commissioned, and emulated."""

import time

import requests

from tests.docker.stack import Stack, until

SERVICES = ["controller", "delivery", "grafana", "nginx", "prometheus", "web"]
NO_BOARDS = {"VIGIE_I2C": "/dev/i2c-99"}
ANY_DEVICES = {"VIGIE_I2C": "/dev/full", "VIGIE_GPIOCHIP": "/dev/zero"}


def test_builds(stack: Stack) -> None:
    began_s = time.monotonic()
    stack.compose("build")
    stack.figures["build"] = f"{time.monotonic() - began_s:.0f} s"
    bytes_of = {
        image: int(stack.run("docker", "image", "inspect", "--format", "{{.Size}}", stack.environment[image]).stdout)
        for image in ("VIGIE_IMAGE", "VIGIE_BASE")
    }
    own = bytes_of["VIGIE_IMAGE"] - bytes_of["VIGIE_BASE"]
    stack.figures["image"] = f"{bytes_of['VIGIE_IMAGE'] / 1e6:.0f} MB, {own / 1e6:.0f} MB of them on top of the base"


def test_image_holds_all_its_bytecode_and_no_installer(stack: Stack) -> None:
    look = (
        "import pathlib, sys; root = pathlib.Path(sys.prefix)\n"
        "print(*(p for p in root.rglob('*.py') if not list((p.parent / '__pycache__').glob(p.stem + '.*.pyc'))\n"
        "        and p.parent != root))\n"
        "print(*(d for d in root.rglob('*.dist-info') if d.name.split('-')[0] in {'pip', 'setuptools'}))"
    )
    image = stack.environment["VIGIE_IMAGE"]
    assert stack.run("docker", "run", "--rm", "--network=none", image, "python", "-c", look).stdout.split() == []


def test_image_knows_time_zones_and_writes_parquet(stack: Stack) -> None:
    use = "import zoneinfo, pyarrow.parquet; zoneinfo.ZoneInfo('Europe/Zurich')"
    stack.run("docker", "run", "--rm", "--network=none", stack.environment["VIGIE_IMAGE"], "python", "-c", use)


def test_without_the_boards_the_engine_names_what_is_missing(stack: Stack) -> None:
    stack.profile = "full"
    stack.environment.update(NO_BOARDS)
    assert "/dev/i2c-99" in stack.compose("up", "--detach", is_expected_to_fail=True)
    stack.remove_everything()


def test_without_a_commissioning_it_says_what_to_do_and_starts_once_that_is_done(stack: Stack) -> None:
    stack.profile = "light"
    stack.environment.update(ANY_DEVICES)
    said = stack.compose("up", "--detach", is_expected_to_fail=True)
    assert 'service "commissioned" didn\'t complete successfully' in said
    advice = stack.compose("logs", "commissioned")
    assert "rig.r1_contact: demanded" in advice
    assert "docker compose run --rm controller vigie commission" in advice

    done = stack.compose("run", "--rm", "-T", "controller", "vigie", "commission", "--plant", "twin", "--yes")
    assert "Written: /etc/vigie/vigie.toml" in done
    stack.compose("up", "--detach")
    until(lambda: stack.health("controller") == "healthy", "the controller is healthy")
    until(lambda: stack.health("web") == "healthy", "the pages are healthy")
    assert stack.state()["snapshot"]["plant"] == "emulated"


def test_light_has_all_but_grafana(stack: Stack) -> None:
    until(lambda: stack.health("delivery") == "healthy", "delivery is healthy")
    assert stack.services() == [name for name in SERVICES if name != "grafana"]
    session = stack.logged_in()
    assert session.get(stack.url("/flask/"), timeout=10).ok
    away = session.get(stack.url("/grafana/"), timeout=10)
    assert away.status_code == requests.codes.bad_gateway


def test_full_has_everything(stack: Stack) -> None:
    stack.profile = "full"
    stack.up()
    assert stack.services() == SERVICES
    mapped = {device["PathOnHost"] for device in stack.inspect("controller")["HostConfig"]["Devices"]}
    assert mapped == set(ANY_DEVICES.values())
    for service in SERVICES[1:]:
        assert not stack.inspect(service)["HostConfig"]["Devices"], f"{service} has devices"
    stack.remove_everything()
