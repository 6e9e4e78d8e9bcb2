"""The web application with a made-up installation behind it, for people who work on the pages.

    python -m tests.integration.web.demo_feed [port] [mains_seconds]

Moving, plausible snapshots go through the real link once a second; orders are answered as a controller would.
The mains fails for 20 s of every ``mains_seconds`` (default 120; 0 never), which raises an alarm.
The journal is empty. Ctrl-C ends it.
"""

import json
import math
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from tests.integration.web.snapshots import make_alarm, make_channel, make_figures, make_relay, make_snapshot
from vigie.link.client import LinkClient
from vigie.link.messages import Answer, Command, LoopState

TOKEN = "demo-feed-token"
HERE = Path(__file__).parent


class Feed:
    """A pretended controller: contacts, a mode, and numbers that follow from them."""

    def __init__(self, mains_period_s: float) -> None:
        self._mains_period_s = mains_period_s
        self._started_s = time.time()
        self._lock = threading.Lock()
        self._seq = 0
        self._battery_v = 13.4
        self._mode, self._mode_by, self._mode_since_s = "observe", "start", self._started_s
        self._manual_until_s: float | None = None
        self._contacts = {"R1": "closed", "R2": "closed", "R3": "open", "R4": "open"}
        self._reasons = {"R1": "observing", "R2": "observing", "R3": "none", "R4": "none"}
        self._since_s = dict.fromkeys(self._contacts, self._started_s)
        self._switchings = {"R1": 12, "R2": 341, "R3": 0, "R4": 0}
        self._mains_since_s, self._had_mains = self._started_s, True
        self._answers: dict[str, Answer] = {}
        self._alarms: dict[str, dict[str, Any]] = {}

    def raise_alarm(self, alarm: str, **fields: Any) -> None:
        """Let an alarm's condition begin; ``fields`` are those of an AlarmReport."""
        with self._lock:
            self._raise(alarm, **fields)

    def return_alarm(self, alarm: str) -> None:
        """Let an alarm's condition end; it stays until somebody has taken note."""
        with self._lock:
            self._return(alarm)

    def _raise(self, alarm: str, **fields: Any) -> None:
        report = make_alarm(alarm, **({"raised_utc_ms": round(time.time() * 1000)} | fields))
        self._alarms[alarm] = report

    def _return(self, alarm: str) -> None:
        if (report := self._alarms.get(alarm)) and report["standing"] == "acknowledged":
            del self._alarms[alarm]
        elif report:
            report |= {"standing": "returned", "is_present": False, "returned_utc_ms": round(time.time() * 1000)}

    def answer(self, command: Command) -> Answer:
        with self._lock:
            if command.id not in self._answers:
                reason = self._decide(command)
                self._answers[command.id] = Answer(
                    id=command.id,
                    is_accepted=reason in {"done", "manual_wish", "set_by_user"},
                    reason=reason,
                    mode=self._mode,
                    contacts=dict(self._contacts),
                    seq=self._seq,
                )
            return self._answers[command.id]

    def _decide(self, command: Command) -> str:
        if command.not_after_utc_ms < time.time() * 1000:
            return "too_late"
        if command.action == "set_mode":
            self._mode, self._mode_by, self._mode_since_s = str(command.mode), command.who, time.time()
            manual_s = command.manual_s or 1800.0
            self._manual_until_s = time.time() + manual_s if command.mode == "manual" else None
            if command.mode != "manual":
                self._move("R1", "closed", "mode_changed")
                self._move("R2", "closed", "mode_changed")
            return "done"
        if command.action in {"acknowledge", "shelve", "unshelve"}:
            return self._handle(command)
        relay, contact = str(command.relay), str(command.contact)
        if relay in {"R3", "R4"}:
            self._move(relay, contact, "set_by_user")
            return "set_by_user"
        refusal = self._refusal(relay) if contact == "open" else None
        if refusal is None:
            self._move(relay, contact, "manual_wish")
        return refusal or "manual_wish"

    def _handle(self, command: Command) -> str:
        """Acknowledge, shelve or take off the shelf; without a name acknowledge all."""
        chosen = [report for report in self._alarms.values() if command.alarm in {None, report["alarm"]}]
        if not chosen:
            return "not_latched"
        for report in chosen:
            if command.action == "shelve":
                until = round((time.time() + (command.shelve_s or 0.0)) * 1000)
                report |= {"standing": "shelved", "shelved_until_utc_ms": until, "by": command.who, "why": command.why}
            elif command.action == "unshelve":
                report |= {"standing": "unacknowledged", "shelved_until_utc_ms": None, "by": "", "why": ""}
            elif report["is_present"]:
                report |= {"standing": "acknowledged", "by": command.who}
            else:
                del self._alarms[report["alarm"]]
        return "done"

    def _refusal(self, relay: str) -> str | None:
        if relay in {"R3", "R4"}:
            return None
        if self._mode != "manual":
            return "not_manual"
        if self._contacts["R2" if relay == "R1" else "R1"] == "open":
            return "both_open"
        return None if self._has_mains() else "mains_not_proven"

    def _move(self, relay: str, contact: str, reason: str) -> None:
        self._reasons[relay] = reason
        if self._contacts[relay] != contact:
            self._contacts[relay], self._since_s[relay] = contact, time.time()
            self._switchings[relay] += 1

    def _has_mains(self) -> bool:
        since_s = time.time() - self._started_s
        return not self._mains_period_s or since_s % self._mains_period_s < self._mains_period_s - 20

    def step(self) -> dict[str, Any]:
        """Advance by a period and return the snapshot."""
        with self._lock:
            now_s, has_mains = time.time(), self._has_mains()
            if has_mains != self._had_mains:
                self._had_mains, self._mains_since_s = has_mains, now_s
                if has_mains:
                    self._return("mains_lost")
                else:
                    self._raise("mains_lost", severity="critical", protection="r2_closed")
            if self._manual_until_s is not None and now_s > self._manual_until_s:
                self._mode, self._mode_by, self._manual_until_s = "observe", "start", None
            if not has_mains:
                self._move("R2", "closed", "mains_lost")
            is_fed = has_mains and self._contacts["R1"] == "closed"
            self._follow(is_fed)
            self._seq += 1
            return self._snapshot(now_s, has_mains, is_fed)

    def _follow(self, is_fed: bool) -> None:
        if not is_fed:
            goal_v = 12.3
        elif self._contacts["R2"] == "closed":
            goal_v = 13.6
        else:
            goal_v = 12.75
        self._battery_v += 0.05 * (goal_v - self._battery_v) + random.gauss(0, 0.002)

    def _snapshot(self, now_s: float, has_mains: bool, is_fed: bool) -> Any:
        load_a = 0.85 + 0.15 * math.sin(now_s / 7) + random.gauss(0, 0.005)
        closed = self._contacts["R2"] == "closed"
        charge_a = 0.0 if not closed else (max(0.05, 13.62 - self._battery_v) * 0.9 if is_fed else -load_a)
        readings = {
            "battery": (self._battery_v, 0.0),
            "charge": (self._battery_v + 0.02, charge_a),
            "load": (13.55 if is_fed else self._battery_v - 0.1, load_a),
        }
        channels = [
            make_channel(name, bus_v=volts, current_a=amps, shunt_v=amps * 0.1, power_w=volts * amps)
            for name, (volts, amps) in readings.items()
        ]
        relays = [
            make_relay(
                name,
                contact=contact,
                commanded=contact,
                reason=self._reasons[name],
                since_utc_ms=round(self._since_s[name] * 1000),
                switchings=self._switchings[name],
                refusal_to_open=self._refusal(name),
            )
            for name, contact in self._contacts.items()
        ]
        cut = self._contacts["R1"] == "open"
        return make_snapshot(
            seq=self._seq,
            site="Demonstration",
            utc_ms=round(now_s * 1000),
            mode=self._mode,
            mode_by=self._mode_by,
            mode_since_utc_ms=round(self._mode_since_s * 1000),
            phase_since_utc_ms=round(self._mode_since_s * 1000),
            manual_until_utc_ms=None if self._manual_until_s is None else round(self._manual_until_s * 1000),
            mains="cut" if cut else ("present" if has_mains else "absent"),
            mains_since_utc_ms=round(self._mains_since_s * 1000),
            verdict="ok" if has_mains else "attention",
            verdict_reasons=[] if has_mains else ["mains_lost"],
            channels=[*channels, make_channel("spare")],
            temperature_c=24.0 + math.sin(now_s / 60),
            alarms=list(self._alarms.values()),
            outage=None if has_mains else self._outage(now_s),
            relays=relays,
            loop=LoopState(
                periods=self._seq,
                failed_periods=0,
                overruns=0,
                period_s=1.0,
                cpu_ms=6.0 + random.random(),
                started_utc_ms=round(self._started_s * 1000),
            ),
            figures=make_figures(cpu_temp_c=50 + 3 * math.sin(now_s / 20)),
        )

    def _outage(self, now_s: float) -> dict[str, Any]:
        lasted_s = now_s - self._mains_since_s
        return {
            "kind": "outage",
            "began_utc_ms": round(self._mains_since_s * 1000),
            "lowest_v": self._battery_v,
            "charge_out_ah": 0.85 * lasted_s / 3600,
            "dark_s": 0.0,
            "rest_dark_s": 0.0,
        }


def main() -> None:
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8000
    feed = Feed(float(sys.argv[2]) if len(sys.argv) > 2 else 120.0)
    with tempfile.TemporaryDirectory() as folder:
        options = {
            "token": TOKEN,
            "journal": os.environ.get("VIGIE_DEMO_JOURNAL", f"{folder}/journal.sqlite"),
            "snapshot": f"{folder}/last.json",
            "link": f"{folder}/link.sock",
            "web": {"port": port},
        }
        web = subprocess.Popen([sys.executable, str(HERE / "serve_web.py"), json.dumps(options)])
        client = LinkClient(Path(folder) / "link.sock", feed.answer)
        client.start()
        try:
            while web.poll() is None:
                client.publish(feed.step())
                time.sleep(1.0)
        except KeyboardInterrupt:
            pass
        finally:
            client.close()
            web.terminate()
            web.wait(5)


if __name__ == "__main__":
    main()
