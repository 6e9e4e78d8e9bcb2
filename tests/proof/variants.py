"""Under which settings the exploration runs."""

from collections.abc import Iterator

from tests.proof.world import Site
from tests.unit.control.process_images import CLOSED, configured
from vigie.control.mains import MainsSettings
from vigie.control.modes.manual import ManualSettings
from vigie.control.modes.wish import MinimumTimes
from vigie.control.signals import Contact, Wiring
from vigie.control.supervisor import SupervisorSettings


def small(wiring: Wiring, blackout: bool, *, drill: int = 3, minimum: int = 2, manual: int = 3) -> SupervisorSettings:
    """Return the default thresholds with times of a few periods: short, so that every age can be visited."""
    settings = configured(
        wiring,
        blackout=blackout,
        times=MinimumTimes(float(minimum), float(minimum), 0.0),
        manual=ManualSettings(float(manual - 1), float(manual)),
        mains=MainsSettings(settling_s=2.0, steady_s=2.0, longest_steady_s=5.0),
    )
    return settings._replace(interlocks=settings.interlocks._replace(longest_drill_s=float(drill)))


def controls() -> Iterator[tuple[str, SupervisorSettings]]:
    """Yield the settings that differ for the supervisor."""
    yield "line", small(Wiring.LINE, False)
    yield "line, blackout refused", small(Wiring.LINE, True)
    yield "charge_only", small(Wiring.CHARGE_ONLY, False)


def _with_heat_in(periods: int, settings: SupervisorSettings) -> SupervisorSettings:
    return settings._replace(interlocks=settings.interlocks._replace(hot_periods=periods))


def finer() -> Iterator[tuple[str, SupervisorSettings]]:
    """Yield longer times, and thresholds in other orders than the defaults', which only the long proof visits."""
    for wiring in Wiring:
        name = wiring.name.lower()
        yield f"{name}, longer times", small(wiring, False, drill=6, minimum=4, manual=5)
        yield f"{name}, heat in two of five", _with_heat_in(2, small(wiring, False))
        yield f"{name}, no minimum times", small(wiring, False, minimum=0)
        high = small(wiring, False)
        yield f"{name}, proof above the charge's end", high._replace(interlocks=high.interlocks._replace(proof_v=13.1))
        yield (
            f"{name}, floor above the discharge's end",
            high._replace(interlocks=high.interlocks._replace(floor_v=12.55)),
        )
        yield (
            f"{name}, one voltage for all",
            high._replace(
                interlocks=high.interlocks._replace(floor_v=12.4, proof_v=12.4),
                modes=high.modes._replace(protect=high.modes.protect._replace(open_above_v=12.9, close_below_v=12.4)),
            ),
        )


def quick_sites() -> tuple[Site, ...]:
    """Return the sites without those that differ only in an R2 that the battery does not need to feed the loads."""
    return tuple(
        site
        for site in sites()
        if site.wiring == Wiring.LINE or not site.lives_on_loads or site.r1_at_rest == site.r2_at_rest
    )


def sites() -> Iterator[Site]:
    """Yield every way to screw an installation together that can differ."""
    for wiring in Wiring:
        yield Site(wiring, False, CLOSED, CLOSED, False)
        for r1_at_rest in Contact:
            for r2_at_rest in Contact:
                site = Site(wiring, True, r1_at_rest, r2_at_rest, False)
                yield site
                if site.r2_may_black_out:
                    yield site._replace(is_risk_accepted=True)
