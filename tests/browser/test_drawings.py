"""The guide's drawings on a telephone: every word inside the sheet, none over another one, none too small."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser
from tools.wiring.__main__ import files
from tools.wiring.paper import WIDTH

BOXES = """() => [...document.querySelectorAll('text')].filter(one => one.textContent.trim()).map(one => {
  const box = one.getBoundingClientRect();
  return [one.textContent, box.left, box.top, box.right, box.bottom, parseFloat(one.getAttribute('font-size'))];
})"""
LEAST_SIZE = 9.5
OVERLAP = 2.0
"""Boxes of text reach a little beyond the letters."""


@pytest.mark.parametrize("path", files(), ids=lambda path: path.name)
def test_a_drawing_can_be_read_at_the_width_of_a_telephone(chromium: Browser, path: Path) -> None:
    svg = files()[path]
    page = chromium.new_page(viewport={"width": WIDTH, "height": 640})
    try:
        page.set_content(f"<style>body {{ margin: 0 }} svg {{ width: {WIDTH}px; height: auto }}</style>{svg}")
        sheet_bottom = page.evaluate("document.querySelector('svg').getBoundingClientRect().bottom")
        boxes = page.evaluate(BOXES)
    finally:
        page.close()
    assert len(boxes) > 8
    for text, left, _, right, bottom, size in boxes:
        assert left >= 0, text
        assert right <= WIDTH, text
        assert bottom <= sheet_bottom, text
        assert size >= LEAST_SIZE, text
    for number, (text, left, top, right, bottom, _) in enumerate(boxes):
        for other, x0, y0, x1, y1, _ in boxes[number + 1 :]:
            wide, high = min(right, x1) - max(left, x0), min(bottom, y1) - max(top, y0)
            assert wide <= OVERLAP or high <= OVERLAP + 1, f"{text!r} lies over {other!r}"
