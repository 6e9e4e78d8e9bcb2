"""Who asks, and whether they may: every route needs a role, and those that need none say so themselves."""

import ipaddress
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.exceptions import Forbidden
from werkzeug.wrappers import Request
from werkzeug.wrappers import Response as Redirection

from vigie.access.door import Door, WrongPassword
from vigie.access.people import GUEST, Refused, Role, Visitor
from vigie.errors import AccessError
from vigie.link.hub import Hub
from vigie.web.problems import problem
from vigie.web.security import SAFE_METHODS

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

SESSION_COOKIE = "vigie_session"
BROWSER_COOKIE = "vigie_browser_{name}"
"""Proof that this browser has logged in to the account ``name`` before."""
BROWSER_COOKIE_AGE_S = 400 * 86_400
"""The longest that browsers keep a cookie; every login renews it."""
EVERYBODY = Visitor("", Role.ADMIN, is_program=True)
"""Whoever comes from this machine where the login is off."""
ONLY_THIS_MACHINE = (
    'access.login is "off", which is for this machine alone, and a proxy has let {address} in: '
    'set access.login = "required" in the settings'
)
CONFIRM = "urn:vigie:confirm"
"""Type of the problem that the password must be typed again."""

_View = TypeVar("_View", bound=Callable[..., object])


def needs(role: Role | None) -> Callable[[_View], _View]:
    """Mark a view with the role it needs; None lets everybody in. Unmarked: viewer to look, operator to change."""

    def mark_it(view: _View) -> _View:
        view.needed_role = role  # type: ignore[attr-defined]
        return view

    return mark_it


def may_wait_for_password(view: _View) -> _View:
    """Mark a view that opens before a password somebody else made was changed."""
    view.opens_before_change = True  # type: ignore[attr-defined]
    return view


def init_access(app: Flask, access: Door | None) -> None:
    """Put the guard before every route; ``access`` None means that everybody may do everything."""
    app.extensions["vigie_access"] = access
    app.before_request(_require_role)
    confirm_minutes = None if access is None else access.settings.confirm_minutes
    app.context_processor(lambda: {"is_confirmed": is_confirmed, "confirm_minutes": confirm_minutes})
    app.view_functions["static"] = needs(None)(app.view_functions["static"])


def current_door() -> Door | None:
    """Return the door, None where the login is off."""
    door: Door | None = current_app.extensions["vigie_access"]
    return door


def current_visitor() -> Visitor | None:
    """Return who sent this request, None for somebody unknown."""
    if "visitor" not in g:
        door, hub = current_door(), current_app.extensions["vigie_hub"]
        g.visitor = _everybody(request.remote_addr) if door is None else visitor_of(request, door, hub)
    visitor: Visitor | None = g.visitor
    return visitor


def visitor_of(asked: Request, door: Door, hub: Hub) -> Visitor | None:
    """Return who sent a request: a program with the data folder's secret, a user, a guest, or None."""
    if _knows_the_secret(asked, hub):
        return Visitor("", Role.ADMIN, is_program=True)
    return door.visitor(asked.cookies.get(SESSION_COOKIE), asked.remote_addr or "")


def _knows_the_secret(asked: Request, hub: Hub) -> bool:
    scheme, _, token = asked.headers.get("Authorization", "").partition(" ")
    return scheme.lower() == "bearer" and hub.is_token(token.strip())


def _everybody(address: str | None) -> Visitor | None:
    """Return who may do everything without a login: nobody whom a proxy let in from elsewhere."""
    try:
        parsed = ipaddress.ip_address(address or "127.0.0.1")  # none: a socket of the file system
    except ValueError:
        return None
    return EVERYBODY if (getattr(parsed, "ipv4_mapped", None) or parsed).is_loopback else None


def may_open_socket(environ: "WSGIEnvironment", door: Door | None, hub: Hub) -> bool:
    """Return whether whoever sends a handshake may follow the installation."""
    asked = Request(environ)
    if door is None:
        return _knows_the_secret(asked, hub) or _everybody(asked.remote_addr) is not None
    try:
        visitor = visitor_of(asked, door, hub)
    except AccessError:
        return False
    return visitor is not None and not visitor.must_change


def may(role: str) -> bool:
    """Return whether the visitor has a role, by its name; for templates."""
    visitor = current_visitor()
    return visitor is not None and visitor.role >= Role[role.upper()] and not visitor.must_change


def user_of_page() -> Visitor | None:
    """Return the visitor where it is somebody with a name of their own; for templates."""
    visitor = current_visitor()
    return None if visitor is None or visitor.session is None else visitor


