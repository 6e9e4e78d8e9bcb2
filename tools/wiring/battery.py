"""The 12 V side in both wirings: change-over, fuses, shunts in the plus lead, one minus, the bypass diode."""

from tools.wiring.paper import Paper, Text

MINUS_X = 334.0
BAR_X = 296.0
"""In wiring line the bar stands at OUT-; the battery has BAT- to itself."""


def line(language: str) -> Paper:
    """Return the sheet where R2 stands between battery and everything else."""
    title: Text = (
        "12 V side, wiring line: a unit with change-over, R2 with the bypass diode, V1 to V3, fuses, one minus",
        "Côté 12 V, câblage line : bloc à basculement, R2 avec la diode, V1 à V3, fusibles, un seul moins",
    )
    paper = Paper("line", title, 590, language)
    paper.write(12, 16, ("12 V side, wiring “line”", "Côté 12 V, câblage « line »"), size=13, is_bold=True)
    paper.box(12, 26, 338, 58)
    paper.write(
        180,
        44,
        ("Supply 13.6 V + charger with change-over", "Alimentation 13,6 V + chargeur à basculement"),
        anchor="middle",
        is_bold=True,
    )
    for x, name in ((60, "OUT+"), (190, "BAT+"), (BAR_X, "OUT-"), (MINUS_X, "BAT-")):
        paper.write(x, 70, (name, name), size=10.5, anchor="middle")
        paper.terminal(x, 84)
    paper.wire("minus", (BAR_X, 88), (BAR_X, 324), width=4)
    paper.write(BAR_X - 6, 106, ("minus bar", "barre moins"), size=9.5, anchor="end")
    paper.wire("minus", (MINUS_X, 88), (MINUS_X, 414), width=4)
    _loads(paper, 60, 88)
    _charge_path(paper, 190, 88, ground_x=BAR_X, has_diode=True)
    _battery(paper, 190, 330, ground_x=BAR_X)
    _legend_line(paper)
    return paper


def charge_only(language: str) -> Paper:
    """Return the sheet where R2 stands in the charging path alone."""
    title: Text = (
        "12 V side, wiring charge_only: separate supply and charger, LVD, ideal diodes, R2 in the charge",
        "Côté 12 V, câblage charge_only : alimentation et chargeur séparés, LVD, diodes idéales, R2 dans la charge",
    )
    paper = Paper("charge-only", title, 590, language)
    paper.write(
        12, 16, ("12 V side, wiring “charge_only”", "Côté 12 V, câblage « charge_only »"), size=13, is_bold=True
    )
    paper.box(12, 26, 124, 58)
    paper.write(74, 41, ("Supply", "Alimentation"), ("13.8 V", "13,8 V"), anchor="middle", is_bold=True)
    paper.box(146, 26, 204, 58)
    paper.write(248, 44, ("Charger 13.6 V", "Chargeur 13,6 V"), anchor="middle", is_bold=True)
    paper.write(248, 57, ("Q1 off: takes 5 mA at most", "Q1 coupé : reprend 5 mA au plus"), size=9.5, anchor="middle")
    paper.wire("minus", (MINUS_X, 88), (MINUS_X, 100))
    paper.wire("minus", (110, 88), (110, 100), (MINUS_X, 100), (MINUS_X, 414), width=4)
    paper.dot(MINUS_X, 100)
    for x, name in ((40, "OUT+"), (110, "OUT-"), (190, "OUT+"), (MINUS_X, "OUT-")):
        paper.write(x, 70, (name, name), size=10.5, anchor="middle")
        paper.terminal(x, 84)
    paper.write(MINUS_X - 8, 118, ("minus bar", "barre moins"), size=10.5, anchor="end", is_bold=True)
    _charge_path(paper, 190, 88, ground_x=MINUS_X, has_diode=False)
    _battery(paper, 190, 330, ground_x=MINUS_X)
    _ideal_diodes(paper)
    _legend_charge_only(paper)
    return paper


def _meter(paper: Paper, x: float, y: float, name: str, names: tuple[str, str] = ("IN+", "IN-")) -> None:
    """Draw a channel whose shunt lies in the vertical plus lead, from ``y`` down."""
    paper.box(x - 28, y, 56, 50)
    paper.write(x - 23, y + 30, (name, name), size=12, is_bold=True)
    paper.write(x + 4, y + 14, (names[0], names[0]), size=9.5)
    paper.write(x + 4, y + 44, (names[1], names[1]), size=9.5)
    paper.terminal(x, y)
    paper.terminal(x, y + 50)


def _ground(paper: Paper, x: float, y: float, to_x: float) -> None:
    paper.wire("minus", (x, y), (to_x, y), width=1.2)
    paper.dot(to_x, y)
    paper.terminal(x, y)


