"""The whole controller on the real device files: faults, kills, hangs, jumps of the calendar."""

import os
import re
import signal
import statistics
import subprocess
import time
from collections.abc import Callable
from functools import partial

import outside
from cases_relays import another_program_holds_gpio13
from outside import BATTERY, CHARGE, LOAD
from processes import Site, wait_for
from report import See, Table, shown

from vigie.telemetry.records import Event, EventKind

START_S = 60.0
LOSSES = 9
CLOSES_IN_S = 0.05
LOOPS, LOOPS_S = 200_000, 0.0065
"""So many turns of a loop take so long on the machine of docs/benchmarks.md."""
OPEN = {"GPIO19": "out low", "GPIO13": "out high", "GPIO6": "out low", "GPIO5": "out high"}
"""R1 closed, R2 open (wired on NC: an energised coil cuts), R3 open, R4 closed (wired on NO)."""
CLOSED = {**OPEN, "GPIO13": "out low"}


def after_power_on() -> None:
    """Leave the lines as firmware does, with R3 driven low so that the two spare relays differ."""
    outside.power_on_header()
    outside.latch("GPIO6", is_high=False)


def resting(site: Site) -> None:
    """Start in protect with the battery over its upper voltage, and wait until R2 is open."""
    after_power_on()
    site.start()
    wait_for(lambda: outside.levels() == OPEN, START_S, "protect opens R2", site.log)


def told(event: Event) -> str:
    parts = (event.kind, event.subject, event.before, "->", event.after, event.reason, event.text)
    return " ".join(str(part) for part in parts if part)


def seconds_after(entry: outside.Entry, ns: int) -> str:
    return f"{(entry.ns - ns) / 1e9:.2f} s"


def the_controller_measures_and_keeps_its_rhythm(see: See, site: Site) -> None:
    outside.feel(bus_mv=(12960, 12964, 13560, 5000), shunt_uv=(-1500, -1500, 41230, 7))
    time.sleep(2.5)
    began_s, first = time.monotonic(), site.metrics()
    time.sleep(8)
    metrics = site.metrics()
    periods, spent_s = metrics["vigie_periods_total"] - first["vigie_periods_total"], time.monotonic() - began_s
    for number, role in enumerate(("battery", "charge", "load", "spare"), 1):
        volts = [
            value for name, value in metrics.items() if name.startswith("vigie_channel_bus_volts") and role in name
        ]
        amperes = [
            value for name, value in metrics.items() if name.startswith("vigie_channel_current") and role in name
        ]
        see(f"{role} {volts[0]:.3f} V {amperes[0]:+.4f} A")
        assert abs(volts[0] - (12.96, 12.964, 13.56, 5.0)[number - 1]) < 0.003
        assert abs(amperes[0] - (-0.015, -0.015, 0.4123, 0.00007)[number - 1]) < 0.0002
    cpu = "vigie_controller_cpu_seconds_total"
    see(
        f"{periods:.0f} periods in {spent_s:.1f} s, {metrics['vigie_overruns_total']:.0f} overruns, "
        f"{metrics['vigie_failed_periods_total']:.0f} failed; "
        f"{(metrics[cpu] - first[cpu]) / periods:.2f} s of the emulated CPU a period"
    )
    assert abs(periods - spent_s) <= 1.5
    assert metrics["vigie_measurement_valid"] == 1


def killed_in_protect_with_r2_open_no_line_moves_over_death_and_restart(see: See) -> None:
    with Site() as site:
        resting(site)
        wait_for(site.event(EventKind.SWITCHING, "R2", "open"), 10, "R2 in the journal")
        before = outside.levels()
        start = outside.mark("kill -9")
        site.kill()
        after_death = outside.log(start)
        outside.mark("dead")
        assert outside.levels() == before, "the kernel keeps the levels of a dead program"
        outside.mark("starting again")
        site.start()
        wait_for(site.event(EventKind.START, "controller", count=2), START_S, "a second start", site.log)
        wait_for(lambda: site.periods() >= 5, 30, "five periods", site.log)
        outside.mark("five periods on")
        shown(outside.log(start - 1), see, "the kernel's log of the header's lines")
        again = site.events(EventKind.START)[-1]
        see(f"levels before {before}")
        see(f"levels after  {outside.levels()}; adopted {dict(again.data)} in mode {again.after}")
        assert [entry.what for entry in after_death].count("released") == 4
        assert outside.moved(start) == []
        assert outside.levels() == before == OPEN
        found = {"R1": "closed", "R2": "open", "R3": "open", "R4": "closed", "hold_off_s": 0.0}
        assert again.data | found == again.data
        assert site.events(EventKind.FAULT) == []


