"""Rows of the journal as series: what is valid is sent, what ends is marked, and one instant has one value."""

import struct

import cramjam
import pytest

from vigie.delivery.feed import Feed, series_name
from vigie.delivery.wire import SeriesBlock, decode, encode
from vigie.telemetry.delivery_log import START, Chunk
from vigie.telemetry.rows import Row
from vigie.telemetry.schema import KEYS_PER_MS, period_columns

FEED = Feed("home", "main", with_client_names=False)
TEMPERATURE = 'vigie_temperature_celsius{battery="main",site="home"}'
STALE_BITS = 0x7FF0000000000002
Told = list[tuple[int, float | str]]


def row(at_ms: int, celsius: float | None, number: int = 0) -> Row:
    values: list[int | None] = [0] * len(period_columns())
    values[0] = at_ms * KEYS_PER_MS + number
    values[period_columns().index("temperature_mc")] = None if celsius is None else round(celsius * 1000)
    return tuple(values)


def chunk(*rows: Row, before: Row | None = None, sent: tuple[Row, ...] = ()) -> Chunk:
    return Chunk(before, sent, rows, START, is_all=True)


def told(of: Chunk) -> tuple[Told, int]:
    """Return the samples of the temperature, and how many periods shared an instant."""
    blocks, merged = FEED.blocks(of, TEMPERATURE)
    assert [series_name(block.labels) for block in blocks] in ([TEMPERATURE], [])
    samples = [(time, value) for block in blocks for time, value in zip(block.times_ms, block.values, strict=True)]
    return [(time, "stale" if _bits(value) == STALE_BITS else value) for time, value in samples], merged


def _bits(value: float) -> int:
    return int(struct.unpack("<Q", struct.pack("<d", value))[0])


@pytest.mark.parametrize(
    ("of", "samples", "merged"),
    [
        (chunk(row(1, 20.0), row(2, 21.0)), [(1, 20.0), (2, 21.0)], 0),
        (chunk(row(1, None), row(2, None)), [], 0),
        (chunk(row(1, None), row(2, 21.0)), [(2, 21.0)], 0),
        (chunk(row(1, 20.0), row(2, None), row(3, None)), [(1, 20.0), (2, "stale")], 0),
        (chunk(row(2, None), before=row(1, 20.0)), [(2, "stale")], 0),
        (chunk(row(2, None), before=row(1, None)), [], 0),
        (chunk(row(1, 20.0), row(1, 21.0, 1), row(2, 22.0)), [(1, 20.0), (2, 22.0)], 1),
        (chunk(row(1, None), row(1, 21.0, 1), before=row(0, 20.0)), [(1, 21.0)], 1),
        (chunk(row(1, 20.0), row(1, None, 1)), [(1, 20.0)], 1),
        (chunk(row(1, 21.0, 1), row(2, 22.0), sent=(row(1, 20.0),)), [(2, 22.0)], 1),
        (chunk(row(1, None, 1), row(2, None), sent=(row(1, 20.0),)), [], 1),
        (chunk(row(1, 21.0, 1), row(2, 22.0), sent=(row(1, None),)), [(1, 21.0), (2, 22.0)], 1),
        (chunk(row(1, 22.0, 2), sent=(row(1, None), row(1, 21.0, 1))), [], 1),
    ],
)
def test_what_is_valid_is_sent_once_and_what_ends_is_marked(of: Chunk, samples: Told, merged: int) -> None:
    assert told(of) == (samples, merged)


def test_all_series_carry_site_and_battery_in_the_order_of_the_names() -> None:
    blocks, _ = FEED.blocks(chunk(row(1, 20.0)))
    assert TEMPERATURE in {series_name(block.labels) for block in blocks}
    assert len(blocks) > 10
    for labels in FEED.labels:
        assert list(labels) == sorted(labels)
        assert {("site", "home"), ("battery", "main")} < set(labels)


def test_client_names_come_beside_our_own() -> None:
    both = Feed("home", "main", with_client_names=True).labels
    assert set(FEED.labels) < set(both)
    assert len(set(both)) == len(both)


def test_wire_holds_what_the_protocol_says() -> None:
    block = SeriesBlock((("__name__", "a"), ("b", "c")), [5, 6], [1.0, 2.0])
    labels = b"\x0a\x0d\x0a\x08__name__\x12\x01a" + b"\x0a\x06\x0a\x01b\x12\x01c"
    samples = b"".join(b"\x12\x0b\x09" + struct.pack("<d", value) + b"\x10" + bytes([time]) for time, value in
                       ((5, 1.0), (6, 2.0)))  # fmt: skip
    series = labels + samples
    assert bytes(cramjam.snappy.decompress_raw(encode([block]))) == b"\x0a" + bytes([len(series)]) + series
    assert decode(encode([block])) == [block]
