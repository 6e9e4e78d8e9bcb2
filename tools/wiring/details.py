"""Details: NO and NC at one relay, the test with 12 V and a lamp, the thermometers."""

from tools.wiring.paper import Paper, Text


def relay(language: str) -> Paper:
    """Return the sheet of a relay's terminals, before and after the move from NO to NC."""
    title: Text = ("R2 moved from NO to NC", "R2 déplacé de NO vers NC")
    paper = Paper("relay", title, 258, language)
    paper.write(12, 16, ("R2 moved from NO to NC", "R2 déplacé de NO vers NC"), size=13, is_bold=True)
    _terminals(paper, 12, ("before: NO", "avant : NO"), 0)
    _terminals(paper, 190, ("after: NC", "après : NC"), 2)
    paper.write(
        12,
        192,
        (
            "Drawn with the coil at rest. Only one wire moves, from NO",
            "Dessiné bobine au repos. Un seul fil change, de NO",
        ),
        (
            "to NC; the one at COM stays. Find the names printed on",
            "à NC ; celui de COM reste. Lisez les noms imprimés sur",
        ),
        (
            "the board. Dead (section 5), test with the ohmmeter: at rest",
            "la carte. Hors tension (section 5), à l'ohmmètre, au repos :",
        ),
        (
            "COM-NC has 0 ohm and COM-NO is open. Then commission",
            "COM-NC donne 0 ohm, COM-NO est ouvert. Puis refaites la",
        ),
        ("again: the settings must follow.", "mise en service : les réglages doivent suivre."),
        size=11,
    )
    return paper


def _terminals(paper: Paper, x: float, name: Text, used: int) -> None:
    paper.write(x + 79, 38, name, anchor="middle", is_bold=True)
    paper.box(x, 46, 158, 74)
    places = (x + 28, x + 79, x + 130)
    for place, printed in zip(places, ("NO", "COM", "NC"), strict=True):
        paper.terminal(place, 120)
        paper.write(place, 108, (printed, printed), anchor="middle", size=11)
    paper.wire("thin", (places[1], 96), (places[1], 82), (places[2] - 8, 64), width=2.2)
    paper.wire("thin", (places[2], 96), (places[2], 62), (places[2] - 14, 62), width=2.2)
    paper.wire("thin", (places[0], 96), (places[0], 62), (places[0] + 14, 62), width=2.2)
    paper.wire("plus", (places[1], 124), (places[1], 150))
    paper.wire("plus", (places[used], 124), (places[used], 150))
    paper.write(places[1], 164, ("in", "entrée"), anchor="middle", size=10.5)
    paper.write(places[used], 164, ("out", "sortie"), anchor="middle", size=10.5)


def lamp(language: str) -> Paper:
    """Return the sheet of the first test, with 12 V and a lamp in place of 230 V."""
    title: Text = ("First test: 12 V and a lamp, no 230 V", "Premier essai : 12 V et lampe, sans 230 V")
    paper = Paper("lamp", title, 250, language)
    paper.write(12, 16, title, size=13, is_bold=True)
    paper.wire("plus", (40, 60), (40, 44), (180, 44))
    paper.box(20, 60, 92, 50)
    paper.write(66, 82, ("12 V, fuse 1 A", "12 V, fusible 1 A"), anchor="middle", size=10.5)
    paper.write(40, 102, ("+", "+"), anchor="middle", size=14, is_bold=True)
    paper.write(92, 102, ("-", "-"), anchor="middle", size=14, is_bold=True)
    paper.wire("plus", (180, 44), (180, 128))
    paper.closed_contact(180, 86, "plus")
    paper.write(198, 70, ("K1's NC contact (L, then N),", "contact NC de K1 (L, puis N),"), size=10.5)
    paper.write(198, 84, ("or R2's COM-NC", "ou COM-NC de R2"), size=10.5)
    paper.lamp(180, 140)
    paper.write(200, 138, ("filament lamp", "lampe à filament"), ("12 V 5 W", "12 V 5 W"), size=10.5)
    paper.wire("minus", (180, 152), (180, 164), (92, 164), (92, 110))
    paper.write(
        12,
        186,
        (
            "Q0, Q1 off and locked; F1, F2, F3, F5 (and F7) out.",
            "Q0, Q1 coupés, condamnés ; F1 à F3, F5 (F7) retirés.",
        ),
        (
            "Contact alone. At rest: lamp ON. Energised: lamp OFF.",
            "Contact seul. Au repos : lampe ALLUMÉE. Excité : ÉTEINTE.",
        ),
        ("Pull the Pi's supply while the lamp is off: it comes ON.", "Coupez le Pi, lampe éteinte : elle se RALLUME."),
        ("Start and reboot the Pi: it stays ON.", "Rallumez, redémarrez le Pi : elle reste ALLUMÉE."),
        (
            "Then take ALL test wires away before 230 V comes near.",
            "Puis retirez TOUS les fils d'essai, avant tout 230 V.",
        ),
        size=11,
    )
    return paper


