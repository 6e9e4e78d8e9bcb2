"""What can be set about the web application."""

import ipaddress
from collections.abc import Iterable
from typing import Annotated, NamedTuple

from pydantic import Field

from vigie.errors import SettingsError
from vigie.units import setting
from vigie.web.address import normalised
from vigie.wording.dialogue import spoken, technical

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

THREADS_KEPT_FREE = 12
"""Threads that live browsers never get: the controller and plain HTTP need them."""


class WebSettings(NamedTuple):
    """Where the web application answers, to whom, and how many at once."""

    host: Annotated[str, setting("Address to listen on; 127.0.0.1 behind nginx, 0.0.0.0 for everybody")] = "127.0.0.1"
    port: Annotated[int, setting("TCP port; 0 takes any free one (tests)", ge=0, le=65_535)] = 8000
    trusted_hosts: Annotated[
        tuple[str, ...],
        Field(
            description="Names this site may be called by; a leading dot means all names below. "
            "IP addresses, names without a dot and this machine's own name always work"
        ),
    ] = (".local", ".lan", ".home.arpa", ".internal")
    trusted_proxies: Annotated[
        tuple[str, ...],
        Field(description="Addresses or networks of reverse proxies whose X-Forwarded-* headers are believed"),
    ] = ("127.0.0.1", "::1")
    origins: Annotated[
        tuple[str, ...],
        Field(
            description="Addresses under which a proxy shows these pages, as https://pi.example.org:8443, where it "
            "does not pass on scheme and port itself"
        ),
    ] = ()
    threads: Annotated[int, setting("Requests and live browsers served at once", ge=16, le=512)] = 64
    live_browsers: Annotated[int, setting("Pages that may be live at once", ge=1, le=500)] = 40
    commands_per_minute: Annotated[
        int, setting("Orders one address may give in the long run", unit="1/min", ge=1, le=6000)
    ] = 30
    command_burst: Annotated[int, setting("Orders one address may give at once", ge=1, le=1000)] = 10


class StackSettings(NamedTuple):
    """Where the programs beside the web application are, as it asks them itself."""

    grafana_url: Annotated[
        str, setting("Grafana with its path, as http://127.0.0.1:3000/grafana; empty: not installed")
    ] = ""
    prometheus_url: Annotated[
        str, setting("Prometheus with its path, as http://127.0.0.1:9090/prometheus; empty: not installed")
    ] = ""


def check(settings: WebSettings) -> None:
    """Check what one field alone cannot tell.

    Raises:
        SettingsError: more live browsers are allowed than the threads can carry, a proxy is no address, a trusted host
            no name, or an origin none.
    """
    for name in settings.trusted_hosts:
        if not name.strip(".") or "*" in name:
            raise SettingsError(
                spoken(
                    "web.trusted_hosts {name!r} would let any site's page act here: write the full name, for instance "
                    '"pi.example.org", or ".example.org" for all names below it',
                    name=name,
                )
            )
    for origin in settings.origins:
        if normalised(origin) is None:
            raise SettingsError(
                spoken(
                    "web.origins {origin!r} is no address of a site: write scheme, name and port, without a path, for "
                    'instance "https://pi.example.org:8443"',
                    origin=origin,
                )
            )
    networks_of(settings.trusted_proxies)
    most = settings.threads - THREADS_KEPT_FREE
    if settings.live_browsers > most:
        raise SettingsError(
            spoken(
                "web.live_browsers {browsers} is more than web.threads {threads} can carry: lower it to {most} or "
                "raise web.threads to {least}",
                browsers=settings.live_browsers,
                threads=settings.threads,
                most=most,
                least=settings.live_browsers + THREADS_KEPT_FREE,
            )
        )


def networks_of(proxies: Iterable[str]) -> list[Network]:
    """Return the networks that ``trusted_proxies`` names; an address is a network of one.

    Raises:
        SettingsError: one of them is neither.
    """
    try:
        return [ipaddress.ip_network(proxy, strict=False) for proxy in proxies]
    except ValueError as error:
        raise SettingsError(
            spoken("web.trusted_proxies: {why}; give addresses or networks", why=technical(error))
        ) from error


def is_among(address: str, networks: Iterable[Network]) -> bool:
    """Return whether an address, which may be none, is in one of the networks."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = getattr(parsed, "ipv4_mapped", None) or parsed
    return any(mapped in network for network in networks)
