"""Remote write v1 on the wire: a protobuf WriteRequest in a raw snappy block. The only door to both libraries."""

from typing import Any, NamedTuple

import cramjam
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

HEADERS = {
    "Content-Encoding": "snappy",
    "Content-Type": "application/x-protobuf",
    "X-Prometheus-Remote-Write-Version": "0.1.0",
}
Labels = tuple[tuple[str, str], ...]
"""Names and values in the order of the names, as the protocol demands; ``__name__`` is one of them."""


class SeriesBlock(NamedTuple):
    """Samples of one series, oldest first."""

    labels: Labels
    times_ms: list[int]
    values: list[float]


def _message_class() -> Any:  # noqa: ANN401 - made at run time
    """Build the protocol's messages (prometheus/prompb: remote.proto, types.proto; v1) without a generated module."""
    kind = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="remote_write_v1.proto", package="prometheus", syntax="proto3")
    optional, repeated = kind.LABEL_OPTIONAL, kind.LABEL_REPEATED
    messages: dict[str, list[tuple[str, int, Any, Any, str | None]]] = {
        "WriteRequest": [("timeseries", 1, kind.TYPE_MESSAGE, repeated, ".prometheus.TimeSeries")],
        "TimeSeries": [
            ("labels", 1, kind.TYPE_MESSAGE, repeated, ".prometheus.Label"),
            ("samples", 2, kind.TYPE_MESSAGE, repeated, ".prometheus.Sample"),
        ],
        "Label": [("name", 1, kind.TYPE_STRING, optional, None), ("value", 2, kind.TYPE_STRING, optional, None)],
        "Sample": [("value", 1, kind.TYPE_DOUBLE, optional, None), ("timestamp", 2, kind.TYPE_INT64, optional, None)],
    }
    for name, fields in messages.items():
        message = file.message_type.add(name=name)
        for field, number, of_type, how_many, type_name in fields:
            message.field.add(name=field, number=number, type=of_type, label=how_many, type_name=type_name)
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(file.SerializeToString())
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("prometheus.WriteRequest"))


_WriteRequest = _message_class()


def encode(blocks: list[SeriesBlock]) -> bytes:
    """Return the body of one request."""
    request = _WriteRequest()
    for labels, times_ms, values in blocks:
        series = request.timeseries.add()
        for name, text in labels:
            series.labels.add(name=name, value=text)
        add = series.samples.add
        for time_ms, value in zip(times_ms, values, strict=True):
            add(value=value, timestamp=time_ms)
    return bytes(cramjam.snappy.compress_raw(request.SerializeToString()))


def decode(body: bytes) -> list[SeriesBlock]:
    """Return what a request says; for tests and for looking at one.

    >>> block = SeriesBlock((("__name__", "vigie_measurement_valid"),), [1790000000123], [1.0])
    >>> decode(encode([block])) == [block]
    True
    """
    request = _WriteRequest.FromString(bytes(cramjam.snappy.decompress_raw(body)))
    return [
        SeriesBlock(
            tuple((label.name, label.value) for label in series.labels),
            [sample.timestamp for sample in series.samples],
            [sample.value for sample in series.samples],
        )
        for series in request.timeseries
    ]
