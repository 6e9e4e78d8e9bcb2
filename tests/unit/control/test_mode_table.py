"""Every mode has its row, its branches lead to its own file, and nothing of it is missing elsewhere."""

import importlib
import inspect
import math
import pkgutil
from itertools import combinations
from types import ModuleType
from typing import get_type_hints

import pytest

from tests.unit.control.process_images import CLOSED, LINE, OPEN, configured, contacts
from vigie.control import modes
from vigie.control.commands import Mode, Phase, Reason
from vigie.control.modes import table
from vigie.control.modes.spec import ModeSpec
from vigie.control.modes.table import SPECS, ModeSettings
from vigie.control.modes.wish import Hands, ModeInputs, Wish
from vigie.wording.modes import words_of

EACH = pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
INPUTS = ModeInputs(0.0, Phase.CHARGE, 0.0, 12.8, -1.0, Hands(CLOSED, CLOSED, 0.0), LINE, math.inf)


def file_of(spec: ModeSpec) -> ModuleType:
    return importlib.import_module(f"vigie.control.modes.{spec.name}")


def test_modes_are_numbered_without_a_gap_for_the_journal_keeps_the_number() -> None:
    assert [int(mode) for mode in Mode] == list(range(len(Mode)))
    assert [spec.mode for spec in SPECS] == list(Mode)


@EACH
def test_a_mode_s_spec_and_wish_come_from_the_file_of_its_name(spec: ModeSpec) -> None:
    own = file_of(spec)
    assert spec is own.SPEC
    assert spec.wish is own.wish


@EACH
def test_the_branch_of_a_mode_asks_its_own_file(spec: ModeSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    answer = Wish(Phase.STEADY, OPEN, CLOSED, Reason.DONE, Reason.DONE)

    def wish(*arguments: object) -> Wish:
        asked.extend(arguments)
        return answer

    settings = configured().modes
    takes_settings = len(inspect.signature(spec.wish).parameters) > 1
    monkeypatch.setattr(file_of(spec), "wish", wish)
    assert table.wish(spec.mode, INPUTS, settings) is answer
    assert asked == [INPUTS, *([getattr(settings, spec.name)] if takes_settings else [])]


def test_every_file_with_a_spec_is_in_the_table_and_modes_never_import_each_other() -> None:
    found = [importlib.import_module(f"{modes.__name__}.{info.name}") for info in pkgutil.iter_modules(modes.__path__)]
    files = [module for module in found if hasattr(module, "SPEC")]
    assert {module.SPEC.mode for module in files} == set(Mode)
    names = {module.__name__.rpartition(".")[2] for module in files}
    for module in files:
        reached = {value for value in vars(module).values() if inspect.ismodule(value)}
        origins = {getattr(value, "__module__", "") for value in vars(module).values()} | {m.__name__ for m in reached}
        assert not {f"{modes.__name__}.{name}" for name in names} & (origins - {module.__name__})


def test_settings_of_modes_are_those_of_their_specs() -> None:
    hints = get_type_hints(ModeSettings)
    assert hints == {spec.name: spec.settings for spec in SPECS if spec.settings is not None}


@EACH
def test_what_a_spec_names_is_there(spec: ModeSpec) -> None:
    fields = () if spec.settings is None else spec.settings._fields
    assert {threshold.setting for threshold in spec.thresholds} <= set(fields)
    assert {name for pair in spec.ordered for name in pair} <= set(fields)
    words = words_of(spec.mode)
    assert set(words.thresholds) == {threshold.setting for threshold in spec.thresholds}
    assert words.name
    assert words.what
    assert bool(words.question) == bool(words.consequence)
    assert words.question or spec.phases.first == Phase.STEADY, "a mode that moves contacts asks before it begins"


def test_no_two_modes_are_called_alike() -> None:
    for one, other in combinations(SPECS, 2):
        assert one.client_name != other.client_name
        assert words_of(one.mode).name != words_of(other.mode).name


@EACH
def test_the_facts_compiled_code_reads_are_those_of_the_spec(spec: ModeSpec) -> None:
    mode, phases = spec.mode, spec.phases
    assert table.decides_by_readings(mode) is spec.decides_by_readings
    assert table.is_by_hand(mode) is spec.is_by_hand
    assert (table.first_phase(mode, CLOSED), table.first_phase(mode, OPEN)) == (phases.first, phases.first_at_rest)
    assert table.resumed_phase(mode, contacts(CLOSED, CLOSED)) == phases.resumed
    assert table.resumed_phase(mode, contacts(CLOSED, OPEN)) == phases.resumed_at_rest
    in_drill = Phase.DISCHARGE if phases.discharges else phases.resumed
    assert table.resumed_phase(mode, contacts(OPEN, CLOSED)) == in_drill
    assert table.after_broken_drill(mode) == phases.after_drill
    assert table.after_broken_rest(mode) == phases.after_rest