def killed_in_manual_under_vigie_run_r2_stays_until_observe_decides(see: See, site: Site) -> None:
    """Manual is not resumed (nobody may be there): observe closes R2 in its first period, by a told decision."""
    assert site.order(action="set_mode", mode="manual", manual_s=600)["is_accepted"]
    answer = site.order(action="set_contact", relay="R2", contact="open")
    assert answer["is_accepted"], answer
    wait_for(lambda: outside.levels() == OPEN, 10, "R2 opens by hand", site.log)
    wait_for(site.event(EventKind.SWITCHING, "R2", "open"), 10, "R2 in the journal")
    first = site.controller_pid()
    assert first is not None
    start = outside.mark("kill -9")
    os.kill(first, signal.SIGKILL)
    wait_for(site.event(EventKind.START, "controller"), START_S, "vigie run starts it again", site.log)
    closed = wait_for(site.event(EventKind.SWITCHING, "R2", "closed"), 20, "observe closes R2", site.log)
    shown(outside.log(start - 1), see, "the kernel's log")
    see(told(closed))
    moves = outside.moved(start)
    claimed = [entry for entry in outside.log(start) if entry.what == "claimed"]
    assert [(entry.line, entry.what) for entry in moves] == [("GPIO13", "LEVEL high->low")]
    assert moves[0].ns > claimed[-1].ns
    assert closed.reason == "observing"
    assert site.events(EventKind.START)[-1].data["R2"] == "open"


def stopped_controller_is_restarted_by_vigie_run_and_no_line_moves(see: See, site: Site) -> None:
    wait_for(site.state, 30, "a fresh snapshot on the page", site.log)
    assert site.order(action="set_mode", mode="protect")["is_accepted"]
    wait_for(lambda: outside.levels() == OPEN, 20, "protect opens R2", site.log)
    time.sleep(1.0)  # the mode must be in the journal, from where it is resumed
    first = site.controller_pid()
    assert first is not None
    start = outside.mark("SIGSTOP")
    os.kill(first, signal.SIGSTOP)
    stopped_s = time.monotonic()
    wait_for(lambda: site.controller_pid() not in (None, first), 40, "another controller", site.log)
    spent_s = time.monotonic() - stopped_s
    wait_for(site.event(EventKind.START, "controller"), START_S, "a second start", site.log)
    wait_for(lambda: site.periods() >= 3, 30, "three periods", site.log)
    outside.mark("three periods on")
    shown(outside.log(start - 1), see, "the kernel's log")
    see(f"another process after {spent_s:.1f} s; {outside.levels()}")
    see(next(line for line in site.log().splitlines() if "no sign of life" in line))
    assert 9 <= spent_s <= 25
    assert outside.moved(start) == []
    assert outside.levels() == OPEN


def sigterm_leaves_every_line(see: See, site: Site) -> None:
    start = outside.mark("SIGTERM")
    status = site.stop()
    shown(outside.log(start - 1), see, "the kernel's log")
    assert status == 0, site.log()
    assert outside.moved(start) == []
    assert outside.levels() == OPEN
    assert site.event(EventKind.STOP, "controller")() is not None


