from collections import deque

from hypothesis import given
from hypothesis import strategies as st

from vigie.control.alarms.catalogue import Severity
from vigie.notify.pacing import NOTHING, PAUSE, Handed, SendingPlan, longest_wait_s, plan
from vigie.notify.settings import MailSettings
from vigie.telemetry.outbox import Letter

SETTINGS = MailSettings()


def letter(number: int, kind: str = "raised", severity: int = Severity.WARNING, alarm: str = "") -> Letter:
    return Letter(
        f"<{number}@x>", "ada@example.org", kind, alarm or f"alarm{number}", severity, "", "", "", "", "", 0, 0
    )


def handed(at_s: float, kind: str = "raised", alarm: str = "other") -> Handed:
    return Handed(at_s, kind, alarm)


def test_few_messages_leave_one_by_one() -> None:
    waiting = [letter(number) for number in range(5)]
    assert plan(waiting, [], SETTINGS, 0.0) == SendingPlan(tuple(waiting), ())


def test_sixth_message_in_ten_minutes_begins_the_digests() -> None:
    waiting = [letter(number) for number in range(6)]
    assert plan(waiting, [], SETTINGS, 0.0) == SendingPlan((), tuple(waiting))
    recent = [handed(100.0)] * 5
    assert plan(waiting[:1], recent, SETTINGS, 200.0) == NOTHING, "it waits for another one"
    assert plan(waiting[:2], recent, SETTINGS, 220.0) == SendingPlan((), tuple(waiting[:2]))
    assert plan(waiting[:1], recent, SETTINGS, 700.0) == SendingPlan((waiting[0],), ()), (
        "or for the end of the ten minutes"
    )
    assert plan(waiting[:2], recent, SETTINGS, 701.0) == SendingPlan(tuple(waiting[:2]), ())


def test_next_digest_waits_ten_minutes() -> None:
    waiting = [letter(number) for number in range(3)]
    recent = [*[handed(100.0)] * 4, handed(150.0, "digest")]
    assert plan(waiting, recent, SETTINGS, 300.0) == NOTHING
    assert plan(waiting, recent, SETTINGS, 751.0) == SendingPlan(tuple(waiting), ())


def test_critical_alarm_does_not_wait_for_the_digest() -> None:
    waiting = [letter(1), letter(2, severity=Severity.CRITICAL, alarm="loads_dark")]
    recent = [*[handed(100.0)] * 4, handed(150.0, "digest")]
    assert plan(waiting, recent, SETTINGS, 300.0) == SendingPlan((), tuple(waiting))
    told = [*recent, handed(200.0, "raised", "loads_dark")]
    assert plan(waiting, told, SETTINGS, 300.0) == NOTHING, "told already: its repeats can wait"


def test_critical_alarm_has_room_the_others_do_not_get() -> None:
    history = [handed(float(at)) for at in range(0, 3200, 200)]
    small, big = letter(1), letter(2, severity=Severity.CRITICAL)
    assert len(history) == 16
    assert plan([small], history, SETTINGS, 3300.0) == NOTHING
    assert plan([big], history, SETTINGS, 3300.0) == SendingPlan((big,), ())


def test_reminders_are_never_folded() -> None:
    waiting = [letter(0, "reminder"), *[letter(number) for number in range(1, 8)]]
    assert plan(waiting, [], SETTINGS, 0.0) == SendingPlan((waiting[0],), tuple(waiting[1:]))


def delivered(arrivals: list[tuple[float, Letter]], settings: MailSettings) -> list[tuple[float, list[Letter]]]:
    """Let messages come and leave, second after second; return each mail that left, with what it carries."""
    waiting: list[Letter] = []
    history: list[Handed] = []
    left: list[tuple[float, list[Letter]]] = []
    coming = deque(sorted(arrivals, key=lambda one: one[0]))
    now_s = coming[0][0] if coming else 0.0
    while coming or (waiting and now_s < 100_000.0):
        while coming and coming[0][0] <= now_s:
            waiting.append(coming.popleft()[1])
        chosen = plan(waiting, history, settings, now_s)
        for single in chosen.singles:
            left.append((now_s, [single]))
            history.append(handed(now_s, single.kind, single.alarm))
        if chosen.digest:
            left.append((now_s, list(chosen.digest)))
            history.append(handed(now_s, "digest"))
        gone = {one.message_id for one in (*chosen.singles, *chosen.digest)}
        waiting = [one for one in waiting if one.message_id not in gone]
        now_s += 10.0
    return left


def test_messages_that_come_one_by_one_become_summaries() -> None:
    """Thirty warnings, one every twenty seconds: five singles, two summaries, and no silence."""
    arrivals = [(20.0 * number, letter(number)) for number in range(30)]
    left = delivered(arrivals, SETTINGS)
    assert [len(carried) for _, carried in left] == [1, 1, 1, 1, 1, 2, 23]
    assert left[-1][0] <= arrivals[-1][0] + 600.0


@given(
    st.lists(
        st.tuples(st.integers(0, 1200), st.sampled_from(["raised", "over", "retriggered"]), st.integers(0, 1)),
        min_size=1,
        max_size=60,
    ),
    st.integers(4, 25),
    st.integers(1, 10),
)
def test_every_message_leaves_within_the_promise(
    coming: list[tuple[int, str, int]], cap: int, digest_after: int
) -> None:
    settings = MailSettings(hourly_cap=cap, digest_after=digest_after)
    arrivals = [(10.0 * at, letter(number, kind, severity)) for number, (at, kind, severity) in enumerate(coming)]
    came_s = {one.message_id: at for at, one in arrivals}
    left = delivered(arrivals, settings)
    waits_s = [at - came_s[one.message_id] for at, carried in left for one in carried]
    assert len(waits_s) == len(arrivals)
    assert max(waits_s) <= longest_wait_s(settings) + 10.0
    assert all(sum(1 for at, _ in left if 0.0 <= at - began < 3600.0) <= cap for began, _ in left)


@given(
    st.lists(st.sampled_from(["raised", "over", "reminder", "alive", "digest"]), max_size=40),
    st.lists(st.floats(0.0, 4000.0), max_size=40),
    st.integers(4, 25),
    st.integers(1, 10),
)
def test_cap_holds_and_every_message_is_planned_at_most_once(
    kinds: list[str], times: list[float], cap: int, digest_after: int
) -> None:
    settings = MailSettings(hourly_cap=cap, digest_after=digest_after)
    waiting = [letter(number, kind, number % 3) for number, kind in enumerate(kinds)]
    history = [handed(at) for at in times]
    chosen = plan(waiting, history, settings, 4000.0)
    leaving = len(chosen.singles) + bool(chosen.digest)
    in_hour = sum(1 for at in times if 4000.0 - at < 3600.0)
    assert leaving == 0 or in_hour + leaving <= cap
    planned = [*chosen.singles, *chosen.digest]
    assert len(set(planned)) == len(planned)
    assert set(planned) <= set(waiting)
    assert len(chosen.digest) != 1


def test_pauses_grow_to_an_hour_and_are_spread() -> None:
    assert [PAUSE.after_s(tries, 0.5) for tries in (1, 2, 3, 6, 7, 1000)] == [60, 120, 240, 1920, 3600, 3600]
    thrown = {PAUSE.after_s(9) for _ in range(50)}
    assert len(thrown) > 1
    assert all(0.8 * PAUSE.longest_s <= pause <= 1.2 * PAUSE.longest_s for pause in thrown)
