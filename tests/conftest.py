"""What all tests share: in CI a skip is a failure, because it hides a missing package."""

import os
from collections.abc import Generator

import pytest
import structlog


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
