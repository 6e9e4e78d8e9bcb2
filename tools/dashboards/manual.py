"""Manual: a person sets the contacts."""

from grafana_foundation_sdk.builders import stat, statetimeline, timeseries
from grafana_foundation_sdk.models import units
from tools.dashboards import colours, parts, promql
from tools.dashboards.panels import House, Line, Strip
from tools.dashboards.sheet import Sheet

from vigie.control.alarms.catalogue import Protection
from vigie.control.alarms.table import TABLE

MANUAL = promql.series("vigie_mode", mode="manual")
RELAYS = ("R1", "R2", "R3", "R4")
ACTING = tuple(line.alarm for line in TABLE if line.protection is not Protection.NONE)
"""Alarms whose condition an interlock acts on."""


def manual(house: House) -> Sheet:
    return Sheet(
        "manual",
        "Manual",
        "What a person did: contacts as ordered and as read back, and where an interlock had the last word.",
        "6h",
        "5s",
        [
            (
                "",
                [
                    parts.mode(house).span(4),
                    *(parts.contact(house, relay, f"Contact {relay}").span(3) for relay in RELAYS),
                    *_figures(house),
                ],
            ),
            ("Ordered and read back", [_contacts(house)]),
            ("Interlocks: they have the last word", [_disobeyed(house), parts.alarms(house, ACTING).span(12)]),
            ("What it did to the installation", [parts.voltage_chart(house, *_others()), parts.current_chart(house)]),
            ("Contacts", [_moves(house), _wear(house)]),
            (
                "",
                [
                    house.note(
                        "Who and why",
                        "Who gave an order, with which words, and why one was refused stands in Vigie's own journal, "
                        "on its home page under “Latest events”. Prometheus keeps numbers only.",
                        3,
                    )
                ],
            ),
        ],
    )


def _figures(house: House) -> list[stat.Panel]:
    contacts = promql.series("vigie_contact_closed")
    moved = f"({contacts} != bool {contacts} offset 5s) * on (site, battery) group_left {MANUAL}"
    return [
        house.figure(
            "Manual in this time", "For how long the mode was manual.",
            f"sum_over_time({MANUAL}[$__range:5s]) * 5", units.Seconds, 0,
        ).span(4),
        house.figure(
            "Switchings by hand", "Movements of the four contacts while the mode was manual.",
            f"sum(sum_over_time(({moved})[$__range:5s]))", decimals=0,
        ).span(4),
    ]  # fmt: skip


def _contacts(house: House) -> statetimeline.Panel:
    states = parts.contact_states(house)
    strips = [Strip(promql.MODE, "Mode", parts.modes(house))]
    for relay in RELAYS:
        strips += [
            Strip(promql.commanded(relay), f"{relay} ordered", states),
            Strip(promql.closed(relay), f"{relay} read back", states),
        ]
    return house.strips(
        "Contacts, ordered and read back",
        "Ordered: what the program decided, after a person's wish and the interlocks. Read back: what the line says.",
        strips,
        11,
    )


def _disobeyed(house: House) -> timeseries.Panel:
    about = "1 where a contact is not where the program ordered it to be."
    lines = [
        Line(f"abs({promql.commanded(relay)} - {promql.closed(relay)})", relay, colour)
        for relay, colour in zip(RELAYS, (colours.BATTERY, colours.CHARGE, colours.LOAD, colours.SPARE), strict=True)
    ]
    return house.lines("Ordered but not done", about, lines, "none", 0, soft=(0, 1)).height(6)


def _others() -> list[Line]:
    return [
        Line(promql.CHARGE_V, "Charger", colours.CHARGE),
        Line(f"min_over_time({promql.LOAD_V}[$__interval])", "Loads, lowest", colours.LOAD),
    ]


def _moves(house: House) -> timeseries.Panel:
    about = "Movements of each contact in the hour before each point, in every mode."
    lines = [
        Line(f"changes({promql.closed(relay)}[1h])", relay, colour)
        for relay, colour in zip(RELAYS, (colours.BATTERY, colours.CHARGE, colours.LOAD, colours.SPARE), strict=True)
    ]
    return house.lines("Switchings per hour", about, lines, "none", 0, soft=(0, 10), step="1m")


def _wear(house: House) -> timeseries.Panel:
    about = "Used part of each contact's rated life, counted from the currents it has switched."
    lines = [
        Line(promql.series("vigie_contact_wear_ratio", relay=relay), relay, colour)
        for relay, colour in zip(RELAYS, (colours.BATTERY, colours.CHARGE, colours.LOAD, colours.SPARE), strict=True)
    ]
    return house.lines("Wear", about, lines, units.PercentUnit, 2, soft=(0, 0.1), step="1m")
