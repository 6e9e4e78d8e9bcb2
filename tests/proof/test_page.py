"""The page tells what is proven, and of what."""

from tests.proof.__main__ import BEGIN, PAGE
from tests.proof.breakages import BREAKAGES
from tests.proof.darkness import DARK, HOT_AND_BLIND, R1_NO, RISK_ACCEPTED
from tests.proof.properties import PROPERTIES
from tests.proof.variants import controls, finer

WRITTEN, SEEN = PAGE.read_text(encoding="utf-8").split(BEGIN)


def test_every_statement_stands_on_the_page() -> None:
    for prop in PROPERTIES:
        assert f"**{prop.name}**: {prop.text}" in SEEN


def test_the_demand_on_the_true_world_is_the_statement_that_is_judged() -> None:
    quoted = " ".join(line.removeprefix("> ") for line in WRITTEN.splitlines() if line.startswith("> "))
    assert DARK.text == quoted


def test_every_known_limit_stands_on_the_page() -> None:
    for limit in (HOT_AND_BLIND, RISK_ACCEPTED, R1_NO):
        assert f"**{limit.name}**: {limit.text}" in SEEN


def test_every_set_of_settings_and_every_breakage_stands_on_the_page() -> None:
    for name, _ in (*controls(), *finer()):
        assert f"| {name} |" in SEEN
    for breakage in BREAKAGES:
        assert f"| {breakage.name} |" in SEEN
