"""The air around a simulated battery."""

from bisect import bisect_right
from itertools import pairwise
from math import isfinite, pi, sin

from vigie.errors import SettingsError
from vigie.plant.site import AmbientSettings
from vigie.units import SECONDS_PER_DAY, SECONDS_PER_HOUR
from vigie.wording.dialogue import spoken

WARMEST_HOUR = 15.0
COLDEST_C, HOTTEST_C = -60.0, 100.0


class Air:
    """Its temperature in the world's seconds: a day's swing, or a course given point by point."""

    def __init__(self, settings: AmbientSettings) -> None:
        """Prepare the course.

        Raises:
            SettingsError: its times do not rise, it is no weather, or its last one is not before it begins again.
        """
        self._settings = settings
        self._times_s = [point[0] for point in settings.course]
        self._points_c = [point[1] for point in settings.course]
        if not all(isfinite(number) for point in settings.course for number in point):
            raise SettingsError(spoken("ambient.course holds something that is not a finite number"))
        for celsius in self._points_c:
            if not COLDEST_C <= celsius <= HOTTEST_C:
                raise SettingsError(
                    spoken(
                        "ambient.course holds {celsius:g} degC, outside {coldest:g}..{hottest:g} degC: a battery is "
                        "not simulated there",
                        celsius=celsius,
                        coldest=COLDEST_C,
                        hottest=HOTTEST_C,
                    )
                )
        for before_s, after_s in pairwise(self._times_s):
            if after_s <= before_s:
                raise SettingsError(
                    spoken(
                        "ambient.course goes from {before_s} s to {after_s} s: its times must rise",
                        before_s=before_s,
                        after_s=after_s,
                    )
                )
        if self._times_s and 0.0 < settings.course_every_s <= self._times_s[-1]:
            raise SettingsError(
                spoken(
                    "ambient.course lasts {lasts_s} s and begins again after {every_s} s: make course_every_s longer, "
                    "or 0 for once",
                    lasts_s=self._times_s[-1],
                    every_s=settings.course_every_s,
                )
            )

    def celsius(self, now_s: float) -> float:
        """Return the temperature at ``now_s``."""
        if self._times_s:
            every_s = self._settings.course_every_s
            return self._on_course_c(now_s % every_s if every_s else now_s)
        hour = now_s % SECONDS_PER_DAY / SECONDS_PER_HOUR
        swing_c = self._settings.swing_c * sin((hour - WARMEST_HOUR + 6.0) * pi / 12.0)
        return self._settings.mean_c + swing_c

    def _on_course_c(self, now_s: float) -> float:
        after = bisect_right(self._times_s, now_s)
        if after == 0:
            return self._points_c[0]
        if after == len(self._times_s):
            return self._points_c[-1]
        share = (now_s - self._times_s[after - 1]) / (self._times_s[after] - self._times_s[after - 1])
        return self._points_c[after - 1] + share * (self._points_c[after] - self._points_c[after - 1])