def _loads(paper: Paper, x: float, y: float) -> None:
    paper.wire("plus", (x, y), (x, y + 60))
    paper.fuse(x, y + 30)
    paper.write(x + 10, y + 34, ("F2 3 A", "F2 3 A"), size=10.5)
    _meter(paper, x, y + 60, "V3")
    paper.terminal(x + 28, y + 85)
    paper.write(x + 34, y + 89, ("GND (*)", "GND (*)"), size=10)
    _branches(paper, x, y + 110)


def _branches(paper: Paper, x: float, y: float) -> None:
    """Draw the loads' terminal strip: each branch has its fuse."""
    paper.wire("plus", (x, y), (x, y + 26))
    paper.wire("plus", (20, y + 26), (104, y + 26), width=3)
    paper.write(12, y + 20, ("X3 +", "X3 +"), size=10.5, is_bold=True)
    for branch_x, name, rating in (
        (26, "F4", ("1-2 A", "1-2 A")),
        (62, "F6", ("2 A", "2 A")),
        (98, "F5", ("0.5 A", "0,5 A")),
    ):
        paper.wire("plus", (branch_x, y + 26), (branch_x, y + 108))
        paper.fuse(branch_x, y + 48)
        paper.write(branch_x + 7, y + 76, (name, name), size=10)
        paper.write(branch_x + 7, y + 88, rating, size=10)
        paper.terminal(branch_x, y + 108)
    paper.write(14, y + 126, ("loads", ""), ("", "équipements"), size=10.5)
    paper.write(51, y + 126, ("Pi 5 V", "Pi 5 V"), size=10.5)
    paper.write(98, y + 126, ("K1", "K1"), size=10.5)
    paper.write(12, y + 178, ("their minus:", "leur moins :"), ("to the bar", "à la barre"), size=10.5)


def _charge_path(paper: Paper, x: float, y: float, *, ground_x: float, has_diode: bool) -> None:
    paper.wire("plus", (x, y), (x, y + 108))
    paper.closed_contact(x, y + 56, "plus")
    paper.write(x - 12, y + 52, ("R2", "R2"), size=12, anchor="end", is_bold=True)
    paper.write(x - 12, y + 66, ("COM-NC", "COM-NC"), size=10, anchor="end")
    if has_diode:
        paper.wire("plus", (x, y + 28), (x + 48, y + 28), (x + 48, y + 36))
        paper.diode(x + 48, y + 56)
        paper.wire("plus", (x + 48, y + 76), (x + 48, y + 84), (x, y + 84))
        paper.dot(x, y + 28, "plus")
        paper.dot(x, y + 84, "plus")
        paper.write(x + 62, y + 52, ("D1", "D1"), size=12, is_bold=True)
    _meter(paper, x, y + 108, "V2")
    paper.write(x + 32, y + 128, ("GND", "GND"), size=10)
    _ground(paper, x + 28, y + 133, ground_x)
    paper.wire("plus", (x, y + 158), (x, y + 275))


def _battery(paper: Paper, x: float, y: float, *, ground_x: float) -> None:
    """Draw the battery's compartment with its two fuses, V1 and the thermometer."""
    paper.box(116, y + 22, 232, 148, is_dashed=True)
    paper.fuse(x, y + 46)
    paper.write(x - 10, y + 42, ("F1 3 A", "F1 3 A"), size=10.5, anchor="end", is_bold=True)
    paper.write(x - 10, y + 55, ("at the pole", "au pôle"), size=9.5, anchor="end")
    paper.wire("plus", (x, y + 59), (x, y + 96))
    paper.box(132, y + 96, 200, 46)
    paper.terminal(x, y + 96)
    paper.terminal(300, y + 96)
    paper.write(x, y + 112, ("+", "+"), size=15, anchor="middle", is_bold=True)
    paper.write(300, y + 112, ("-", "-"), size=15, anchor="middle", is_bold=True)
    paper.write(232, y + 132, ("Battery 12 V", "Batterie 12 V"), anchor="middle", is_bold=True)
    paper.wire("minus", (MINUS_X, y + 82), (MINUS_X, y + 84), (300, y + 84), (300, y + 96), width=4)
    paper.wire("plus", (x, y + 80), (234, y + 80), (234, y + 26), width=1.4)
    paper.dot(x, y + 80, "plus")
    paper.fuse(234, y + 50)
    paper.write(243, y + 48, ("F3 0.5 A", "F3 0,5 A"), size=10.5)
    paper.write(243, y + 61, ("at the pole", "au pôle"), size=9.5)
    paper.wire("plus", (234, y + 30), (234, y - 6), width=1.4)
    paper.box(208, y - 54, 56, 48)
    paper.write(213, y - 26, ("V1", "V1"), size=12, is_bold=True)
    paper.write(238, y - 12, ("IN-", "IN-"), size=9.5)
    paper.terminal(234, y - 6)
    paper.write(267, y - 36, ("GND", "GND"), size=10)
    _ground(paper, 264, y - 31, ground_x)
    paper.write(
        232,
        y + 161,
        ("own, aired compartment; thermometer", "compartiment à part, aéré, thermomètre"),
        size=10.5,
        anchor="middle",
    )


