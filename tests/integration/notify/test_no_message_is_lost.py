"""Whatever comes together: every alarm reaches its receiver, once."""

import contextlib
import random
import re
from collections import Counter
from collections.abc import Callable

import pytest

from vigie.notify.dispatch import Dispatcher
from vigie.notify.settings import Weekday

from .conftest import Alarms
from .mail_servers import Clocks, Mailbox, serving

NAMES = ["undercharge", "charger_absent", "battery_warm", "sensor_lost", "loads_dark", "meter_reset"]
STEPS = 400


@pytest.mark.parametrize("seed", [1, 2])
def test_every_alarm_is_told_once_through_outages_restarts_and_storms(
    alarms: Alarms, dispatch: Callable[..., Dispatcher], box: Mailbox, port: int, clocks: Clocks, seed: int
) -> None:
    dice = random.Random(seed)
    is_moody = False
    box.answer_data = lambda _: "451 not now" if is_moody and dice.random() < 0.4 else "250 taken"
    settings = {"alive_weekday": Weekday.OFF, "reminder_h": 0}
    dispatcher = dispatch(**settings)
    number = 1000
    server = contextlib.ExitStack()
    is_up = False
    for step in range(STEPS):
        is_last_hour = step > STEPS - 40
        if is_last_hour or dice.random() < 0.08:
            wanted = is_last_hour or not is_up
            if wanted != is_up:
                if wanted:
                    server.enter_context(serving(box, port))
                else:
                    server.close()
                is_up = wanted
        is_moody = not is_last_hour and dice.random() < 0.3
        if dice.random() < 0.03:
            dispatcher.close()
            dispatcher = dispatch(**settings)
        if not is_last_hour:
            for _ in range(dice.choice([0, 0, 0, 0, 0, 1, 1, 2, 12])):
                number += 1
                severity = dice.choice(["warning", "critical"])
                alarms.raise_(dice.choice(NAMES), value=float(number), severity=severity, raised_utc_ms=number)
        dispatcher.tick()
        clocks.pass_s(dice.choice([1, 30, 120, 300]) if not is_last_hour else 300)
    server.close()
    told: Counter[int] = Counter()
    for message in box.messages:
        body = message.get_body(("plain",))
        assert body is not None
        told.update(int(value) for value in re.findall(r"\b(\d{4}).0 °C", body.get_content()))
    assert number > 1100
    assert told == Counter(range(1001, number + 1))
