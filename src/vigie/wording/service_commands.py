"""What a person types on a machine whose service manager runs Vigie, while its settings do not fit yet."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

from vigie.wording.words import mark

ServiceManager = Literal["docker", "systemd"]


class ServiceStep(NamedTuple):
    """One thing to do, and the commands that do it."""

    what: str
    """Marked for the catalogues."""
    commands: tuple[str, ...]


class ServiceCommands(NamedTuple):
    """The ways on from settings that do not fit."""

    host: str
    """Address the web process listens on where its settings cannot say it."""
    commission: tuple[ServiceStep, ...]
    """To the real installation."""
    simulate: tuple[ServiceStep, ...]
    """To the simulated one, which is never started unless somebody asks for it."""
    mend: tuple[ServiceStep, ...]
    """Out of faults in settings that somebody has written."""


_FIRST_LOGIN = mark("Log in as admin. The first password is told once, in the log:")
_FIND_OUT = mark(
    "Find out how the installation is wired. Each step says what it does to the loads, asks, and can be undone:"
)

SERVICE_COMMANDS: Mapping[ServiceManager, ServiceCommands] = {
    "docker": ServiceCommands(
        host="0.0.0.0",  # noqa: S104 - within the container's network, of which only nginx is let in
        commission=(
            ServiceStep(
                mark("Tell Docker where the boards are. Put the second line into ~/.profile too, for later:"),
                ("sh deploy/docker/boards.sh > site.env", "export COMPOSE_ENV_FILES=.env,site.env"),
            ),
            ServiceStep(_FIND_OUT, ("docker compose run --rm controller vigie commission",)),
            ServiceStep(mark("Start with what was found:"), ("docker compose up -d",)),
            ServiceStep(_FIRST_LOGIN, ("docker compose logs web | grep 'first login'",)),
        ),
        simulate=(
            ServiceStep(
                mark("Start it in place of what runs now. Nothing that was recorded is lost:"),
                ("docker compose down", "docker compose --profile demo up -d"),
            ),
            ServiceStep(_FIRST_LOGIN, ("docker compose logs demo-web | grep 'first login'",)),
            ServiceStep(
                mark("Back to here:"),
                ("docker compose --profile demo down", "docker compose up -d"),
            ),
        ),
        mend=(
            ServiceStep(
                mark("See every fault with its setting:"), ("docker compose exec controller vigie config check",)
            ),
            ServiceStep(
                mark("Mend the settings:"),
                (
                    "docker compose exec -T controller cat /etc/vigie/vigie.toml > vigie.toml",
                    "nano vigie.toml",
                    "docker compose exec -T controller tee /etc/vigie/vigie.toml < vigie.toml > /dev/null",
                ),
            ),
        ),
    ),
    "systemd": ServiceCommands(
        host="127.0.0.1",
        commission=(
            ServiceStep(_FIND_OUT, ("sudo vigie commission",)),
            ServiceStep(_FIRST_LOGIN, ("sudo journalctl -u vigie-web -o cat | grep 'first login'",)),
        ),
        simulate=(
            ServiceStep(
                mark("Give it the settings of the simulated installation in place of those that wait:"),
                ("sudo install -m 660 -o root -g vigie deploy/systemd/demo.toml /etc/vigie/vigie.toml",),
            ),
            ServiceStep(_FIRST_LOGIN, ("sudo journalctl -u vigie-web -o cat | grep 'first login'",)),
        ),
        mend=(
            ServiceStep(mark("See every fault with its setting:"), ("sudo vigie config check",)),
            ServiceStep(mark("Mend the settings:"), ("sudo nano /etc/vigie/vigie.toml",)),
        ),
    ),
}
