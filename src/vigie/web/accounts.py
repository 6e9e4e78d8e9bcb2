"""The pages for coming in and going out, for one's own password, and for users; and nginx's question who is in."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import structlog
from flask import Blueprint, Response, abort, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as Redirection

from vigie.access.door import Door, MustWait
from vigie.access.passwords import SHORTEST
from vigie.access.people import GUEST, Refused, Role, Visitor
from vigie.clock import machine_utc_s
from vigie.web.access import (
    SESSION_COOKIE,
    current_door,
    current_visitor,
    forget_session,
    is_confirmed,
    local_path,
    may_wait_for_password,
    needs,
    set_session,
)
from vigie.web.formats import instant

LINES_SHOWN = 30
_BROWSERS = ("Firefox", "Edg", "Chrome", "Safari")
_SYSTEMS = ("Android", "iPhone", "iPad", "Windows", "Mac OS", "Linux")
"""In the order they are looked for: each also carries the name of later ones."""

log = structlog.get_logger(__name__)

blueprint = Blueprint("access", __name__)


@blueprint.get("/login")
@needs(None)
def login() -> str | Response | Redirection:
    """Ask for name and password."""
    visitor, door = current_visitor(), current_door()
    if visitor is not None and visitor.must_change:
        return redirect(url_for("access.password"), 303)  # nginx would send them here again
    if door is None or (visitor is not None and visitor.session is not None):
        return redirect(_next(), 303)
    door.users.all()  # a broken file is told now, not after a password was typed
    page = make_response(_login_page())
    if SESSION_COOKIE not in request.cookies and _comes_from_elsewhere():
        # A strict cookie stays at home when another site's link leads here; asked by this page itself it comes along.
        page.headers["Refresh"] = f"0; url={url_for('access.login', next=local_path(request.args.get('next')))}"
    return page


@blueprint.post("/login")
@needs(None)
def log_in() -> Response | Redirection:
    """Let somebody in, or say why not."""
    door = _door()
    name, password = request.form.get("name", "").strip().lower(), request.form.get("password", "")
    try:
        token = door.log_in(name, password, _address(), request.user_agent.string)
    except Refused as refusal:
        return _refused(_login_page(name=name, fault=_words(refusal)), refusal)
    visitor = current_visitor()
    if visitor is not None:
        door.log_out(visitor, _address())
    return set_session(redirect(_next(), 303), token)


@blueprint.post("/logout")
@needs(None)
def logout() -> Redirection:
    """End the session."""
    visitor, door = current_visitor(), current_door()
    if door is not None and visitor is not None:
        door.log_out(visitor, _address())
    return forget_session(redirect(url_for("access.login"), 303))


@blueprint.get("/auth")
@needs(None)
def auth() -> Response:
    """Tell nginx who is in: 204 with ``X-Auth-User`` and ``X-Auth-Role``, or 401."""
    visitor = current_visitor()
    if visitor is None or visitor.must_change:
        return Response(status=401, headers={"WWW-Authenticate": "Bearer"})
    return Response(status=204, headers={"X-Auth-User": visitor.name or GUEST, "X-Auth-Role": visitor.role.word})


@blueprint.get("/password")
@may_wait_for_password
@needs(Role.VIEWER)
def password() -> str:
    """Ask for another password."""
    _own_session()
    return _password_page()


@blueprint.post("/password")
@may_wait_for_password
@needs(Role.VIEWER)
def change_password() -> Response | Redirection:
    """Give the visitor another password; every other login of theirs ends."""
    visitor, new = _own_session(), request.form.get("new", "")
    if new != request.form.get("again", ""):
        return make_response(_password_page(gettext("The two new passwords differ.")), 422)
    try:
        old = request.form.get("old", "")
        token = _door().change_password(visitor, old, new, _address(), request.user_agent.string)
    except Refused as refusal:
        return _refused(_password_page(_words(refusal)), refusal)
    return set_session(redirect(url_for("pages.home"), 303), token)


@blueprint.get("/confirm")
@needs(Role.VIEWER)
def confirm() -> str:
    """Ask for the password again before something dangerous."""
    return render_template("confirm.html", visitor=_own_session(), next=_next(), fault=None)


@blueprint.post("/confirm")
@needs(Role.VIEWER)
def confirmed() -> Response | Redirection:
    """Take the password and go back."""
    visitor = _own_session()
    try:
        _door().confirm(visitor, request.form.get("password", ""), _address())
    except Refused as refusal:
        page = render_template("confirm.html", visitor=visitor, next=_next(), fault=_words(refusal))
        return _refused(page, refusal)
    return redirect(_next(), 303)


@blueprint.get("/users")
@needs(Role.ADMIN)
def users() -> str | Redirection:
    """Users, their logins, and what happened at the door."""
    if current_door() is not None and not is_confirmed():
        return redirect(url_for("access.confirm", next=url_for("access.users")), 303)
    return _users_page()


@blueprint.post("/users")
@needs(Role.ADMIN)
def change_users() -> str | Response | Redirection:
    """Do one thing to the users: ``do`` says which."""
    if not is_confirmed():
        return redirect(url_for("access.confirm", next=url_for("access.users")), 303)
    act = _ACTS.get(request.form.get("do", ""))
    if act is None:
        abort(400)
    visitor = current_visitor()
    by = visitor.name if visitor is not None and visitor.name else "api"
    try:
        made = act(_door(), request.form.get("name", "").strip(), by)
    except Refused as refusal:
        return make_response(_users_page(fault=_words(refusal)), 422)
    _door().tell()
    log.info("users_changed", what=request.form["do"], user=request.form.get("name", ""), by=by, address=_address())
    return redirect(url_for("access.users"), 303) if made is None else _users_page(made=made)


def _add(door: Door, name: str, by: str) -> tuple[str, str]:
    return name, door.users.add(name, _role(), by, _address())


def _give_role(door: Door, name: str, by: str) -> None:
    door.users.set_role(name, _role(), by, _address())


def _give_password(door: Door, name: str, by: str) -> tuple[str, str]:
    return name, door.users.give_password(name, by, _address())


def _remove(door: Door, name: str, by: str) -> None:
    door.users.remove(name, by, _address())


def _end(door: Door, number: str, by: str) -> None:
    if number.isdecimal():
        door.users.end_session(int(number[:18]), by, _address())


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


def _login_page(name: str = "", fault: str | None = None) -> str:
    return render_template("login.html", name=name, next=_next(), fault=fault)


def _password_page(fault: str | None = None) -> str:
    return render_template("password.html", visitor=_own_session(), shortest=SHORTEST, fault=fault)


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


def _refused(page: str, refusal: Refused) -> Response:
    """Return a page that says why not: 429 where the next try must wait, else 422."""
    if isinstance(refusal, MustWait):
        return make_response(page, 429, {"Retry-After": str(refusal.wait_s)})
    return make_response(page, 422)


def _words(refusal: Refused) -> str:
    text = gettext(refusal.message).format(**refusal.values)
    return text[:1].upper() + text[1:] + "."


def _next() -> str:
    """Return where to go after the login."""
    return local_path(request.values.get("next")) or url_for("pages.home")


def _comes_from_elsewhere() -> bool:
    site, referrer = request.headers.get("Sec-Fetch-Site"), urlsplit(request.referrer or "").netloc
    return site == "cross-site" if site else bool(referrer) and referrer.lower() != request.host.lower()


def _address() -> str:
    return request.remote_addr or ""


def _door() -> Door:
    door = current_door()
    if door is None:
        abort(404)
    return door


def _own_session() -> Visitor:
    """Return the visitor, who must have logged in with a password of their own."""
    visitor = current_visitor()
    if visitor is None or visitor.session is None:
        abort(404)
    return visitor
