"""Measure every figure, print the table, and keep it in docs/benchmarks.md: ``python -m bench``."""

import importlib
import math
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "benchmarks.md"
Row = tuple[str, float, str, float | None]


def section(module: str) -> list[str]:
    """Run one bench module; return its part of the page."""
    bench = importlib.import_module(f"bench.{module}")
    lines = [f"## {(bench.__doc__ or module).strip().splitlines()[0].rstrip('.')}", ""]
    lines += ["| figure | measured | limit | |", "|---|---:|---:|---|"]
    for name, value, unit, limit in bench.rows():
        verdict = "" if limit is None else ("held" if value <= limit else "**not held**")
        measured = "not installed" if math.isnan(value) else f"{value:.3g} {unit}"
        lines.append(f"| {name} | {measured} | {'' if limit is None else f'{limit:g} {unit}'} | {verdict} |")
    return [*lines, ""]


def main() -> int:
    modules = sorted(path.stem for path in Path(__file__).parent.glob("bench_*.py"))
    machine = f"{psutil.cpu_count()} cores of {_processor()}, Python {platform.python_version()}"
    page = [
        "# Benchmarks",
        "",
        "Written by `make bench`. Single run on a shared machine: read ratios, not digits.",
        "",
        f"Machine: {machine}; {datetime.now(UTC):%Y-%m-%d}. Nothing was measured on a Raspberry Pi.",
        "",
    ]
    for module in modules:
        print(f"measuring {module} ...", file=sys.stderr)
        page += section(module)
    text = "\n".join(page)
    PAGE.write_text(text, encoding="utf-8")
    print(text)
    return "**not held**" in text


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


if __name__ == "__main__":
    sys.exit(main())
