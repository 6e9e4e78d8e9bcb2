"""The one table of pages, by name. To add one, see "add a page" in CONTRIBUTING.md.

Navigation, routes and roles, where a choice of language leads back to, docs/pages.md, the pictures and the tests that
walk every page are made from it.
"""

from collections.abc import Callable
from enum import IntEnum
from typing import Any, NamedTuple, TypeVar, cast

from flask import Blueprint, Flask

from vigie.access.people import Role
from vigie.errors import VigieError
from vigie.translatable import mark
from vigie.web.access import needs

_View = TypeVar("_View", bound=Callable[..., object])


class PagePlace(IntEnum):
    """Where a page stands in the navigation."""

    BAR = 0
    """In the phone's bar too, which has room for four."""
    DESK = 1
    """In the line of a desk; on a phone behind "More"."""
    MORE = 2
    """In the line of a wide desk, else behind "More"."""
    APART = 3
    """Nowhere: something else leads to it."""


class SitePage(NamedTuple):
    """One page, whose view :func:`shows` registers."""

    name: str
    """Of its view; a page of the phone's bar has its symbol in ``templates/_icon_<name>.html``."""
    path: str
    blueprint: str
    title: str
    """Message id: in the navigation and in the window's title."""
    purpose: str
    """Message id: what somebody comes here for, in a sentence."""
    place: PagePlace
    role: Role | None
    """Who may see it; None for everybody."""
    short: str = ""
    """Message id: the word in the phone's bar."""
    badge: str = ""
    """The field of a snapshot whose number stands beside the title."""

    @property
    def endpoint(self) -> str:
        """As ``url_for`` takes it."""
        return f"{self.blueprint}.{self.name}"


BAR, DESK, MORE, APART = PagePlace
VIEWER, ADMIN = Role.VIEWER, Role.ADMIN
PAGES = (
    SitePage(
        "home", "/", "pages", mark("Home"),
        mark("Whether all is well, the installation as it is, the mode, and the last 24 hours."),
        BAR, VIEWER, short=mark("Home"),
    ),
    SitePage(
        "multimeter", "/multimeter", "pages", mark("Multimeter"),
        mark("What the meters read, and charts of any stretch of time."),
        BAR, VIEWER, short=mark("Measures"),
    ),
    SitePage(
        "relays", "/relays", "pages", mark("Relays"),
        mark("The contacts, what holds them, and manual mode."),
        BAR, VIEWER, short=mark("Relays"),
    ),
    SitePage(
        "alarms", "/alarms", "pages", mark("Alarms"),
        mark("What stands and what to do about it, how it came and went, and the messages to people."),
        BAR, VIEWER, short=mark("Alarms"), badge="alarm_count",
    ),
    SitePage(
        "outages", "/outages", "pages", mark("Outages"),
        mark("Every time the battery was called for, and whether it was enough."),
        DESK, VIEWER,
    ),
    SitePage(
        "data", "/data", "data", mark("Data"),
        mark("Measurements and events to take away, and the logs of other programs."),
        MORE, VIEWER,
    ),
    SitePage("grafana", "/grafana", "stack", "Grafana", mark("Dashboards of the history."), MORE, VIEWER),
    SitePage(
        "prometheus", "/prometheus", "stack", "Prometheus",
        mark("How the store of the history is doing, ready queries, and what every metric means."),
        MORE, VIEWER,
    ),
    SitePage(
        "about", "/about", "pages", mark("About"),
        mark("The machine, the control loop, the journal, versions and licences."),
        MORE, VIEWER,
    ),
    SitePage("login", "/login", "access", mark("Log in"), mark("Name and password."), APART, None),
    SitePage("password", "/password", "access", mark("Password"), mark("Another password."), APART, VIEWER),
    SitePage(
        "users", "/users", "users", mark("Users"),
        mark("Who may come in, who is in, and what happened at the door."),
        APART, ADMIN,
    ),
)  # fmt: skip
"""Every page, in the order of the navigation."""

NAVIGATION = tuple(page for page in PAGES if page.place != PagePlace.APART)
_BY_NAME = {page.name: page for page in PAGES}


def page_named(name: str) -> SitePage | None:
    """Return the row of a page, None where there is no such page."""
    return _BY_NAME.get(name)


def shows(blueprint: Blueprint, name: str) -> Callable[[_View], _View]:
    """Register a view as what a page of the table shows, under its address and for its role.

    Raises:
        VigieError: the table has no such page, or gives it to another blueprint.
    """
    page = page_named(name)
    if page is None or page.blueprint != blueprint.name:
        raise VigieError(
            f"web/page_table.py has no page {name!r} of blueprint {blueprint.name!r}: add its row to PAGES"
        )

    def register(view: _View) -> _View:
        marked = needs(page.role)(view)
        blueprint.add_url_rule(page.path, page.name, cast(Any, marked), methods=["GET"])
        return marked

    return register


def check_pages(app: Flask) -> None:
    """Refuse a table whose pages are not all there.

    Raises:
        VigieError: a page has no view.
    """
    for page in PAGES:
        if page.endpoint not in app.view_functions:
            wanted = f"@shows(blueprint, {page.name!r}) over a function of the module with blueprint {page.blueprint!r}"
            raise VigieError(f"the page {page.name!r} of web/page_table.py has no view: write {wanted}")
