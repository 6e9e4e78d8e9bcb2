"""``vigie user``: who may log in to the pages. Works on the file itself, so it also helps who is locked out."""

import getpass
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from vigie.cli.options import AsJson, ConfigFile, Data
from vigie.errors import CommandRefused
from vigie.wording.dialogue import spoken

if TYPE_CHECKING:
    from pathlib import Path

    from vigie.access.users import Users

app = typer.Typer(help="Who may log in to the pages: add, list, change, remove.", no_args_is_help=True)

RoleName = Literal["viewer", "operator", "admin"]


def _checked_name(name: str) -> str:
    from vigie.access.people import checked_name

    return checked_name(name)


Name = Annotated[str, typer.Argument(help="a-z 0-9 . _ -, up to 32.", metavar="NAME", callback=_checked_name)]
Generate = Annotated[bool, typer.Option("--generate", help="Make a password up and print it once.")]
FromInput = Annotated[bool, typer.Option("--password-stdin", help="Take the password from standard input.")]


@app.command(epilog="Example: `vigie user add marie --role operator`; `vigie user add panel --role viewer --generate`")
def add(
    name: Name,
    role: Annotated[
        RoleName,
        typer.Option(help="viewer sees, operator switches, admin manages users.", case_sensitive=False),
    ],
    generate: Generate = False,
    password_stdin: FromInput = False,
    config: ConfigFile = None,
    data: Data = None,
) -> None:
    """Add a user."""
    from vigie.access.people import Role

    password = _password(name, generate=generate, from_input=password_stdin)
    with _users(config, data) as users:
        made = users.add(name, Role[role.upper()], _by(), password=password)
    typer.echo(spoken("{name} is {role}", name=name, role=role))
    _tell(made if generate else None)


@app.command("list", epilog="Example: `vigie user list`; `vigie user list --json`")
def list_users(config: ConfigFile = None, data: Data = None, as_json: AsJson = False) -> None:
    """Show who may log in."""
    with _users(config, data) as users:
        people = users.all()
    if as_json:
        rows = [{**person._asdict(), "role": person.role.word} for person in people]
        typer.echo(json.dumps({"users": rows}, indent=2))
        return
    for person in people:
        last = _instant(person.last_login_s) if person.last_login_s else spoken("never")
        told = spoken("last login {instant}", instant=last)
        waiting = f", {spoken('must choose a password')}" if person.must_change else ""
        typer.echo(f"{person.name:32} {person.role.word:9} {told}{waiting}")
    if not people:
        typer.echo(spoken("nobody yet: the next start of the pages makes the user admin and prints a password"))


@app.command(epilog="Example: `vigie user passwd admin`; `vigie user passwd marie --generate`")
def passwd(
    name: Name,
    generate: Generate = False,
    password_stdin: FromInput = False,
    config: ConfigFile = None,
    data: Data = None,
) -> None:
    """Give a user another password; whoever is logged in under that name is not any more."""
    with _users(config, data) as users:
        if name not in [person.name for person in users.all()]:
            users.give_password(name, _by())  # says who there is
        password = _password(name, generate=generate, from_input=password_stdin)
        made = users.give_password(name, _by(), password=password)
    typer.echo(spoken("{name} has another password", name=name))
    _tell(made if generate else None)


@app.command(epilog="Example: `vigie user role marie admin`")
def role(
    name: Name,
    new_role: Annotated[RoleName, typer.Argument(help="viewer, operator or admin.", metavar="ROLE")],
    config: ConfigFile = None,
    data: Data = None,
) -> None:
    """Give a user another role; whoever is logged in under that name must log in again."""
    from vigie.access.people import Role

    with _users(config, data) as users:
        users.set_role(name, Role[new_role.upper()], _by())
    typer.echo(spoken("{name} is {role}", name=name, role=new_role))


@app.command(epilog="Example: `vigie user remove marie`")
def remove(name: Name, config: ConfigFile = None, data: Data = None) -> None:
    """Remove a user; whoever is logged in under that name is not any more."""
    with _users(config, data) as users:
        users.remove(name, _by())
    typer.echo(spoken("{name} is removed", name=name))


@app.command(epilog="Example: `vigie user sessions`; `vigie user sessions --revoke marie`")
def sessions(
    revoke: Annotated[
        str | None, typer.Option(help="End the logins of this user, or of everybody with 'all'.", metavar="NAME|all")
    ] = None,
    config: ConfigFile = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Show who is logged in, or end that."""
    with _users(config, data) as users:
        if revoke is not None:
            users.end_sessions("" if revoke == "all" else revoke, _by())
        found = users.sessions()
    if as_json:
        typer.echo(json.dumps({"sessions": [session._asdict() for session in found]}, indent=2))
        return
    for session in found:
        typer.echo(
            f"{session.user:32} "
            + spoken(
                "since {since}, last used {used}, from {address}",
                since=_instant(session.created_s),
                used=_instant(session.used_s),
                address=session.address,
            )
        )
    if not found:
        typer.echo(spoken("nobody is logged in"))


@contextmanager
def _users(config: "Path | None", data: str | None) -> Iterator["Users"]:
    from vigie.access.door import Door
    from vigie.assembly.access import users_path
    from vigie.cli import installation

    settings = installation.with_folder(config, data=data)
    door = Door(settings.access, users_path(settings))
    try:
        yield door.users
    finally:
        door.close()


def _password(name: str, *, generate: bool, from_input: bool) -> str | None:
    """Return the wanted password, None for a made-up one."""
    from vigie.access.passwords import checked

    if generate and from_input:
        raise CommandRefused(spoken("choose one of --generate and --password-stdin"))
    if generate:
        return None
    if from_input:
        line = sys.stdin.readline()
        if not line:
            raise CommandRefused(
                spoken("standard input has ended without a password: write one line to it, or use --generate")
            )
        return checked(line.rstrip("\r\n"), name)
    if not sys.stdin.isatty():
        raise CommandRefused(spoken("no terminal to ask for a password: use --password-stdin or --generate"))
    password = checked(getpass.getpass(spoken("Password for {name}: ", name=name)), name)
    if getpass.getpass(spoken("Again: ")) != password:
        raise CommandRefused(spoken("the two passwords differ; nothing was changed"))
    return password


def _tell(password: str | None) -> None:
    if password is not None:
        typer.echo(spoken("password: {password}", password=password))
        typer.echo(spoken("It is shown this once, and another one must be chosen at the first login."))


def _by() -> str:
    return f"cli:{getpass.getuser()}"


def _instant(utc_s: float) -> str:
    return datetime.fromtimestamp(utc_s, UTC).strftime("%Y-%m-%d %H:%M UTC")
