"""What all tests share: in CI a skip is a failure, because it hides a missing package.

Properties are tried with the same examples each time; ``VIGIE_NEW_EXAMPLES=1`` looks for new ones.
"""

import os
import signal
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING

import pytest
import structlog
from hypothesis import settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser

settings.register_profile(
    "usual", deadline=None, database=None, derandomize=not os.environ.get("VIGIE_NEW_EXAMPLES"), print_blob=True
)
settings.load_profile("usual")


def pytest_configure() -> None:
    """Give Ctrl-C its meaning back: a shell's ``&`` takes it from all that the tests start."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip into a failure when ``CI=true``."""
    report = yield
    if report.skipped and os.environ.get("CI") == "true" and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"skipped in CI, where nothing may skip: {reason}"
    return report


@pytest.fixture(autouse=True)
def _logs_end_with_the_test() -> Generator[None]:
    """Forget a logging set-up that a test's command made: it writes to a stream that the test closes."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def chromium() -> "Iterator[Browser]":
    """One browser for all tests of a worker."""
    from tests.chromium import started  # noqa: PLC0415 - most workers need no browser

    with started() as browser:
        yield browser
