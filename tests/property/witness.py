"""The interlocks 1 to 6 of the specification, stated once more and independently: no function of the product is called.

A witness looks on period by period at what was measured, ordered and decided, and remembers what it needs by itself.
"""

from vigie.control.interlocks import Latch
from vigie.control.signals import ChannelMean, Contact, Contacts, Measurement, Status, Sweep, Wiring
from vigie.control.supervisor import Action, Decision, Order, SupervisorSettings

OPEN = Contact.OPEN
CLOSED = Contact.CLOSED


def mains_as_measured(image: Measurement, settings: SupervisorSettings) -> str:
    """Return "cut", "absent", "present" or "unknown": what V2, V3 and the line of R1 show."""
    rules = settings.mains
    if image.contacts.r1 == OPEN:
        return "cut"
    v2_a = image.charge.current_a if image.charge.is_valid else None
    v3_v = image.load.bus_v if image.load.is_valid else None
    if v2_a is not None and is_still(image.charge, settings):
        is_fed = v3_v is not None and v3_v >= rules.supply_present_v
        is_unfed = v3_v is not None and v3_v < rules.supply_present_v
        if (v2_a >= rules.charging_a and not is_fed) or (v2_a <= -rules.discharging_a and not is_unfed):
            v2_a = None
    if v2_a is not None and v2_a <= -rules.discharging_a:
        return "absent"
    if v2_a is not None and v2_a >= rules.charging_a and image.contacts.r2 == CLOSED:
        return "present"
    if v2_a is not None and v3_v is None and rules.present_unless_discharging:
        return "present"
    if v3_v is None:
        return "unknown"
    return "present" if v3_v >= rules.supply_present_v else "absent"


def is_still(mean: ChannelMean, settings: SupervisorSettings) -> bool:
    """Return whether a channel has not moved for too long to stand alone."""
    return 0.0 < settings.mains.alone_still_s <= mean.still_s


def is_fed_past_r2(image: Measurement, settings: SupervisorSettings) -> bool:
    """Return whether a drill shows no supply, and nothing through V2."""
    rules = settings.mains
    has_supply = not image.load.is_valid or image.load.bus_v >= rules.supply_present_v
    gives = not image.charge.is_valid or image.charge.lowest_a <= -rules.discharging_a
    return image.contacts.r1 == OPEN and not has_supply and not gives


class Steadiness:
    """A memory of its own of what the mains has proven: since when it stands, and how long it must after its losses."""

    def __init__(self, settings: SupervisorSettings, hold_off_s: float, is_away: bool) -> None:
        self.rules = settings.mains
        self.needed_s = hold_off_s
        self.is_away = is_away
        self.stands_since_s: float | None = None

    def see(self, now_s: float, shown: str) -> None:
        """Take note of a period that shows the mains standing, lost, or neither."""
        longest_s = max(self.rules.longest_steady_s, self.rules.steady_s)
        if shown == "stands":
            self.is_away = False
            if self.stands_since_s is None:
                self.stands_since_s = now_s
            elif now_s - self.stands_since_s >= longest_s:
                self.needed_s = 0.0
            return
        self.stands_since_s = None
        if shown == "lost" and not self.is_away:
            self.is_away = True
            doubled_s = min(max(2.0 * self.needed_s, self.rules.steady_s), longest_s)
            self.needed_s = doubled_s if self.rules.steady_s > 0.0 else 0.0

    def has_proven(self, now_s: float) -> bool:
        if self.stands_since_s is None:
            return self.needed_s == 0.0
        return now_s - self.stands_since_s >= self.needed_s