def local_path(wanted: str | None) -> str | None:
    r"""Return ``wanted`` when it is a path on this site, else None: nobody is sent elsewhere after a login.

    >>> [local_path(wanted) for wanted in ("/grafana/d/x?from=1", "//evil.example", "/\\evil", "https://e.x/", None)]
    ['/grafana/d/x?from=1', None, None, None, None]
    """
    if not wanted or not wanted.startswith("/") or wanted.startswith("//") or "\\" in wanted:
        return None
    if any(ord(letter) <= 0x20 or ord(letter) == 0x7F for letter in wanted):
        return None
    try:
        parts = urlsplit(wanted)
    except ValueError:
        return None
    return None if parts.scheme or parts.netloc else wanted


def is_page() -> bool:
    """Return whether a person's browser asked for a page, not a script for data."""
    is_data = request.path.startswith("/api/") or request.path in {"/healthz", "/auth"}
    return not is_data and "text/html" in request.headers.get("Accept", "")


def is_confirmed() -> bool:
    """Return whether the visitor typed the password lately enough for what is dangerous."""
    door, visitor = current_door(), current_visitor()
    return door is None or (visitor is not None and door.is_confirmed(visitor))


def set_session(response: Redirection, token: str) -> Redirection:
    """Give the browser the token of its session; the path is / because nginx asks for it about other programs too."""
    door = current_door()
    longest_s = round(door.settings.longest_days * 86_400) if door else 0
    response.set_cookie(
        SESSION_COOKIE, token, max_age=longest_s, path="/", secure=request.is_secure, httponly=True, samesite="Strict"
    )
    return response


def proof_of_browser(name: str) -> str:
    """Return what the browser shows as proof that it has logged in to this account before."""
    return request.cookies.get(BROWSER_COOKIE.format(name=name), "")


def set_proof(response: Redirection, name: str) -> Redirection:
    """Give the browser proof that it has logged in to this account; it outlives the session."""
    door = current_door()
    if door is not None:
        response.set_cookie(
            BROWSER_COOKIE.format(name=name), door.proof(name, proof_of_browser(name)), max_age=BROWSER_COOKIE_AGE_S,
            path=request.script_root or "/", secure=request.is_secure, httponly=True, samesite="Strict",
        )  # fmt: skip
    return response


def forget_session(response: Redirection) -> Redirection:
    """Take the token back."""
    response.delete_cookie(SESSION_COOKIE, path="/", secure=request.is_secure, httponly=True, samesite="Strict")
    return response


def sender() -> str:
    """Return the address a request came from, as a trusted proxy says it."""
    return request.remote_addr or ""


def words_of(refusal: Refused, has_name: bool = True) -> str:
    """Return why something was refused as a sentence in the page's language; ``has_name``: a name was typed too."""
    if isinstance(refusal, WrongPassword) and not has_name:
        return gettext("The password is wrong.")
    text = gettext(refusal.message).format(**refusal.values)
    return text[:1].upper() + text[1:] + "."


def answer_broken_door(error: AccessError) -> Response | tuple[str, int]:
    """Answer 503: nobody can be let in."""
    g.visitor = None
    if not is_page():
        return problem(503, str(error))
    return render_template("error.html", title=gettext("Nobody can log in"), advice=str(error)), 503


def _require_role() -> Response | Redirection | None:
    view = current_app.view_functions.get(request.endpoint or "")
    default = Role.VIEWER if request.method in SAFE_METHODS else Role.OPERATOR
    needed: Role | None = getattr(view, "needed_role", default)
    if needed is None:
        return None
    visitor = current_visitor()
    if visitor is None or (visitor.name == GUEST and visitor.role < needed):
        return _log_in_first()
    if visitor.must_change and not hasattr(view, "opens_before_change"):
        return _change_password_first()
    if visitor.role < needed:
        return _refuse(visitor.role, needed)
    return None


def _log_in_first() -> Response | Redirection:
    if current_door() is None:
        text = ONLY_THIS_MACHINE.format(address=request.remote_addr)
        if is_page():
            raise Forbidden(text)
        return problem(403, text)
    if is_page():
        asked = request.full_path.rstrip("?") if request.method == "GET" else None
        there = None if asked is None or request.path == "/" else request.script_root + asked
        return redirect(url_for("access.login", next=there), 303)
    told = {"WWW-Authenticate": "Bearer"}
    return problem(401, "log in, or send 'Authorization: Bearer' with the content of link.token", headers=told)


def _change_password_first() -> Response | Redirection:
    if is_page():
        return redirect(url_for("access.password"), 303)
    return problem(403, "change your password first: it was made by somebody else")


def _refuse(role: Role, needed: Role) -> Response:
    if is_page():
        text = gettext("This needs the role “{needed}”; yours is “{role}”.")
        raise Forbidden(text.format(needed=role_word(needed), role=role_word(role)))
    return problem(403, f"this needs the role {needed.word}; yours is {role.word}")


def role_word(role: Role) -> str:
    """Return a role's name in the page's language."""
    words = {Role.VIEWER: gettext("viewer"), Role.OPERATOR: gettext("operator"), Role.ADMIN: gettext("administrator")}
    return words[role]
