"""The page of users: who may come in, who is in, and what happened at the door."""

from collections.abc import Callable
from typing import Any

import structlog
from flask import Blueprint, Response, abort, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Redirection

from vigie.access.door import Door
from vigie.access.people import Refused, Role
from vigie.clock import machine_utc_s
from vigie.web.access import current_door, current_visitor, is_confirmed, needs, sender, words_of
from vigie.web.formats import instant
from vigie.web.page_table import shows

LINES_SHOWN = 30
_BROWSERS = ("Firefox", "Edg", "Chrome", "Safari")
_SYSTEMS = ("Android", "iPhone", "iPad", "Windows", "Mac OS", "Linux")
"""In the order they are looked for: each also carries the name of later ones."""

log = structlog.get_logger(__name__)

blueprint = Blueprint("users", __name__)


@shows(blueprint, "users")
def users() -> str | Redirection:
    """Users, their logins, and what happened at the door."""
    if current_door() is not None and not is_confirmed():
        return redirect(url_for("access.confirm", next=url_for("users.users")), 303)
    return _users_page()


@blueprint.post("/users")
@needs(Role.ADMIN)
def change_users() -> str | Response | Redirection:
    """Do one thing to the users: ``do`` says which."""
    if not is_confirmed():
        return redirect(url_for("access.confirm", next=url_for("users.users")), 303)
    door, act = current_door(), _ACTS.get(request.form.get("do", ""))
    if door is None:
        abort(404)
    if act is None:
        abort(400)
    visitor = current_visitor()
    by = visitor.name if visitor is not None and visitor.name else "api"
    try:
        made = act(door, request.form.get("name", "").strip(), by)
    except Refused as refusal:
        return make_response(_users_page(fault=words_of(refusal)), 422)
    door.tell()
    log.info("users_changed", what=request.form["do"], user=request.form.get("name", ""), by=by, address=sender())
    return redirect(url_for("users.users"), 303) if made is None else _users_page(made=made)


def _add(door: Door, name: str, by: str) -> tuple[str, str]:
    return name, door.users.add(name, _role(), by, sender())


def _give_role(door: Door, name: str, by: str) -> None:
    door.users.set_role(name, _role(), by, sender())


def _give_password(door: Door, name: str, by: str) -> tuple[str, str]:
    return name, door.users.give_password(name, by, sender())


def _remove(door: Door, name: str, by: str) -> None:
    door.users.remove(name, by, sender())


def _end(door: Door, number: str, by: str) -> None:
    if number.isdecimal():
        door.users.end_session(int(number[:18]), by, sender())


_ACTS: dict[str, Callable[[Door, str, str], tuple[str, str] | None]] = {
    "add": _add,
    "role": _give_role,
    "password": _give_password,
    "remove": _remove,
    "end": _end,
}


def _role() -> Role:
    word = request.form.get("role", "").upper()
    if word not in Role.__members__:
        abort(400)
    return Role[word]


def _users_page(fault: str | None = None, made: tuple[str, str] | None = None) -> str:
    known: dict[str, Any] = {"people": [], "sessions": [], "record": []}
    if (door := current_door()) is not None:
        people, record = door.users.all(), door.users.record(LINES_SHOWN)
        known = {"people": people, "sessions": door.users.sessions(), "record": record}
    return render_template(
        "users.html", **known, roles=list(Role), written=_written, browser_of=_browser_of, fault=fault, made=made
    )


def _written(utc_s: float) -> str:
    return instant(utc_s * 1000, machine_utc_s() * 1000)


def _browser_of(agent: str) -> str:
    """Return the browser and the system a user agent names, or its first words."""
    found = [next((name for name in names if name in agent), "") for names in (_BROWSERS, _SYSTEMS)]
    return ", ".join(filter(None, found)).replace("Edg,", "Edge,") or agent[:40]
