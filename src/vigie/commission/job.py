"""What a step works with."""

from typing import NamedTuple

from vigie.commission.coils import Coils
from vigie.commission.known import CommissioningFinding, Known, Limits
from vigie.commission.person import Person
from vigie.plant.bench import Bench


class CommissioningJob(NamedTuple):
    """One commissioning under way."""

    bench: Bench
    person: Person
    limits: Limits
    coils: Coils
    known: Known

    def note(self, subject: str, text: str, *evidence: str, is_weak: bool = False) -> None:
        """Keep a finding and tell it."""
        self.known.findings.append(CommissioningFinding(subject, text, evidence, is_weak))
        self.person.tell(text, is_weak=is_weak)
