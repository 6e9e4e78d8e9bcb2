"""The pages for coming in and going out and for one's own password; and nginx's question who is in."""

from urllib.parse import urlsplit

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
    local_path,
    may_wait_for_password,
    needs,
    proof_of_browser,
    sender,
    set_proof,
    set_session,
    words_of,
)
from vigie.web.formats import time_of_day
from vigie.web.page_table import shows

blueprint = Blueprint("access", __name__)


@shows(blueprint, "login")
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
        token = door.log_in(name, password, sender(), request.user_agent.string, proof_of_browser(name))
    except Refused as refusal:
        return _refused(_login_page(name, words_of(refusal), _opens_at(refusal)), refusal)
    visitor = current_visitor()
    if visitor is not None:
        door.log_out(visitor, sender())
    return set_session(set_proof(redirect(_next(), 303), name), token)


@blueprint.post("/logout")
@needs(None)
def logout() -> Redirection:
    """End the session."""
    visitor, door = current_visitor(), current_door()
    if door is not None and visitor is not None:
        door.log_out(visitor, sender())
    return forget_session(redirect(url_for("access.login"), 303))


@blueprint.get("/auth")
@needs(None)
def auth() -> Response:
    """Tell nginx who is in: 204 with ``X-Auth-User`` and ``X-Auth-Role``, or 401."""
    visitor = current_visitor()
    if visitor is None or visitor.must_change:
        return Response(status=401, headers={"WWW-Authenticate": "Bearer"})
    return Response(status=204, headers={"X-Auth-User": visitor.name or GUEST, "X-Auth-Role": visitor.role.word})


@shows(blueprint, "password")
@may_wait_for_password
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
        token = _door().change_password(visitor, old, new, sender(), request.user_agent.string)
    except Refused as refusal:
        return _refused(_password_page(words_of(refusal, has_name=False)), refusal)
    return set_session(set_proof(redirect(url_for("pages.home"), 303), visitor.name), token)


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
        _door().confirm(visitor, request.form.get("password", ""), sender())
    except Refused as refusal:
        page = render_template("confirm.html", visitor=visitor, next=_next(), fault=words_of(refusal, has_name=False))
        return _refused(page, refusal)
    return redirect(_next(), 303)


def _login_page(name: str = "", fault: str | None = None, opens_at: str | None = None) -> str:
    return render_template("login.html", name=name, next=_next(), fault=fault, opens_at=opens_at)


def _opens_at(refusal: Refused) -> str | None:
    """Return the time of day at which the next try is heard, None when it is heard now."""
    return time_of_day(machine_utc_s() + refusal.wait_s) if isinstance(refusal, MustWait) else None


def _password_page(fault: str | None = None) -> str:
    return render_template("password.html", visitor=_own_session(), shortest=SHORTEST, fault=fault)


def _refused(page: str, refusal: Refused) -> Response:
    """Return a page that says why not: 429 where the next try must wait, else 422."""
    if isinstance(refusal, MustWait):
        return make_response(page, 429, {"Retry-After": str(refusal.wait_s)})
    return make_response(page, 422)


def _next() -> str:
    """Return where to go after the login."""
    return local_path(request.values.get("next")) or url_for("pages.home")


def _comes_from_elsewhere() -> bool:
    site, referrer = request.headers.get("Sec-Fetch-Site"), urlsplit(request.referrer or "").netloc
    return site == "cross-site" if site else bool(referrer) and referrer.lower() != request.host.lower()


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
