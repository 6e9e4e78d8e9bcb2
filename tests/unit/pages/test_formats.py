from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from vigie.web import formats
from vigie.web.i18n import init_i18n


@pytest.fixture
def french() -> Iterator[None]:
    app = Flask("formats")
    init_i18n(app)
    with app.test_request_context(headers={"Accept-Language": "fr"}):
        yield


pytestmark = pytest.mark.usefixtures("french")


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (12.861, 2, "12,86"),
        (-0.001, 2, "0,00"),
        (-1.5, 1, "−1,5"),
        (12345.6, 0, "12\u202f346"),
        (None, 2, "—"),
        (float("nan"), 2, "—"),
    ],
)
def test_numbers_read_as_french_numbers(value: float | None, decimals: int, text: str) -> None:
    assert formats.number(value, decimals) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (59.9, "59 s"),
        (3599, "59 min"),
        (34_800, "9 h 40 min"),
        (172_799, "47 h 59 min"),
        (273_600, "3 j 4 h"),
        (-3, "0 s"),
        (None, "pas de valeur"),
    ],
)
def test_durations_are_cut_never_rounded_up(seconds: float | None, text: str) -> None:
    assert formats.duration(seconds).replace("\u00a0", " ") == text


def test_sizes_use_decimal_multiples_and_the_octet() -> None:
    assert formats.size(1_234_567).replace("\u00a0", " ") == "1,2 Mo"
    assert formats.size(999).replace("\u00a0", " ") == "999 o"


def test_a_current_says_where_it_goes() -> None:
    assert [formats.flow(current_a) for current_a in (0.5, -0.5, 0.01, None)] == [
        "en charge",
        "en décharge",
        "au repos",
        "pas de valeur",
    ]


def test_the_date_is_told_only_when_it_is_not_today() -> None:
    noon_ms = 1_790_078_400_000
    assert " " not in formats.instant(noon_ms - 60_000, noon_ms)
    told = formats.instant(noon_ms - 3 * 86_400_000, noon_ms)
    assert "sept." in told
    assert told.count(" ") == 1, "a narrow place parts the date and the time, nothing else"


def test_a_dash_stands_for_a_number_only_and_says_what_it_means() -> None:
    forms = ("bytes", "duration", "flow", "yesno", "text", "instant", "since", "remaining", "word:mode", "of:V")
    assert {formats.write(None, form, None) for form in forms} == {"pas de valeur"}
    assert {formats.write(None, form, None) for form in ("n0", "n3", "milli", "ghz")} == {formats.NOTHING}
    templates = (Path(formats.__file__).parent / "templates").glob("*.html")
    bare = [line for path in templates for line in path.read_text("utf-8").split("\n") if formats.NOTHING in line]
    assert [line for line in bare if "why_nothing()" not in line] == []


def test_an_empty_list_of_flags_says_that_all_is_good() -> None:
    assert formats.write([], "word:status", None) == "rien à signaler"
    assert formats.write(["under_voltage"], "word:throttled", None) == "sous-tension"


def test_german_numbers_dates_and_words() -> None:
    app = Flask("german formats")
    init_i18n(app)
    noon_ms = 1_790_078_400_000
    with app.test_request_context(headers={"Accept-Language": "de-CH"}):
        assert formats.number(-12345.6, 1) == "−12.345,6"
        assert formats.duration(273_600).replace("\u00a0", " ") == "3 d 4 h"
        assert formats.date(noon_ms - 3 * 86_400_000) == "19.\u00a0Sept."
        assert "19.\u00a0Sept." in formats.instant(noon_ms - 3 * 86_400_000, noon_ms)
        assert [formats.flow(current_a) for current_a in (0.5, -0.5, 0.01)] == ["lädt", "entlädt", "in Ruhe"]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 min"), (420, "7 min"), (25_200, "7 h"), (4_800, "1 h 20 min"), (518_400, "6 j"), (None, "pas de valeur")],
)
def test_an_estimated_time_has_no_zeros(seconds: float | None, text: str) -> None:
    assert formats.write(seconds, "about", None).replace("\u00a0", " ") == text
