"""What stores say, and what it means for the request: their true words, by version."""

from datetime import UTC, datetime

import pytest

from vigie.delivery.answers import NotTakenNow, Offence, RefusedForGood, judge, plain, retry_after_s, store_utc_s

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
URL = "http://store/api/v1/write"


def judged(status: int, words: str, **headers: str) -> Exception | None:
    try:
        judge(URL, status, {name.replace("_", "-"): value for name, value in headers.items()}, words, NOW)
    except (NotTakenNow, RefusedForGood) as error:
        return error
    return None


@pytest.mark.parametrize("status", [200, 202, 204])
def test_two_hundred_is_a_yes(status: int) -> None:
    assert judged(status, "whatever out of bounds") is None


@pytest.mark.parametrize(
    ("status", "words", "offence"),
    [
        (400, "out of bounds", Offence.TOO_OLD),  # Prometheus 2.42 without a window
        (500, "too old sample", Offence.TOO_OLD),  # Prometheus 2.42
        (400, "too old sample", Offence.TOO_OLD),  # Prometheus 2.53
        (400, "out of bounds: timestamp is too far in the future", Offence.TOO_NEW),  # Prometheus 3.5
        (400, "out of order sample", Offence.OTHER),
        (400, "duplicate sample for timestamp", Offence.OTHER),
        (409, "store locally for endpoint : conflict: too old sample", Offence.TOO_OLD),  # Thanos
        (400, "the sample has been rejected (err-mimir-sample-timestamp-too-old)", Offence.TOO_OLD),
        (400, "a sample whose timestamp is too far in the future (err-mimir-too-far-in-future)", Offence.TOO_NEW),
        (400, "another sample with the same timestamp (err-mimir-sample-duplicate-timestamp)", Offence.OTHER),
        (400, "per-user series limit of 150000 exceeded (err-mimir-max-series-per-user)", Offence.OTHER),
        (422, "label name too long", Offence.OTHER),
        (413, "request body too large", Offence.TOO_LARGE),
    ],
)  # fmt: skip
def test_some_samples_are_never_taken(status: int, words: str, offence: Offence) -> None:
    error = judged(status, words)
    assert isinstance(error, RefusedForGood)
    assert (error.status, error.words, error.offence) == (status, words, offence)


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 507])
def test_some_answers_pass(status: int) -> None:
    error = judged(status, "later", Retry_After="7")
    assert isinstance(error, NotTakenNow)
    assert (error.retry_after_s, error.is_settings) == (7.0, False)
    assert str(error).startswith(f"{URL}: {status} later")


@pytest.mark.parametrize("status", [301, 302, 307, 401, 403, 404, 405, 407, 415])
def test_wrong_settings_never_set_measurements_aside(status: int) -> None:
    error = judged(status, "no", Location="https://store/login")
    assert isinstance(error, NotTakenNow)
    assert error.is_settings


@pytest.mark.parametrize(
    "words", ["Client sent an HTTP request to an HTTPS server.", "The plain HTTP request was sent to HTTPS port"]
)
def test_plain_http_to_a_tls_port_is_a_wrong_setting(words: str) -> None:
    error = judged(400, words)
    assert isinstance(error, NotTakenNow)
    assert "must begin with https" in str(error)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("0", 0), ("120", 120), ("100000", 600), ("-5", 0), ("soon", 0), ("", 0), ("Sun, 22 Nov 2026 12:01:00 GMT", 60),
     ("Sun, 22 Nov 2020 12:01:00 GMT", 0), ("1.5", 0), ("٣", 0)],
)  # fmt: skip
def test_the_wait_a_store_asks_for_is_bounded_and_makes_sense(header: str, seconds: float) -> None:
    assert retry_after_s(header, NOW) == seconds


def test_words_are_one_printable_line_of_limited_length() -> None:
    assert plain("a\x00b\r\n\x1b[31mc\u202e") == "a b [31mc"
    assert len(plain("x" * 10_000)) == 300
    assert plain("<!DOCTYPE html><html><title>502 Bad\n Gateway</title>...") == "502 Bad Gateway"
    assert plain("<html>lots") == "a page of HTML"


def test_a_store_that_tells_no_time_is_not_asked_for_it() -> None:
    assert store_utc_s({}) is None
    assert store_utc_s({"Date": "yesterday"}) is None
    assert store_utc_s({"Date": "Sun, 22 Nov 2026 12:00:00 GMT"}) == NOW.timestamp()


def test_three_hundred_is_no_yes() -> None:
    error = judged(300, "choose", Location="https://store/login")
    assert isinstance(error, NotTakenNow)
    assert error.is_settings
    assert str(error).endswith("it leads to https://store/login: write that address itself")


def test_what_is_refused_for_good_names_its_status_where_it_has_one() -> None:
    assert str(RefusedForGood(400, "bad", Offence.OTHER)) == "400: bad"
    assert str(RefusedForGood(0, "never sent", Offence.OTHER)) == "never sent"


def test_words_are_cut_beyond_three_hundred_letters() -> None:
    assert plain("a" * 300) == "a" * 300
    assert plain("a" * 301) == "a" * 299 + "…"
