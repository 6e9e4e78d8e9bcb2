"""What `vigie status` says of the time a battery lasts."""

from typing import Any

from vigie.cli.status import _remaining
from vigie.wording.words import translator


def estimate(**remaining: Any) -> dict[str, Any]:
    return {"load_w": 6.8, "remaining_s": {"value": None, "low": None, "high": None, "why": "none"} | remaining}


def told(language: str, **remaining: Any) -> str:
    return _remaining(estimate(**remaining), translator(language)).replace("\u00a0", " ").replace("\u202f", " ")


def test_the_time_left_has_its_band_and_its_load() -> None:
    known = {"value": 25_200.0, "low": 14_400.0, "high": 32_400.0}
    assert told("en", **known) == "Battery: lasts about 7 h (4 h to 9 h) at 6.8 W"
    assert told("fr", **known) == "Batterie : tient environ 7 h (de 4 h à 9 h) à 6.8 W"
    assert told("de", **known) == "Batterie: hält etwa 7 h (4 h bis 9 h) bei 6.8 W"


def test_what_is_unknown_says_why() -> None:
    assert told("en", why="nothing_drawn") == "Battery: time left unknown: the loads draw nothing"
    assert "inconnue : la capacité" in told("fr", why="capacity_not_set")
