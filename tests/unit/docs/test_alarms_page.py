import importlib.util
from pathlib import Path

from vigie.control.alarms.catalogue import Alarm

ROOT = Path(__file__).parents[3]


def test_alarms_page_is_what_the_table_says() -> None:
    tool = ROOT / "tools" / "write_alarms_page.py"
    spec = importlib.util.spec_from_file_location("write_alarms_page", tool)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    text = (ROOT / "docs" / "alarms.md").read_text(encoding="utf-8")
    assert text == module.page(), "run tools/write_alarms_page.py"
    assert all(f"### `{alarm.name.lower()}`" in text for alarm in Alarm)
