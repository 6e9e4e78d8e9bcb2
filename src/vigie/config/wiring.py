"""What becomes of the contacts while no program drives them: without power, during a boot, after the program's end."""

from collections.abc import Iterator
from pathlib import Path

from vigie.config.sections import Config, SettingsFault
from vigie.control.signals import Relay
from vigie.hardware.gpio import outputs_persist
from vigie.hardware.relay_board import ContactKind
from vigie.plant.boot import boots_high, is_open_at_boot
from vigie.plant.rig import Boards, RigSettings, relay_wiring
from vigie.plant.site import ControllerSupply
from vigie.wording.dialogue import spoken
from vigie.wording.words import mark

_OTHER_LINES = mark(
    "Use a board whose coils a high line energises, or give r1_line and r2_line lines that are pulled up at boot "
    "(GPIO5, GPIO6)"
)
_PULLED = {True: mark("{line} high"), False: mark("{line} low")}


def wiring_risks(config: Config) -> Iterator[SettingsFault]:
    """Yield what a blackout or a boot does with these contacts."""
    rig = config.rig
    is_on_loads = config.wiring.controller_supply == ControllerSupply.LOADS
    pulled = [] if rig is None else [relay for relay in (Relay.R1, Relay.R2) if _is_pulled_open(rig, relay)]
    if config.r2_may_black_out:
        yield SettingsFault("wiring", _blackout(is_pulled=Relay.R2 in pulled))
    if rig is None:
        return
    if is_on_loads and rig.r1_contact == ContactKind.NO:
        yield SettingsFault(
            "rig.r1_contact",
            spoken(
                "R1 is wired NO and this computer lives on the loads: after a blackout the mains cannot come back "
                "before the computer starts, and the computer cannot start before the mains comes back. Wire R1 on NC"
            ),
        )
    if pulled:
        yield SettingsFault("rig.relay_is_active_high", _pulled_open(rig, pulled, is_on_loads=is_on_loads))


def kernel_risks(config: Config, sysfs: Path = Path("/sys")) -> list[SettingsFault]:
    """Return what this machine's kernel does with the contacts of real boards when the program ends."""
    if config.rig is None or config.rig.boards != Boards.REAL or outputs_persist(sysfs) is not False:
        return []
    message = spoken(
        "this kernel turns the relays' lines into inputs when the program ends (persist_gpio_outputs = N, set by "
        "dtparam=strict_gpiod): every stop, restart or crash drops the coils and moves the contacts. Remove "
        "strict_gpiod from /boot/firmware/config.txt and restart the computer"
    )
    return [SettingsFault("rig.boards", message)]


def _is_pulled_open(rig: RigSettings, relay: Relay) -> bool:
    """Return whether the pull of its line at boot energises the coil of a contact on NC."""
    return relay_wiring(rig)[relay].contact == ContactKind.NC and is_open_at_boot(rig, relay)


def _blackout(*, is_pulled: bool) -> str:
    if is_pulled:
        return spoken(
            "this computer lives on the loads and its boot opens R2: a mains failure while R2 is open would kill it, "
            "and without the mains every boot cuts the battery off again, until somebody comes. Every act that opens "
            "R2 is refused. {other_lines}, feed the computer independently, or set wiring.accept_blackout_risk = true",
            other_lines=spoken(_OTHER_LINES),
        )
    return spoken(
        "this computer lives on the loads and R2 is wired NO: a mains failure while R2 is open would kill it before it "
        "could close R2, and the site would stay dark until somebody comes. Every act that opens R2 is refused. Wire "
        "R2 on NC, feed the computer independently, or set wiring.accept_blackout_risk = true"
    )


def _pulled_open(rig: RigSettings, pulled: list[Relay], *, is_on_loads: bool) -> str:
    wiring = relay_wiring(rig)
    join = spoken(" and ").join
    names = join(relay.name for relay in pulled)
    lines = join(spoken(_PULLED[boots_high(wiring[relay])], line=wiring[relay].line) for relay in pulled)
    if len(pulled) == 1:
        follows = spoken("{relay} opens at every boot until the program runs", relay=names)
    elif is_on_loads:
        follows = spoken(
            "both open at every boot, the loads are dark, and this computer, which lives on them, never starts"
        )
    else:
        follows = spoken("both open at every boot, and the loads are dark until the program runs")
    text = (
        mark(
            "{relays} on NC of a board whose coils a high line energises, and a Raspberry Pi pulls {lines} while it "
            "boots: {follows}. {other_lines}"
        )
        if rig.relay_is_active_high
        else mark(
            "{relays} on NC of a board whose coils a low line energises, and a Raspberry Pi pulls {lines} while it "
            "boots: {follows}. {other_lines}"
        )
    )
    return spoken(text, relays=names, lines=lines, follows=follows, other_lines=spoken(_OTHER_LINES))
