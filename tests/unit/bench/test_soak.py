"""The soak's judgement: a line through all samples, so that neither the warm-up nor one moment decides."""

import os
import random

from bench.soak import ALLOWED_MB, EVERY_S, Grown, Sample, judged, sampled, warm_up_s

HOUR_S = 3600.0


def samples(minutes: float, leak_mb_per_h: float, extra_mb: float = 0.0) -> list[Sample]:
    """Return what a process of 50 MB holds whose heap swings by half a megabyte and settles in ten minutes."""
    chance = random.Random(9)
    times_s = [EVERY_S * number for number in range(1, int(minutes * 60.0 / EVERY_S) + 1)]
    held = [50.0 + 4.0 * min(at_s / 600.0, 1.0) + leak_mb_per_h * at_s / HOUR_S for at_s in times_s]
    held[-1] += extra_mb
    own_mb = [one + chance.uniform(-0.5, 0.5) for one in held]
    return [Sample(at_s, 3.0 + own, own) for at_s, own in zip(times_s, own_mb, strict=True)]


def of_two_hours(leak_mb_per_h: float, extra_mb: float = 0.0) -> Grown:
    return judged("controller", samples(120.0, leak_mb_per_h, extra_mb), warm_up_s(120.0 * 60.0))


def test_what_is_made_once_in_the_first_ten_minutes_is_no_growth() -> None:
    grown = of_two_hours(0.0)
    assert not grown.is_growing
    assert abs(grown.rise_mb) < 0.3


def test_a_leak_of_a_megabyte_an_hour_is_seen_with_its_size() -> None:
    grown = of_two_hours(1.0)
    assert grown.is_growing
    assert abs(grown.rise_mb - 110.0 / 60.0) < 0.3
    assert abs(grown.percent_per_h - 100.0 / 57.2) < 0.3
    assert grown.last_mb - grown.first_mb > ALLOWED_MB


def test_one_sample_at_a_bad_moment_decides_nothing() -> None:
    assert not of_two_hours(0.0, extra_mb=8.0).is_growing


def test_a_short_run_is_judged_from_its_first_third_on() -> None:
    assert (warm_up_s(600.0), warm_up_s(7200.0)) == (200.0, 600.0)


def test_the_kernel_says_what_a_process_has_for_itself() -> None:
    before = sampled(os.getpid(), 0.0)
    held = bytearray(os.urandom(20_000_000))
    after = sampled(os.getpid(), 1.0)
    assert 19.0 < after.own_mb - before.own_mb < 42.0, len(held)
    assert after.own_mb < after.pss_mb
