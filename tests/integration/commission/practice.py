"""Wrongly wired installations to commission, their loads watched by a witness that misses nothing."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from vigie.clock import SimulatedClock
from vigie.commission.coils import Coils
from vigie.commission.known import Known, Limits
from vigie.commission.person import Topic
from vigie.commission.procedure import commission
from vigie.commission.unattended import Unattended
from vigie.control.signals import Contact, Relay
from vigie.hardware.meter import Capability
from vigie.hardware.relay_board import ContactKind
from vigie.plant.bench import DriverBench, Sensed
from vigie.plant.emulated_site import EmulatedSite
from vigie.plant.installation import Installation
from vigie.plant.meter_chips import METER_CHIPS
from vigie.plant.miswired import MiswiringSettings
from vigie.plant.rig import Boards, RigSettings, relay_wiring
from vigie.plant.site import BatterySettings, InstallationSettings

LIMITS = Limits(supply_v=13.2, proof_v=12.5, floor_v=11.8, load_floor_v=10.5, settling_s=10.0)
RIG = RigSettings(ContactKind.NC, ContactKind.NC, boards=Boards.EMULATED)
SITE = InstallationSettings(battery=BatterySettings(start_soc=0.8))


class WitnessedInstallation(Installation):
    """Sums up for how long its loads had no voltage; a world that begins dark counts from its first light."""

    def __init__(self, settings: InstallationSettings, meter: Capability) -> None:
        super().__init__(settings, meter)
        self.dark_s = 0.0
        self.was_lit = False
        self.movements: list[tuple[float, Relay, Contact]] = []

    def advance_to(self, now_s: float) -> None:
        if now_s > self.now_s and self.was_lit and not self.loads_are_powered:
            self.dark_s += now_s - self.now_s
        super().advance_to(now_s)

    def set_contact(self, relay: Relay, contact: Contact) -> None:
        if self.contacts[relay] != contact:
            self.movements.append((self.now_s, relay, contact))
        super().set_contact(relay, contact)


class Scripted(Unattended):
    """Answers some questions otherwise, and looks at the installation at every question."""

    def __init__(
        self, site: EmulatedSite, answers: Mapping[Topic, object], at_question: Callable[[Topic], None]
    ) -> None:
        self.said: list[str] = []
        self.weak: list[str] = []
        self._answers = answers
        self._at_question = at_question
        super().__init__(site, "independent", self._keep)

    def _keep(self, text: str, is_weak: bool) -> None:
        (self.weak if is_weak else self.said).append(text)

    def agrees(self, topic: Topic, question: str) -> bool:
        self._at_question(topic)
        return bool(self._answers.get(topic, super().agrees(topic, question)))

    def choose(self, topic: Topic, question: str, options: Mapping[str, str]) -> str:
        self._at_question(topic)
        return str(self._answers.get(topic, super().choose(topic, question, options)))

    def number(self, topic: Topic, question: str, unit: str, meanwhile: Callable[[], None] | None) -> float:
        self._at_question(topic)
        answer = self._answers.get(topic)
        if callable(answer):
            assert meanwhile is not None
            meanwhile()
            return float(answer())
        return super().number(topic, question, unit, meanwhile) if answer is None else float(str(answer))


class Practice(NamedTuple):
    """One installation and who commissions it."""

    clock: SimulatedClock
    installation: WitnessedInstallation
    site: EmulatedSite
    bench: DriverBench
    limits: Limits
    coils: Coils
    person: Scripted

    def run(self) -> Known:
        return commission(self.bench, self.person, self.limits, self.coils)


def practice(
    miswiring: MiswiringSettings = MiswiringSettings(),  # noqa: B008 - immutable
    settings: InstallationSettings = SITE,
    answers: Mapping[Topic, object] | None = None,
    at_question: Callable[[Topic], None] = lambda topic: None,
    rig: RigSettings = RIG,
    energised: Sequence[int] = (),
) -> Practice:
    """Build an installation as a program that ran before has left it: with these coils energised."""
    clock = SimulatedClock(float("inf"), 0.0)
    meter = METER_CHIPS[rig.meter].capability
    limits = LIMITS._replace(shunt_ohm=settings.shunt_ohm, meter=meter)
    installation = WitnessedInstallation(settings, meter)
    site = EmulatedSite(installation, rig, miswiring, clock)
    for coil in energised:
        site.boards.gpio.drive(site.boards.gpio.names.index(relay_wiring(rig)[coil].line), True)
    installation.was_lit = installation.loads_are_powered
    installation.movements.clear()
    bench = DriverBench(
        rig,
        clock,
        open_bus=site.boards.bus.open,
        open_chips=lambda: [site.boards.gpio],
        thermometers=lambda: [Sensed("emulated", "", site.celsius())],
    )
    return Practice(
        clock,
        installation,
        site,
        bench,
        limits,
        Coils(bench, limits),
        Scripted(site, {} if answers is None else answers, at_question),
    )