def _ideal_diodes(paper: Paper) -> None:
    paper.wire("plus", (40, 88), (40, 164))
    paper.fuse(40, 130)
    paper.write(50, 134, ("F2 3 A", "F2 3 A"), size=10.5)
    paper.box(20, 164, 112, 56)
    paper.write(
        76,
        186,
        ("2 ideal diodes", "2 diodes idéales"),
        ("(OR-ing module)", "(module « OR »)"),
        size=10.5,
        anchor="middle",
    )
    paper.terminal(40, 164)
    paper.write(48, 216, ("out", "sortie"), size=9.5)
    paper.write(106, 216, ("bat.", "bat."), size=9.5, anchor="end")
    paper.wire("plus", (190, 310), (112, 310), (112, 220))
    paper.dot(190, 310, "plus")
    paper.fuse(112, 289)
    paper.write(122, 286, ("F7", "F7"), size=10.5)
    paper.write(122, 299, ("3 A", "3 A"), size=10.5)
    paper.box(88, 232, 48, 34)
    paper.write(112, 246, ("LVD", "LVD"), size=10.5, anchor="middle", is_bold=True)
    paper.write(112, 258, ("10.8 V", "10,8 V"), size=9.5, anchor="middle")
    paper.terminal(112, 232)
    paper.terminal(112, 266)
    paper.terminal(112, 220)
    paper.terminal(40, 220)
    _ground(paper, 132, 182, MINUS_X)
    paper.wire("minus", (136, 249), (150, 249), (150, 182), width=1.2)
    paper.dot(150, 182)
    paper.terminal(136, 249)
    paper.write(154, 178, ("minus", "moins"), size=9.5)
    paper.wire("plus", (40, 220), (40, 240))
    _meter(paper, 40, 240, "V3")
    paper.terminal(68, 265)
    paper.write(73, 284, ("GND", "GND"), ("(*)", "(*)"), size=9.5)
    paper.wire("plus", (40, 290), (40, 318), (72, 318), (72, 340))
    paper.terminal(72, 340)
    paper.write(12, 358, ("X3 +: loads, Pi", "X3 + : Pi, K1 et"), ("and K1 with F4,", "équipements avec"), size=10.5)
    paper.write(12, 383, ("F6, F5 as in “line”", "F6, F5, F4 comme"), ("", "en « line »"), size=10.5)


def _legend_line(paper: Paper) -> None:
    paper.write(
        12,
        518,
        (
            "(*) The GND of V1, V2, V3: each its own thin wire to the",
            "(*) GND de V1, V2, V3 : chacun son fil fin vers la barre",
        ),
        ("minus bar; no load current through the HAT.", "du moins ; aucun courant d'équipement à travers la carte."),
        ("Shunts (IN+, IN-) in the plus lead only.", "Shunts (IN+, IN-) dans le plus uniquement."),
        (
            "Drawn at rest: R2's coil without current, R2 closed.",
            "Dessiné au repos : bobine de R2 non alimentée, R2 fermé.",
        ),
        ("D1: current flows only from battery to unit.", "D1 : le courant ne va que de la batterie vers le bloc."),
        size=11,
    )


def _legend_charge_only(paper: Paper) -> None:
    paper.write(
        12,
        518,
        (
            "(*) The GND of V1, V2, V3: each its own thin wire to the",
            "(*) GND de V1, V2, V3 : chacun son fil fin vers la barre",
        ),
        ("minus bar; no load current through the HAT.", "du moins ; aucun courant d'équipement à travers la carte."),
        (
            "R2 open: no charge, but the battery still feeds the loads.",
            "R2 ouvert : recharge coupée, mais la batterie alimente",
        ),
        ("No diode D1 is needed here.", "toujours les équipements. Ici D1 n'est pas nécessaire."),
        ("LVD: cuts an empty battery off the loads.", "LVD : sépare des équipements une batterie vide."),
        (
            "V3, behind the ideal diodes, must stay over 13.2 V.",
            "V3, derrière les diodes, doit rester au-dessus de 13,2 V.",
        ),
        size=11,
    )