def a_lost_battery_chip_closes_r2_and_its_return_opens_it_again(see: See, site: Site) -> None:
    start, since_ns = outside.mark("battery chip gone"), outside.now_ns()
    outside.feel_at("nack", BATTERY, 121)
    wait_for(lambda: outside.levels() == CLOSED, 15, "R2 closes", site.log)
    closed = outside.moved(start)[0]
    fault = wait_for(site.event(EventKind.FAULT, "battery"), 10, "a fault in the journal")
    outside.mark("battery chip back")
    back_ns = outside.now_ns()
    outside.feel_at("nack", BATTERY, 0)
    wait_for(lambda: outside.levels() == OPEN, 15, "R2 opens again", site.log)
    opened = outside.moved(start)[-1]
    shown(outside.log(start - 1), see, "the kernel's log")
    see(told(fault))
    see(
        f"R2 closed {seconds_after(closed, since_ns)} after the loss, "
        f"open {seconds_after(opened, back_ns)} after the return"
    )
    assert [(entry.line, entry.what[6:]) for entry in outside.moved(start)] == [
        ("GPIO13", "high->low"), ("GPIO13", "low->high"),
    ]  # fmt: skip
    assert closed.ns - since_ns < 4e9


def python_slowness() -> float:
    """Return how much slower Python is in here than on the machine of docs/benchmarks.md (at least 1)."""
    began_s = time.perf_counter()
    total = 0
    for number in range(LOOPS):
        total += number
    return max((time.perf_counter() - began_s) / LOOPS_S, 1.0)


def a_mains_that_fails_with_r2_open_closes_it_long_before_the_period_ends(see: See, site: Site) -> None:
    """50 ms where Python runs at its usual speed; here it runs many times slower, and so may this."""
    slowness, took_s = python_slowness(), []
    for number in range(LOSSES):
        outside.heal()
        wait_for(lambda: outside.levels() == OPEN, 20, "R2 rests open", site.log)
        time.sleep(1.0 + number / LOSSES)  # at any moment of a period
        start, since_ns = outside.mark("mains fails"), outside.now_ns()
        outside.feel_at("bus_mv", LOAD, 0)
        wait_for(lambda start=start: outside.moved(start), 5, "R2 closes", site.log)
        took_s.append((outside.moved(start)[0].ns - since_ns) / 1e9)
    middle_s = statistics.median(took_s)
    see(f"Python is {slowness:.1f} times slower in here; R2 closed after {', '.join(f'{one:.3f}' for one in took_s)} s")
    see(f"median {middle_s:.3f} s: {middle_s / slowness * 1e3:.0f} ms at the usual speed")
    assert middle_s <= CLOSES_IN_S * slowness
    assert middle_s < 0.5, "what half a period takes without looking"


def a_lost_spare_chip_changes_nothing_but_its_own_channel(see: See, site: Site) -> None:
    start = outside.mark("spare chip gone")
    outside.feel_at("nack", outside.SPARE, 121)
    fault = wait_for(site.event(EventKind.FAULT, "spare"), 15, "a fault in the journal", site.log)
    failed, periods = site.metric("vigie_failed_periods_total"), site.periods()
    wait_for(lambda: site.periods() >= periods + 3, 15, "three periods", site.log)
    see(told(fault))
    see(f"failed periods {failed:.0f} -> {site.metric('vigie_failed_periods_total'):.0f} over three periods")
    assert site.metric("vigie_failed_periods_total") == failed
    assert outside.moved(start) == []


def a_bus_that_hangs_does_not_keep_the_contacts_from_being_made_safe(see: See, site: Site) -> None:
    """The kernel driver itself sleeps 6 s in one transfer: no timeout of ours can reach it."""
    start, since_ns = outside.mark("bus hangs 6 s"), outside.now_ns()
    outside.feel_at("hang_ms", LOAD, 6000)
    wait_for(lambda: outside.levels() == CLOSED, 5, "R2 closes while the bus hangs", site.log)
    outside.feel_at("hang_ms", LOAD, 0)
    closed = outside.moved(start)[0]
    fault = wait_for(site.event(EventKind.FAULT, "bus"), 10, "a fault in the journal")
    periods, asked_s = site.periods(), time.monotonic()
    time.sleep(2)
    while_hanging = site.periods() - periods, time.monotonic() - asked_s
    cleared = wait_for(site.event(EventKind.FAULT_CLEARED, "bus"), 20, "the bus comes back", site.log)
    wait_for(lambda: outside.levels() == OPEN, 15, "R2 opens again", site.log)
    shown(outside.log(start - 1), see, "the kernel's log")
    see(told(fault))
    see(f"R2 closed {seconds_after(closed, since_ns)} after the hang began; {told(cleared)}")
    see(f"periods while it hung: {while_hanging[0]} in {while_hanging[1]:.1f} s")
    assert closed.ns - since_ns < 4e9
    assert while_hanging[0] >= 1