def thermometer(language: str) -> Paper:
    """Return the sheet of both kinds of thermometers at the Pi's header."""
    title: Text = ("Thermometer at the Pi's header", "Thermomètre sur le connecteur du Pi")
    paper = Paper("thermometer", title, 330, language)
    paper.write(
        12, 16, ("DS18B20 (cable up to some metres)", "DS18B20 (câble jusqu'à quelques mètres)"), size=13, is_bold=True
    )
    _header(paper, 28, (("1", "3.3 V"), ("7", "GPIO4"), ("9", "GND")))
    paper.box(262, 28, 86, 106)
    paper.write(305, 44, ("DS18B20", "DS18B20"), anchor="middle", is_bold=True)
    for y, kind, name in ((58, "plus", "VDD"), (88, "signal", "DQ"), (118, "minus", "GND")):
        paper.wire(kind, (124, y), (262, y))
        paper.terminal(262, y)
        paper.write(270, y + 4, (name, name), size=10.5)
    paper.wire("thin", (190, 58), (190, 88), width=1.4)
    paper.box(184, 63, 12, 20)
    paper.dot(190, 58)
    paper.dot(190, 88)
    paper.write(202, 77, ("4.7 kOhm", "4,7 kOhm"), size=10.5)
    paper.write(
        12,
        150,
        (
            "Resistor from DQ to 3.3 V: near the Pi. Never to 5 V.",
            "Résistance de DQ au 3,3 V : près du Pi. Jamais au 5 V.",
        ),
        size=11,
    )
    paper.write(
        12, 182, ("I2C (MCP9808, TMP102, LM75: 30 cm)", "I2C (MCP9808, TMP102, LM75 : 30 cm)"), size=13, is_bold=True
    )
    _header(paper, 194, (("1", "3.3 V"), ("3", "SDA"), ("5", "SCL"), ("9", "GND")))
    paper.box(262, 194, 86, 122)
    for y, kind, name in ((220, "plus", "VCC"), (248, "signal", "SDA"), (276, "signal", "SCL"), (304, "minus", "GND")):
        paper.wire(kind, (124, y), (262, y))
        paper.terminal(262, y)
        paper.write(270, y + 4, (name, name), size=10.5)
    return paper


def _header(paper: Paper, y: float, pins: tuple[tuple[str, str], ...]) -> None:
    step = 30 if len(pins) == 3 else 28
    first = y + 30 if len(pins) == 3 else y + 26
    paper.box(12, y, 112, 106 if len(pins) == 3 else 122)
    paper.write(20, y + 16, ("Pi, header pin", "Pi, broche"), size=10.5, is_bold=True)
    for number, (pin, name) in enumerate(pins):
        at = first + number * step
        paper.terminal(124, at)
        paper.write(20, at + 4, (pin, pin), size=11, is_bold=True)
        paper.write(44, at + 4, (name, name.replace(".", ",")), size=11)
