"""The whole walk: every step asked for, every end with safe contacts."""

from vigie.commission.calibration import CalibrateInDrill, CalibrateOnCharge
from vigie.commission.channels import FindChannels
from vigie.commission.coils import Coils
from vigie.commission.job import CommissioningJob
from vigie.commission.known import Known, Limits
from vigie.commission.person import Person, Stopped, Topic
from vigie.commission.relays import FindRelays
from vigie.commission.steps import AskFacts, FindBoards, ReadChips, Step
from vigie.plant.bench import Bench
from vigie.wording.dialogue import spoken


def steps() -> tuple[Step, ...]:
    """Return the steps in order; each relies on what those before it have found."""
    return (
        FindBoards(),
        AskFacts(),
        ReadChips(),
        FindRelays(),
        FindChannels(),
        CalibrateOnCharge(),
        CalibrateInDrill(),
    )


def commission(bench: Bench, person: Person, limits: Limits, coils: Coils) -> Known:
    """Walk through all steps and return what was found.

    However it ends, R1 and R2 are closed as far as they are known, and other coils are as they were found.

    Args:
        bench: the boards.
        person: asked before each step.
        limits: from the settings.
        coils: those of the bench; afterwards they know R1 and R2.

    Raises:
        Stopped: the person did not want a step.
        Refused: a step cannot be done, or not without a risk for the loads.
        HardwareError: a board stopped answering.
    """
    job = CommissioningJob(bench, person, limits, coils, Known())
    all_steps = steps()
    try:
        for number, step in enumerate(all_steps, 1):
            title = spoken(step.title)
            person.begin(number, len(all_steps), title, step.effect)
            if not person.agrees(Topic.GO_ON, spoken("Go on?")):
                raise Stopped(
                    spoken("stopped before step {number} ({title}); nothing was written", number=number, title=title)
                )
            step.run(job)
    finally:
        coils.make_safe()
    return job.known