def a_chip_that_holds_the_clock_makes_the_contacts_safe_and_comes_back(see: See, site: Site) -> None:
    start, since_ns = outside.mark("clock held"), outside.now_ns()
    outside.feel_at("stall_ms", CHARGE, 5000)
    wait_for(lambda: outside.levels() == CLOSED, 10, "R2 closes", site.log)
    closed = outside.moved(start)[0]
    time.sleep(3)
    back_ns = outside.now_ns()
    outside.feel_at("stall_ms", CHARGE, 0)
    wait_for(lambda: outside.levels() == OPEN, 20, "R2 opens again", site.log)
    opened = outside.moved(start)[-1]
    for event in site.events(EventKind.FAULT, EventKind.FAULT_CLEARED):
        see(told(event))
    see(
        f"R2 closed after {seconds_after(closed, since_ns)}, "
        f"open again {seconds_after(opened, back_ns)} after it let go"
    )
    assert closed.ns - since_ns < 4e9


def a_spare_chip_that_holds_the_clock_costs_the_others_at_most_two_periods(see: See, site: Site) -> None:
    failed = site.metric("vigie_failed_periods_total")
    outside.feel_at("stall_ms", outside.SPARE, 5000)
    periods = site.periods()
    wait_for(lambda: site.periods() >= periods + 6, 20, "six periods", site.log)
    failed = site.metric("vigie_failed_periods_total") - failed
    outside.feel_at("stall_ms", outside.SPARE, 0)
    wait_for(site.event(EventKind.FAULT_CLEARED, "spare"), 20, "the spare chip is good again", site.log)
    for event in site.events(EventKind.FAULT, EventKind.FAULT_CLEARED, EventKind.SWITCHING):
        see(told(event))
    see(f"{failed:.0f} of six periods failed")
    assert failed <= 2


def a_chip_that_lost_its_supply_is_told_and_moves_nothing(see: See, site: Site) -> None:
    start = outside.mark("power cut")
    outside.cut_power(CHARGE)
    fault = wait_for(site.event(EventKind.FAULT, "charge", "reset"), 15, "a reset in the journal", site.log)
    cleared = wait_for(site.event(EventKind.FAULT_CLEARED, "charge"), 15, "and its end", site.log)
    see(f"{told(fault)} {dict(fault.data)}")
    see(told(cleared))
    assert outside.moved(start) == []


def jumps_of_the_calendar_miss_no_period_and_are_in_the_journal(see: See, site: Site) -> None:
    wait_for(lambda: site.periods() >= 3, 30, "three periods", site.log)
    start = outside.mark("calendar jumps")
    began_s, first, overruns = time.monotonic(), site.periods(), site.metric("vigie_overruns_total")
    for step in ("+3600", "-3600", "-3600", "+3600"):
        subprocess.run(["date", "-s", f"@{time.time() + float(step):.0f}"], check=True, stdout=subprocess.DEVNULL)
        time.sleep(4)
    spent_s, periods = time.monotonic() - began_s, site.periods() - first
    late = site.metric("vigie_overruns_total") - overruns
    wait_for(lambda: len(site.events(EventKind.CLOCK)) >= 4, 10, "four events", site.log)
    clocks = site.events(EventKind.CLOCK)
    for event in clocks:
        see(told(event))
    see(
        f"{periods} periods in {spent_s:.1f} s, {late:.0f} overruns; "
        f"measurement valid: {site.metric('vigie_measurement_valid'):.0f}"
    )
    assert abs(periods - spent_s) <= 1.5 + late
    steps = sorted(float(event.data["step_s"]) for event in clocks)
    assert all(abs(abs(step) - 3600) < 3 for step in steps), steps
    assert [step > 0 for step in steps] == [False, False, True, True]
    assert outside.moved(start) == []


