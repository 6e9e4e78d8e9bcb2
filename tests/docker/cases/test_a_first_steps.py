"""From a clone to the page, on boards that are not there, not commissioned, and emulated."""

import contextlib
import html
import re
import shlex
import time

import requests

from tests.docker.stack import ROOT, Stack, until

OWN = ("controller", "web", "delivery")
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
    for name in NO_BOARDS:
        del stack.environment[name]


CHECK = "docker compose exec controller vigie config check"


def page(stack: Stack, path: str = "/flask/", language: str = "fr", words: str = "") -> str:
    """Return a page once it is there and has the words, as a browser that has not logged in sees it."""
    headers = {"Accept": "text/html", "Accept-Language": language}

    def answered() -> str | None:
        with contextlib.suppress(requests.RequestException):
            answer = requests.get(stack.url(path), headers=headers, timeout=10)
            answer.encoding = "utf-8"
            return answer.text if answer.ok and words in answer.text else None
        return None

    return until(answered, f"{path} answers with {words!r}")


def commands_of(text: str, heading: str) -> list[str]:
    """Return what a section of the page says to type."""
    section = text.partition(f"{heading}</h2>")[2].partition("</section>")[0]
    return [html.unescape(command) for command in re.findall(r"<code>(.*?)</code>", section)]


def typed(stack: Stack, command: str) -> str:
    """Type a command of docker compose that the page told, in the test's project, with nobody to answer questions."""
    docker, compose, *arguments = shlex.split(command.partition("|")[0])
    assert (docker, compose) == ("docker", "compose")
    if arguments[0] == "--profile":
        stack.profile = arguments[1]
        arguments = arguments[2:]
    if arguments[0] == "run":
        arguments = ["run", "-T", *arguments[1:], "--plant", "twin", "--yes"]
    return stack.compose(*arguments)


def is_healthy(stack: Stack, *services: str) -> None:
    """Wait until services are healthy."""
    until(lambda: all(stack.health(service) == "healthy" for service in services), f"{services} are healthy")


def test_on_any_computer_the_start_ends_with_a_page_that_helps(stack: Stack) -> None:
    """The two commands of the README, on a computer without boards and without any settings of its own."""
    stack.profile = "full"
    stack.compose("up", "--detach")
    french, english = page(stack), page(stack, language="en")
    assert stack.services() == SERVICES
    assert "<h1>Rien n’est encore mis en service</h1>" in french
    assert "<h1>Nothing is commissioned yet</h1>" in english
    for command in ("docker compose run --rm controller vigie commission", "docker compose --profile demo up -d"):
        assert f"<code>{command}</code>" in french
    assert "<h1>Rien n’est encore mis en service</h1>" in page(stack, "/grafana/"), "nobody is let in elsewhere"
    assert requests.get(stack.url("/prometheus/api/v1/query?query=up"), timeout=10).status_code == 401
    is_healthy(stack, "web")


def test_who_waits_for_settings_is_neither_started_again_nor_ended_as_hung(stack: Stack) -> None:
    silent = "echo 0 > /tmp/heard; python3 -I -S /opt/vigie/healthy.py controller end-hung"
    stack.run("docker", "exec", stack.container("controller"), "sh", "-c", silent, is_expected_to_fail=True)
    for service in OWN:
        found = stack.inspect(service)
        assert (found["State"]["Status"], found["RestartCount"]) == ("running", 0), service
        until(
            lambda service=service: "rig.r1_contact: demanded" in stack.compose("logs", service), f"{service} says why"
        )
        said = stack.compose("logs", service)
        assert "docker compose run --rm controller vigie commission" in said
    kept = stack.in_service("controller", "ls", "/var/lib/vigie").split()
    assert "journal.sqlite" not in kept, "nothing simulated has run"


def test_without_boards_the_commissioning_says_so(stack: Stack) -> None:
    run = ("run", "--rm", "-T", "controller", "vigie", "commission")
    assert "in a container, pass the device on" in stack.compose(*run, is_expected_to_fail=True)


def test_the_simulated_installation_is_what_the_page_says_to_type(stack: Stack) -> None:
    down, up, login, *back = commands_of(page(stack, language="en"), "Only to look: a simulated one")
    typed(stack, down)
    typed(stack, up)
    is_healthy(stack, "controller", "web")
    assert until(lambda: stack.state()["snapshot"], "a snapshot")["plant"] == "twin"
    assert "first login" in typed(stack, login)
    assert "banner-plant" in stack.logged_in().get(stack.url("/flask/"), timeout=10).text
    typed(stack, back[0])
    stack.profile = "full"
    typed(stack, back[1])
    assert page(stack, language="en", words="Nothing is commissioned yet")