class Witness:
    """Raises AssertionError, naming the interlock, when a decision breaks one."""

    def __init__(
        self,
        settings: SupervisorSettings,
        found: Contacts,
        r1_moved_s: float,
        latch: Latch,
        *,
        hold_off_s: float,
        is_away: bool,
    ) -> None:
        self.settings = settings
        self.commanded = found
        self.r1_moved_s = r1_moved_s
        self.is_latched = latch.is_set
        self.is_acknowledged = latch.is_acknowledged
        self.recent_heat: list[bool] = []
        self.steadiness = Steadiness(settings, hold_off_s, is_away)
        self.awaits_supply = False
        """R1 has closed after a drill, and the supply has not been seen since."""

    def hear(self, orders: tuple[Order, ...]) -> None:
        """Take note of the orders given before the period's decision."""
        for order in orders:
            if order.action == Action.ACKNOWLEDGE and self.is_latched:
                self.is_acknowledged = True
            if order.action == Action.SET_CONTACT and order.relay.name in ("R3", "R4"):
                self.commanded = self.commanded._replace(**{order.relay.name.lower(): order.contact})

    def see(self, sweeps: tuple[Sweep, ...], image: Measurement, decision: Decision) -> None:
        """Judge a period's decision."""
        v3_v = [sweep.load.bus_v for sweep in sweeps if sweep.load.status == 0 and sweep.load.bus_v <= 20.0]
        v2_a = [sweep.charge.shunt_v / 0.1 for sweep in sweeps if sweep.charge.status == 0]
        rules = self.settings.mains
        self.stands_v3 = min(v3_v, default=0.0) >= rules.supply_present_v
        if not image.load.is_valid:
            self.stands_v3 = rules.present_unless_discharging
        self.gives_v2 = not image.charge.is_valid or min(v2_a, default=-9.0) <= -rules.discharging_a
        self._feel(image)
        mains = mains_as_measured(image, self.settings)
        self.steadiness.see(image.now_s, self._shown(image, mains))
        self._judge_both(image, decision)
        if decision.contacts.r2 == OPEN:
            self._judge_open_r2(image, decision, mains)
        if decision.contacts.r1 == OPEN:
            self._judge_open_r1(image, decision, mains)
        self._judge_latch(image, decision, mains)
        self._judge_lost(image, decision)
        assert decision.contacts[2:] == self.commanded[2:], "6: R3 and R4 move by order only"
        if decision.contacts.r1 != self.commanded.r1:
            self.r1_moved_s = image.now_s
            self.awaits_supply = decision.contacts.r1 == CLOSED
        self.awaits_supply = self.awaits_supply and mains != "present"
        self.commanded = decision.contacts

    def _feel(self, image: Measurement) -> None:
        limits = self.settings.interlocks
        if image.temperature.status != Status.GOOD:
            return
        is_over = image.temperature.celsius > limits.temperature_limit_c
        if not self.is_latched:
            self.recent_heat = [*self.recent_heat, is_over][-5:]
            if sum(self.recent_heat) >= limits.hot_periods:
                self.is_latched, self.is_acknowledged, self.recent_heat = True, False, []
            return
        is_cool = image.temperature.celsius < limits.temperature_limit_c - limits.temperature_release_k
        if self.is_acknowledged and is_cool:
            self.is_latched = self.is_acknowledged = False

    def _shown(self, image: Measurement, mains: str) -> str:
        if mains == "present" and self.stands_v3:
            return "stands"
        is_settling = self.awaits_supply and image.now_s - self.r1_moved_s < self.settings.mains.settling_s
        if mains == "absent" and not is_settling:
            return "lost"
        has_fallen = mains == "present" and image.load.is_valid and image.contacts.r2 == OPEN
        return "lost" if has_fallen else "neither"

    def _judge_both(self, image: Measurement, decision: Decision) -> None:
        if self.settings.wiring != Wiring.LINE:
            return
        told = (decision.contacts.r1, decision.contacts.r2)
        assert told != (OPEN, OPEN), "1: R1 and R2 told to be open together"
        assert (told[0], image.contacts.r2) != (OPEN, OPEN), "1: R1 told to open while R2 reads open"
        assert (image.contacts.r1, told[1]) != (OPEN, OPEN), "1: R2 told to open while R1 reads open"

    def _judge_open_r2(self, image: Measurement, decision: Decision, mains: str) -> None:
        assert not self.settings.r2_may_black_out, "2: R2 open although that could leave the site dark for good"
        if self.settings.wiring == Wiring.CHARGE_ONLY and decision.contacts.r1 == OPEN:
            if self.commanded.r2 == CLOSED or image.contacts.r2 == CLOSED:
                assert is_fed_past_r2(image, self.settings), "3: R2 opens in a drill that proves no charge_only"
                rules = self.settings.mains
                assert image.now_s - self.r1_moved_s >= rules.settling_s, "3: R2 opens before the supply is gone"
            return  # the battery feeds the loads past R2, and the supply is cut by us
        if mains == "present":
            is_alone = image.load.is_valid and is_still(image.load, self.settings)
            assert not is_alone, "2: R2 is open with a V3 that stands still"
        if self.commanded.r2 == CLOSED or image.contacts.r2 == CLOSED:
            assert mains == "present", f"2: R2 opens with the mains {mains}"
            assert self.steadiness.has_proven(image.now_s), "2: R2 opens before the mains has proven itself"
            if self.settings.wiring == Wiring.LINE:
                assert image.charge.is_valid, "2: R2 opens without V2, on what may be surface charge"
                assert not self.gives_v2, "2: R2 opens although the battery gave in a sweep"
                assert self.stands_v3, "2: R2 opens with V3 sinking"
        elif self.is_latched:
            held = (
                ("present", "unknown", "cut") if self.settings.wiring == Wiring.CHARGE_ONLY else ("present", "unknown")
            )
            assert mains in held, f"4: R2 stays open with the mains {mains}"
        else:
            assert mains == "present", f"2: R2 stays open with the mains {mains}"
        if self.settings.wiring == Wiring.LINE and mains == "present":
            assert self.stands_v3, "2: R2 is open with V3 sinking"

    def _judge_open_r1(self, image: Measurement, decision: Decision, mains: str) -> None:
        limits = self.settings.interlocks
        assert image.is_valid, "3, 5: R1 open without a measurement"
        assert not self.is_latched, "3: R1 open with a hot battery"
        if self.commanded.r1 == OPEN:
            assert image.battery.bus_v >= limits.floor_v, "3: R1 stays open with the battery under the floor"
            assert not image.load.bus_v < limits.load_floor_v, "3: R1 stays open with dark loads"
            assert image.now_s - self.r1_moved_s < limits.longest_drill_s, "3: the drill is too long"
            return
        assert (self.commanded.r2, image.contacts.r2) == (CLOSED, CLOSED), "3: R1 opens beside an open R2"
        assert mains == "present", f"3: R1 opens with the mains {mains}"
        assert image.battery.bus_v >= limits.proof_v, "3: R1 opens on a low V1"
        assert not image.charge.is_valid or image.charge.bus_v >= limits.proof_v, "3: R1 opens on a low V2"

    def _judge_latch(self, image: Measurement, decision: Decision, mains: str) -> None:
        can_open = mains == "present" and not (image.load.is_valid and is_still(image.load, self.settings))
        is_opening = self.commanded.r2 == CLOSED or image.contacts.r2 == CLOSED
        if self.settings.wiring == Wiring.LINE:
            can_open = can_open and self.stands_v3 and not (is_opening and self.gives_v2)
        if is_opening:
            can_open = can_open and self.steadiness.has_proven(image.now_s)
        if self.is_latched and can_open and not self.settings.r2_may_black_out:
            assert decision.contacts.r2 == OPEN, "4: R2 closed with a hot battery and the mains present"
        if self.is_latched and mains == "absent":
            assert decision.contacts.r2 == CLOSED, "4: R2 open with a hot battery and no mains"

    def _judge_lost(self, image: Measurement, decision: Decision) -> None:
        if not image.is_valid:
            assert decision.contacts.r1 == CLOSED, "5: R1 open without a measurement"
            assert decision.contacts.r2 == CLOSED or self.is_latched, "5: R2 open without a measurement"