def without_its_bus_the_controller_starts_holds_the_contacts_and_takes_the_bus_when_it_comes(see: See) -> None:
    after_power_on()
    subprocess.run(["rmmod", "i2c_vigie"], check=True)
    try:
        with Site("observe").start() as site:
            fault = wait_for(site.event(EventKind.FAULT, "bus"), START_S, "the missing bus in the journal", site.log)
            see(told(fault))
            assert "/dev/i2c-1 does not exist (found: none)" in fault.text
            wait_for(lambda: site.periods() >= 3, 30, "three periods", site.log)
            assert outside.levels() == CLOSED
            subprocess.run(["insmod", "/share/i2c_vigie.ko"], check=True)
            outside.heal()
            cleared = wait_for(site.event(EventKind.FAULT_CLEARED, "bus"), 20, "the bus comes", site.log)
            wait_for(lambda: site.metric("vigie_measurement_valid") == 1, 15, "a valid measurement", site.log)
            see(f"{told(cleared)}; {site.metric('vigie_periods_total'):.0f} periods")
    finally:
        if not outside.CHIPS.exists():
            subprocess.run(["insmod", "/share/i2c_vigie.ko"], check=True)


def with_a_line_held_by_another_program_the_controller_says_which_and_ends(see: See) -> None:
    after_power_on()
    start = outside.mark("GPIO13 taken")
    with another_program_holds_gpio13(), Site("observe").start() as site:
        assert site.process is not None
        status = site.process.wait(START_S)
        said = site.log().strip().splitlines()[-1]
        see(f"exit status {status}: {said}")
        assert status == 5
        assert "GPIO13 is taken by 'fan-control'" in said
        assert re.search("GPIO13", site.events(EventKind.FAULT)[-1].text)
    assert outside.moved(start) == []


ALONE = (
    killed_in_protect_with_r2_open_no_line_moves_over_death_and_restart,
    without_its_bus_the_controller_starts_holds_the_contacts_and_takes_the_bus_when_it_comes,
    with_a_line_held_by_another_program_the_controller_says_which_and_ends,
)
"""Cases that start processes of their own."""

ON_ONE_CONTROLLER = (
    the_controller_measures_and_keeps_its_rhythm,
    a_lost_battery_chip_closes_r2_and_its_return_opens_it_again,
    a_mains_that_fails_with_r2_open_closes_it_long_before_the_period_ends,
    a_lost_spare_chip_changes_nothing_but_its_own_channel,
    a_bus_that_hangs_does_not_keep_the_contacts_from_being_made_safe,
    a_chip_that_holds_the_clock_makes_the_contacts_safe_and_comes_back,
    a_spare_chip_that_holds_the_clock_costs_the_others_at_most_two_periods,
    a_chip_that_lost_its_supply_is_told_and_moves_nothing,
    jumps_of_the_calendar_miss_no_period_and_are_in_the_journal,
    sigterm_leaves_every_line,
)
"""Cases one after the other on ``vigie controller`` that rests in protect with R2 open."""

UNDER_VIGIE_RUN = (
    killed_in_manual_under_vigie_run_r2_stays_until_observe_decides,
    stopped_controller_is_restarted_by_vigie_run_and_no_line_moves,
)
"""Cases on ``vigie run``, with the web process that takes orders."""


def run(table: Table) -> None:
    """Run the cases of the controller."""
    for case in ALONE:
        outside.heal()
        table.run(case)
    outside.heal()
    with Site() as site:
        resting(site)
        for case in ON_ONE_CONTROLLER:
            outside.heal()
            wait_for(lambda: outside.levels() == OPEN, 20, "R2 rests open", site.log)
            run_on(table, site, case)
    outside.heal()
    after_power_on()
    with Site("last").start("run") as site:
        wait_for(site.state, 120, "a fresh snapshot on the page", site.log)
        for case in UNDER_VIGIE_RUN:
            run_on(table, site, case)


def run_on(table: Table, site: Site, case: Callable[[See, Site], None]) -> None:
    """Run one case on processes that are up; it sees its own events only."""
    time.sleep(1.0)  # the journal's batch
    site.begin_anew()
    table.run(partial(case, site=site), case.__name__)
