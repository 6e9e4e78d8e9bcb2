"""Manual: a person sets each contact; expires back to observe."""

from typing import Annotated, NamedTuple

from vigie.control.commands import Mode, Phase, Reason
from vigie.control.modes.spec import STEADY, ModeSpec
from vigie.control.modes.wish import ModeInputs, Wish
from vigie.units import setting


class ManualSettings(NamedTuple):
    """How long a person may be in charge."""

    default_s: Annotated[
        float,
        setting("Manual mode lasts this long unless the command says otherwise", unit="s", ge=60, le=86_400),
    ] = 1_800.0
    longest_s: Annotated[float, setting("Manual mode never lasts longer", unit="s", ge=60, le=86_400)] = 7_200.0


def wish(seen: ModeInputs) -> Wish:
    """Return the person's contacts as a wish."""
    hands = seen.hands
    return Wish(Phase.STEADY, hands.r1, hands.r2, Reason.MANUAL_WISH, Reason.MANUAL_WISH)


SPEC = ModeSpec(
    Mode.MANUAL,
    client_name="au_ma",
    wish=wish,
    phases=STEADY,
    decides_by_readings=False,
    is_resumed=False,
    is_by_hand=True,
    settings=ManualSettings,
    ordered=(("default_s", "longest_s"),),
)
