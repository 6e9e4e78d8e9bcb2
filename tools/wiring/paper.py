"""A sheet of paper for circuit diagrams: 360 units wide, so that a telephone shows its text unreduced."""

from collections.abc import Sequence
from html import escape

WIDTH = 360
SHOWN_WIDTH = 600
"""How wide a desk's browser shows a sheet."""
Text = tuple[str, str]
"""English, French."""
Point = tuple[float, float]

STROKES = {
    "l": "#7a3b00",
    "n": "#0050b8",
    "pe": "#0a7a2f",
    "plus": "#b00020",
    "minus": "#111",
    "thin": "#111",
    "signal": "#6b2fa0",
    "danger": "#c00000",
}
"""Colours help, but never stand alone: every wire is also named."""


class Paper:
    """One drawing in one language."""

    def __init__(self, name: str, title: Text, height: float, language: str) -> None:
        self.name, self.height, self.language = name, height, language
        self._is_french = language == "fr"
        self._title = self.said(title)
        self._parts: list[str] = []

    def said(self, text: Text) -> str:
        """Return ``text`` in the sheet's language."""
        return text[self._is_french]

    def wire(self, kind: str, *points: Point, width: float = 2.2) -> None:
        """Draw a wire through ``points``; protective earth and danger are dashed, signals are dotted."""
        dash = {
            "pe": ' stroke-dasharray="7 3"',
            "signal": ' stroke-dasharray="2 3"',
            "danger": ' stroke-dasharray="4 2"',
        }.get(kind, "")
        path = " ".join(f"{x:g},{y:g}" for x, y in points)
        self._parts.append(
            f'<polyline points="{path}" fill="none" stroke="{STROKES[kind]}" stroke-width="{width:g}"{dash}/>'
        )

    def dot(self, x: float, y: float, kind: str = "thin") -> None:
        """Mark wires that are joined."""
        self._parts.append(f'<circle cx="{x:g}" cy="{y:g}" r="3.4" fill="{STROKES[kind]}"/>')

    def terminal(self, x: float, y: float) -> None:
        """Draw a screw terminal."""
        self._parts.append(f'<circle cx="{x:g}" cy="{y:g}" r="3.6" fill="#fff" stroke="#111" stroke-width="1.4"/>')

    def box(
        self, x: float, y: float, width: float, height: float, *, is_dashed: bool = False, fill: str = "#f4f4f1"
    ) -> None:
        """Draw a device, or with dashes a compartment."""
        style = 'fill="none" stroke-dasharray="6 4"' if is_dashed else f'fill="{fill}"'
        self._parts.append(
            f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="3" {style} stroke="#111"'
            ' stroke-width="1.3"/>'
        )

    def write(
        self,
        x: float,
        y: float,
        *lines: Text,
        size: float = 11,
        anchor: str = "start",
        is_bold: bool = False,
        is_warning: bool = False,
    ) -> None:
        """Write lines of text from a first base line downwards; a warning is red."""
        weight = ' font-weight="700"' if is_bold else ""
        weight += f' fill="{STROKES["danger"]}"' if is_warning else ""
        for number, line in enumerate(lines):
            place = f'x="{x:g}" y="{y + number * (size + 2.5):g}" font-size="{size:g}" text-anchor="{anchor}"{weight}'
            self._parts.append(f"<text {place}>{escape(self.said(line))}</text>")

    def fuse(self, x: float, y: float, kind: str = "plus") -> None:
        """Draw a fuse in a vertical wire, 26 high, its middle at ``y``."""
        self._parts.append(
            f'<rect x="{x - 5:g}" y="{y - 13:g}" width="10" height="26" fill="#fff" stroke="#111" stroke-width="1.4"/>'
        )
        self.wire(kind, (x, y - 13), (x, y + 13), width=1.4)

    def closed_contact(self, x: float, y: float, kind: str) -> None:
        """Draw a contact that is closed at rest (NC) in a vertical wire on white, 36 high, its middle at ``y``."""
        self._contact(x, y)
        self.wire(kind, (x, y + 18), (x + 9, y - 14), width=2.2)
        self.wire(kind, (x, y - 10), (x + 11, y - 10), width=2.2)
        self.wire(kind, (x, y - 18), (x, y - 10))

    def open_contact(self, x: float, y: float, kind: str) -> None:
        """Draw a contact that is open at rest (NO) in a vertical wire on white, 36 high, its middle at ``y``."""
        self._contact(x, y)
        self.wire(kind, (x, y + 18), (x - 12, y - 12), width=2.2)
        self.wire(kind, (x, y - 18), (x, y - 10))

    def diode(self, x: float, y: float, kind: str = "plus") -> None:
        """Draw a diode in a vertical wire that lets current flow UP, its middle at ``y``: the bar is the cathode."""
        triangle = f"{x - 8:g},{y + 8:g} {x + 8:g},{y + 8:g} {x:g},{y - 6:g}"
        self._parts.append(f'<polygon points="{triangle}" fill="#fff" stroke="#111" stroke-width="1.5"/>')
        self.wire("thin", (x - 9, y - 7), (x + 9, y - 7), width=3)
        self.wire(kind, (x, y - 20), (x, y - 7))
        self.wire(kind, (x, y + 8), (x, y + 20))

    def lamp(self, x: float, y: float) -> None:
        """Draw a lamp of radius 12."""
        self._parts.append(f'<circle cx="{x:g}" cy="{y:g}" r="12" fill="#fff" stroke="#111" stroke-width="1.6"/>')
        self.wire("thin", (x - 8.5, y - 8.5), (x + 8.5, y + 8.5), width=1.6)
        self.wire("thin", (x - 8.5, y + 8.5), (x + 8.5, y - 8.5), width=1.6)

    def _contact(self, x: float, y: float) -> None:
        self._parts.append(f'<rect x="{x - 4:g}" y="{y - 18:g}" width="8" height="36" fill="#fff" stroke="none"/>')

    def svg(self) -> str:
        """Return the file's text."""
        shown_height = round(self.height * SHOWN_WIDTH / WIDTH)
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {self.height:g}" width="{SHOWN_WIDTH}"'
            f' height="{shown_height}" role="img" xml:lang="{self.language}"'
            ' font-family="Helvetica, Arial, sans-serif" fill="#111">'
        )
        sheet = f'<rect width="{WIDTH}" height="{self.height:g}" fill="#fff"/>'
        lines: Sequence[str] = (head, f"<title>{escape(self._title)}</title>", sheet, *self._parts, "</svg>")
        return "\n".join(lines) + "\n"
