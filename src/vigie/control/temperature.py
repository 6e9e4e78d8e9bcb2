"""Which temperatures are believed: sensors have words for "nothing" that look like temperatures."""

import math

from vigie.control.signals import Status, Temperature

WORDS_FOR_NOTHING_C = (0.0, 85.0, -0.0625, -0.0078125)
"""An all-zero scratchpad (data line held low), a DS18B20 just powered, and all bits set in steps of 1/16 and 1/128 K.

Others (-127, 127.94, 255) are no temperatures a battery can have, and out of the plausible range already.
"""

CREDIBLE_STEP_K = 5.0
"""A battery that truly comes to 0 or 85 degC was near it a reading before."""


def believed(temperature: Temperature, last_c: float, lowest_c: float, highest_c: float) -> Temperature:
    """Return the temperature, or IMPLAUSIBLE without a value.

    A word for "nothing" is believed only where the last believed temperature was within :data:`CREDIBLE_STEP_K` of it.

    Args:
        temperature: as the sensor gave it.
        last_c: last believed; NaN when there is none.
        lowest_c: plausible range.
        highest_c: see above.
    """
    if temperature.status != Status.GOOD:
        return Temperature(math.nan, temperature.status)
    celsius = temperature.celsius
    is_possible = lowest_c <= celsius <= highest_c
    for word_c in WORDS_FOR_NOTHING_C:
        if celsius == word_c and not abs(celsius - last_c) <= CREDIBLE_STEP_K:
            is_possible = False
    return temperature if is_possible else Temperature(math.nan, int(Status.IMPLAUSIBLE))


def remembered_c(temperature: Temperature, last_c: float) -> float:
    """Return the last believed temperature after this one."""
    return temperature.celsius if temperature.status == Status.GOOD else last_c
