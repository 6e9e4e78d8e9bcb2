import importlib.util
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_modes_page_is_what_the_specs_say() -> None:
    tool = ROOT / "tools" / "write_modes_page.py"
    spec = importlib.util.spec_from_file_location("write_modes_page", tool)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    text = (ROOT / "docs" / "modes.md").read_text(encoding="utf-8")
    assert text == module.page(), "run tools/write_modes_page.py"
