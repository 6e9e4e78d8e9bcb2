"""What the image is made of is what was tested, less what only drawing needs."""

import re
from pathlib import Path

REQUIREMENTS = Path(__file__).parents[3] / "requirements"
DRAWING = {"contourpy", "cycler", "fonttools", "kiwisolver", "matplotlib", "numpy", "pillow", "pyparsing"}
"""What `vigie replay --plot` needs: 140 MB."""
DRAWING |= {"python-dateutil", "six", "tzdata"}  # the image's system brings the time zones


def pinned(name: str) -> dict[str, tuple[str, ...]]:
    """Return the requirements of a lock file with their versions, conditions and hashes."""
    text = (REQUIREMENTS / name).read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line.split() for line in text.splitlines() if re.match(r"[a-z]", line)]
    found: dict[str, tuple[str, ...]] = {}
    for package, *rest in lines:
        key = package.partition("==")[0]
        found[key] = (*found.get(key, ()), package, *rest)
    return found


def test_image_has_every_requirement_but_drawing_at_the_same_version_and_hash() -> None:
    run, image = pinned("run.txt"), pinned("image.txt")
    assert run.keys() - image.keys() <= DRAWING
    assert image == {name: run[name] for name in image}
