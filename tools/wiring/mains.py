"""The 230 V side: breaker, RCD, the contact that R1 moves, and how far it stays from the Pi."""

from tools.wiring.paper import Paper, Text

L_X, N_X, PE_X = 40.0, 92.0, 144.0


def mains(language: str) -> Paper:
    """Return the sheet of the 230 V side, with R1 as a contactor's pilot."""
    title: Text = (
        "230 V side: breaker and RCD, contactor K1 with two NC contacts, supply; R1 on the board moves only its coil",
        "Côté 230 V : disjoncteur, différentiel, contacteur K1 à deux contacts NC, alimentation ; R1 pilote sa bobine",
    )
    paper = Paper("mains", title, 530, language)
    _protection(paper)
    _contactor(paper)
    _unit(paper)
    _pilot(paper)
    _legend(paper)
    return paper


def _protection(paper: Paper) -> None:
    paper.write(12, 16, ("230 V side, mains contact", "Côté 230 V, contact secteur"), size=13, is_bold=True)
    for x, kind, name in ((L_X, "l", "L"), (N_X, "n", "N"), (PE_X, "pe", "PE")):
        paper.write(x, 38, (name, name), size=13, anchor="middle", is_bold=True)
        paper.wire(kind, (x, 44), (x, 330))
    paper.box(22, 68, 88, 66, fill="#fff")
    for x, kind in ((L_X, "l"), (N_X, "n")):
        paper.open_contact(x, 100, kind)
    paper.wire("signal", (34, 97), (86, 97), width=1.2)
    paper.write(66, 130, ("Q1", "Q1"), anchor="middle", is_bold=True)
    paper.write(
        158,
        72,
        ("Q1: breaker, 2 poles, 6 A curve C", "Q1 : disjoncteur 2 pôles 6 A, courbe C"),
        ("with RCD 30 mA type A.", "et différentiel 30 mA type A."),
        ("Off and locked it isolates", "Coupé et condamné, il sépare"),
        ("everything that follows it.", "tout ce qui est après lui."),
        size=10.5,
    )
    paper.wire("danger", (24, 24), (118, 24), (118, 64), (24, 64), (24, 24), width=1.8)
    paper.write(
        158,
        39,
        ("Stays live when Q1 is off:", "Reste sous tension, Q1 coupé :"),
        ("lock Q0 (distribution board).", "condamner Q0 au tableau."),
        size=11,
        is_bold=True,
        is_warning=True,
    )


def _contactor(paper: Paper) -> None:
    paper.terminal(L_X, 152)
    paper.terminal(N_X, 152)
    paper.terminal(PE_X, 152)
    paper.write(158, 156, ("X1 terminals", "X1 bornes"), size=10.5)
    paper.closed_contact(L_X, 200, "l")
    paper.closed_contact(N_X, 200, "n")
    paper.wire("signal", (45, 201), (96, 201), width=1.2)
    paper.wire("signal", (98, 201), (218, 201), (218, 372), width=1.2)
    paper.write(64, 193, ("K1", "K1"), anchor="middle", is_bold=True)
    paper.write(60, 226, ("NC", "NC"), size=10)
    paper.write(112, 226, ("NC", "NC"), size=10)
    paper.terminal(L_X, 248)
    paper.terminal(N_X, 248)
    paper.terminal(PE_X, 248)
    paper.write(12, 266, ("X2", "X2"), size=10.5)
    paper.write(
        158,
        171,
        ("K1: contactor, 2 NC contacts of 16 A,", "K1 : contacteur, 2 contacts NC de 16 A,"),
        ("coil 12 V DC. Printed R1-R2, R3-R4:", "bobine 12 V =. Marqués R1-R2, R3-R4 :"),
        ("these are not the relays R1 and R2.", "ce ne sont pas les relais R1 et R2."),
        size=10,
    )


def _unit(paper: Paper) -> None:
    paper.box(12, 330, 150, 66)
    for x, name in ((L_X, "L"), (N_X, "N"), (PE_X, "PE")):
        paper.terminal(x, 330)
        paper.write(x, 347, (name, name), size=10.5, anchor="middle")
    paper.write(
        87,
        367,
        ("Supply and charger", "Alimentation, chargeur"),
        ("(both behind K1)", "(les deux après K1)"),
        size=10.5,
        anchor="middle",
        is_bold=True,
    )
    paper.wire("pe", (PE_X, 268), (120, 268), (120, 282))
    paper.dot(PE_X, 268, "pe")
    paper.write(138, 292, ("cabinet,", "coffret,"), ("door,", "porte,"), ("rail", "rail"), size=9.5, anchor="end")
    paper.write(150, 282, ("PE is", "PE"), ("never", "jamais"), ("cut", "coupé"), size=10)


def _pilot(paper: Paper) -> None:
    """Draw the coil's circuit, all of it on 12 V."""
    paper.wire("thin", (188, 240), (188, 420), width=1)
    paper.write(184, 252, ("230 V", "230 V"), size=9.5, anchor="end", is_bold=True)
    paper.write(192, 252, ("12 V", "12 V"), size=9.5, is_bold=True)
    paper.wire("plus", (322, 274), (322, 306))
    paper.write(352, 270, ("+12 V of the loads", "+12 V des équipements"), size=10.5, anchor="end")
    paper.fuse(322, 293)
    paper.write(312, 297, ("F5 0.5 A", "F5 0,5 A"), size=10.5, anchor="end")
    paper.wire("plus", (322, 306), (322, 366), (218, 366), (218, 372))
    paper.open_contact(322, 332, "plus")
    paper.write(306, 326, ("R1 (board)", "R1 (carte)"), size=10.5, anchor="end", is_bold=True)
    paper.write(306, 340, ("COM-NO", "COM-NO"), size=10.5, anchor="end")
    paper.box(198, 372, 40, 28)
    paper.write(218, 390, ("K1", "K1"), anchor="middle", is_bold=True)
    paper.write(214, 368, ("A1 +", "A1 +"), size=9.5, anchor="end")
    paper.write(214, 411, ("A2 -", "A2 -"), size=9.5, anchor="end")
    paper.wire("minus", (218, 400), (218, 412), (340, 412))
    paper.write(340, 406, ("minus", "moins"), size=10.5, anchor="end")
    paper.wire("plus", (262, 366), (262, 368))
    paper.dot(262, 366, "plus")
    paper.diode(262, 388)
    paper.wire("minus", (262, 396), (262, 412))
    paper.dot(262, 412)
    paper.write(275, 386, ("1N4007", "1N4007"), size=10)


def _legend(paper: Paper) -> None:
    paper.write(
        12,
        440,
        ("At rest (Pi dead, 12 V gone): R1 and the coil let go,", "Au repos (Pi éteint, 12 V absent) : R1 et K1"),
        ("K1's NC contacts close, the mains is there.", "retombent, les NC de K1 ferment : secteur présent."),
        ("Q1 is drawn off. K1 cuts L and N.", "Q1 est dessiné coupé. K1 coupe L et N."),
        (
            "No 230 V on the Pi's boards. 230 V and 12 V in separate",
            "Pas de 230 V sur les cartes du Pi. 230 V et 12 V en",
        ),
        (
            "compartments, or 8 mm apart in air and along surfaces.",
            "compartiments séparés, ou à 8 mm l'un de l'autre (air",
        ),
        ("Wires clamped: a loose one must not reach the", "et surface). Fils fixés : un fil détaché ne doit pas"),
        ("other side.", "atteindre l'autre côté."),
        size=10.5,
    )
