"""The colours of the dashboards. Blue, orange and red tell states apart for everybody; green says nothing here."""

GOOD = "#3A8FD6"
ATTENTION = "#F2A900"
ALARM = "#D93A3A"
NOTHING = "#8E8E93"

BATTERY = "#3A8FD6"
CHARGE = "#E0752D"
LOAD = "#1F9E78"
SPARE = "#A8679B"
"""The channels in the order and hues of Vigie's own pages, between their light and their dark tone."""

FURTHER = ("#6C7BD9", "#B0653A", "#4FA3A5", "#C2668F")
"""Of modes and phases beyond the first ones."""
EXPECTED = "#A0A4AB"
LIMIT = "#C0902B"