def test_commissioned_the_product_comes_up_by_itself(stack: Stack) -> None:
    is_healthy(stack, "web")
    before = stack.inspect("web")["Id"]
    steps = commands_of(page(stack, language="en"), "The real installation")
    commission, login = (next(step for step in steps if words in step) for words in ("vigie commission", "first login"))
    assert "Written: /etc/vigie/vigie.toml" in typed(stack, commission)
    assert page(stack, words='name="password"')
    is_healthy(stack, "controller", "web", "delivery")
    assert stack.inspect("web")["Id"] == before, "nobody had to start anything"
    assert stack.state()["snapshot"]["plant"] == "emulated"
    assert "first login" in typed(stack, login)
    assert stack.logged_in().get(stack.url("/flask/"), timeout=10).ok
    stack.compose("down")
    stack.environment.update(ANY_DEVICES)
    stack.profile = "light"
    stack.compose("up", "--detach")
    is_healthy(stack, "controller", "web")


def test_settings_with_faults_are_told_and_taken_when_they_are_mended(stack: Stack) -> None:
    """Control goes on with those it ran well on; without them it waits and the page says what to type."""
    settings, kept = "/etc/vigie/vigie.toml", "/var/lib/vigie/settings-in-force.json"
    good = stack.in_service("controller", "cat", settings)
    stack.in_service("controller", "timeout", "60", "sh", "-c", f"until test -e {kept}; do sleep 1; done")
    stack.in_service("controller", "sh", "-c", f"echo '[nonsense]' >> {settings}")
    stack.compose("restart", "controller", "web")
    is_healthy(stack, "controller", "web")
    assert page(stack, words='name="password"')
    until(lambda: is_refused(stack), "the alarm settings_refused")
    told = stack.run("docker", "exec", stack.container("controller"), *CHECK.split()[4:], is_expected_to_fail=True)
    assert "nonsense: unknown section" in told.stdout + told.stderr

    stack.in_service("controller", "rm", kept)
    stack.compose("restart", "controller", "web")
    text = page(stack, words="<h1>Les réglages ont des défauts</h1>")
    assert "nonsense" not in text, "nobody has logged in"
    check, *_ = commands_of(text, "dans le dossier de Vigie")
    assert check == CHECK
    stack.run("docker", "exec", "-i", stack.container("controller"), "tee", settings, input=good)
    assert page(stack, words='name="password"')
    is_healthy(stack, "controller", "web")
    until(lambda: not is_refused(stack), "the corrected file is taken over")


def is_refused(stack: Stack) -> bool:
    alarms = stack.state()["snapshot"]["alarms"]
    return any(one["alarm"] == "settings_refused" and one["is_present"] for one in alarms)


def test_light_has_all_but_grafana(stack: Stack) -> None:
    until(lambda: stack.health("delivery") == "healthy", "delivery is healthy")
    assert stack.services() == [name for name in SERVICES if name != "grafana"]
    session = stack.logged_in()
    assert session.get(stack.url("/flask/"), timeout=10).ok
    away = session.get(stack.url("/grafana/"), timeout=10)
    assert away.status_code == requests.codes.bad_gateway


def test_every_command_the_documentation_names_works_as_it_says(stack: Stack) -> None:
    """The table of docs/docker.md: what it gives for a running installation, in its own words."""
    rows = re.findall(
        r"\| `(docker compose exec web vigie [^`]*)` \|", (ROOT / "docs" / "docker.md").read_text("utf-8")
    )
    assert len(rows) > 5
    for row in rows:
        _, _, _, *command = shlex.split(row)
        stack.compose("exec", "-T", *command)


def test_full_has_everything(stack: Stack) -> None:
    stack.profile = "full"
    stack.up()
    assert stack.services() == SERVICES
    mapped = {device["PathOnHost"] for device in stack.inspect("controller")["HostConfig"]["Devices"]}
    assert mapped == set(ANY_DEVICES.values())
    for service in SERVICES[1:]:
        assert not stack.inspect(service)["HostConfig"]["Devices"], f"{service} has devices"
    stack.remove_everything()
