"""What can be set about the delivery of measurements to a central store."""

from typing import Annotated, NamedTuple

from vigie.units import setting


class RemoteWriteSettings(NamedTuple):
    """Where measurements are sent with Prometheus remote write, and how."""

    url: Annotated[
        str,
        setting("Remote-write address, as http://127.0.0.1:9090/prometheus/api/v1/write; empty: nothing is sent"),
    ] = ""
    ca_file: Annotated[str, setting("Certificates that sign the store's; empty: those of the system")] = ""
    username: Annotated[str, setting("Name for HTTP basic authentication; needs password_file")] = ""
    password_file: Annotated[str, setting("File that holds the password of username")] = ""
    token_file: Annotated[str, setting("File that holds a bearer token")] = ""
    tenant: Annotated[str, setting("Tenant of a shared store (X-Scope-OrgID of Mimir and Thanos)")] = ""
    client_names: Annotated[bool, setting("Send every value under the client's own names too")] = False
    interval_s: Annotated[float, setting("How often new measurements are sent", unit="s", ge=0.5, le=600)] = 2.0
    batch_samples: Annotated[int, setting("Most samples in one request", ge=500, le=200_000)] = 20_000
    timeout_s: Annotated[float, setting("How long an answer is waited for", unit="s", ge=1, le=300)] = 15.0
