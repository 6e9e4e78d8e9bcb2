from vigie.delivery.overview import PATIENCE_S, SETTINGS_PATIENCE_S, Overview
from vigie.errors import JournalError
from vigie.telemetry.delivery_log import DeliveryState

WELL = DeliveryState("http://store/write", 1_000, 0, 2.5, 0, 0, 0, 1_000, "", 1_000)


class Told:
    """What delivery last told of itself, and two clocks."""

    def __init__(self) -> None:
        self.state_now: DeliveryState | None = WELL
        self.now_s = 1.0

    def state(self, now_utc_ms: int) -> DeliveryState:
        assert now_utc_ms == round(self.now_s * 1000)
        if self.state_now is None:
            raise JournalError("no journal yet")
        return self.state_now

    def overview(self) -> Overview:
        return Overview(self, lambda: self.now_s, lambda: self.now_s)  # type: ignore[arg-type]

    def go_on(self, by_s: float, overview: Overview, step_s: float = 10.0, **changes: object) -> None:
        for _ in range(round(by_s / step_s)):
            self.now_s += step_s
            if self.state_now is not None:
                self.state_now = self.state_now._replace(**changes)
            overview.is_in_trouble()


def test_delivery_that_goes_well_is_no_trouble() -> None:
    told = Told()
    overview = told.overview()
    for _ in range(200):
        told.now_s += 10
        told.state_now = WELL._replace(updated_utc_ms=round(told.now_s * 1000), last_ok_utc_ms=round(told.now_s * 1000))
        assert not overview.is_in_trouble()
    assert overview.report()["lag_s"] == 2.5
    assert overview.report()["url"] == "http://store/write"


def test_store_that_takes_nothing_is_trouble_after_a_quarter_of_an_hour() -> None:
    told = Told()
    overview = told.overview()
    assert not overview.is_in_trouble()
    told.go_on(PATIENCE_S - 20, overview, last_error="connection refused")
    assert not overview.is_in_trouble()
    told.go_on(40, overview)
    assert overview.is_in_trouble()


def test_wrong_setting_is_trouble_after_a_minute() -> None:
    told = Told()
    overview = told.overview()
    assert not overview.is_in_trouble()
    told.go_on(SETTINGS_PATIENCE_S - 10, overview, last_error="401 no login", is_settings=True)
    assert not overview.is_in_trouble()
    told.go_on(20, overview)
    assert overview.is_in_trouble()


def test_what_the_store_refused_for_good_is_trouble_at_once() -> None:
    told = Told()
    told.state_now = WELL._replace(set_aside=1)
    assert told.overview().is_in_trouble()


def test_delivery_that_tells_nothing_more_is_trouble() -> None:
    told = Told()
    overview = told.overview()
    assert not overview.is_in_trouble()
    told.go_on(PATIENCE_S + 20, overview)
    assert overview.is_in_trouble()


def test_restarted_web_process_knows_how_long_nothing_was_taken() -> None:
    told = Told()
    told.now_s = 10_000.0
    told.state_now = WELL._replace(last_error="connection refused", updated_utc_ms=9_999_000)
    assert told.overview().is_in_trouble()


def test_missing_journal_is_told_and_is_no_trouble_of_delivery() -> None:
    told = Told()
    told.state_now = None
    overview = told.overview()
    assert not overview.is_in_trouble()
    assert overview.report()["last_error"] == "no journal yet"


def test_without_a_journal_the_report_is_empty_and_says_why() -> None:
    told = Told()
    told.state_now = None
    overview = told.overview()
    assert overview.report() == {
        "url": "",
        "delivered_utc_ms": None,
        "waiting_periods": 0,
        "lag_s": 0.0,
        "set_aside": 0,
        "lost_periods": 0,
        "last_ok_utc_ms": None,
        "last_error": "no journal yet",
        "is_settings": False,
    }
