"""``python -m bench``: the table of docs/speed.md. ``--help`` tells the rest.

Each row runs several times in turn with its floor, and what counts is the CPU time of all processes (user and system):
a shared machine makes wall time worthless, and ratios of one run can be compared with those of another machine.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from bench import curve, peers
from bench.measure import environment, in_turn, instructions, middle, run
from bench.rows import AGENTCONV, MARKDOWN, PYTHON, Row, bare, convert, project, rows

OUTPUTS = ("out", "floor-out", ".opencode", "agentconv.lock")


def clean(folder: Path) -> None:
    """A project as it was before any run. What is there is moved away and not deleted: for some seconds after, ext4
    passes over the inodes of deleted files one by one, and whoever writes next pays for it."""
    for name in OUTPUTS:
        path = folder / name
        if path.exists():
            away = folder.parent / "away"
            away.mkdir(exist_ok=True)
            path.rename(away / f"{sum(1 for _ in away.iterdir())}")


def measured(row: Row, times: int) -> dict[str, Any]:
    """One row of the table."""
    clean(row.project)
    if not row.fresh:  # the first build writes, the second one tells what it cannot write; when all times are more than
        run(row.ours, row.project)  # two seconds old, the third one compares contents for the last time
        run(row.ours, row.project)
        time.sleep(2.5)
        run(row.ours, row.project)
    ours, floor = in_turn(row.ours, row.floor, row.project, times, lambda: clean(row.project) if row.fresh else None)
    mine, theirs = middle(ours), middle(floor)
    ratio = middle_ratio([a.cpu / b.cpu for a, b in zip(ours, floor, strict=True)])
    wall = middle_ratio([a.wall / b.wall for a, b in zip(ours, floor, strict=True)])
    return {
        "name": row.name, "floor": row.floor_name, "must": row.must, "must_wall": row.must_wall,
        "ratio": round(ratio, 2), "wall": round(wall, 2), "cpu": round(mine.cpu, 3), "floor_cpu": round(theirs.cpu, 3),
        "memory": round(mine.memory),
        "command": " ".join(row.ours).replace(str(Path(AGENTCONV).parent) + "/", ""),
    }  # fmt: skip


def measured_package(scratch: Path) -> str:
    """The agentconv that the commands start: a wheel where one is installed, and not the files beside this one."""
    command = [PYTHON, "-c", "import agentconv; print(agentconv.__version__, agentconv.__path__[0])"]
    done = subprocess.run(command, cwd=scratch, env=environment(), capture_output=True, text=True)
    if done.returncode or not Path(AGENTCONV).exists():
        raise SystemExit(f"no agentconv is installed for {PYTHON}: pip install .")
    return done.stdout.strip()


def middle_ratio(ratios: list[float]) -> float:
    """The median."""
    return sorted(ratios)[len(ratios) // 2]


def growth(base: Path, most: int) -> dict[str, list[tuple[int, float]]]:
    """CPU seconds by number of agents, less the start: plain, colliding names, bodies of 100 KB, the floor."""
    kinds: dict[str, tuple[dict[str, Any], list[str], int]] = {
        "agentconv": ({}, convert(MARKDOWN), most),
        "bodies of 100 KB": ({"body": 100_000}, convert(MARKDOWN), min(most, 1_000)),
        "one name for all": ({"same_name": True}, convert(MARKDOWN, "--on-collision", "suffix"), min(most, 10_000)),
        "bare script": ({}, bare(), most),
    }
    found: dict[str, list[tuple[int, float]]] = {}
    for name, (how, command, limit) in kinds.items():
        for count in (c for c in (10, 100, 1_000, 10_000, 50_000) if c <= limit):
            folder = project(base, count, **how)
            clean(folder)
            found.setdefault(name, []).append((count, round(run(command, folder).cpu, 3)))
    return found


def table(found: list[dict[str, Any]]) -> str:
    """The rows as Markdown."""
    out = ["| work | floor | must reach | CPU | wall | memory |", "|---|---|---|---|---|---|"]
    for row in found:
        most = row["must_wall"]
        met = "" if row["ratio"] <= row["must"] else " **missed**"
        cpu = f"{row['ratio']:.2f} × ({row['cpu']:.2f} s : {row['floor_cpu']:.2f} s){met}"
        wall = f"{row['wall']:.2f} ×{'' if most is None or row['wall'] <= most else ' **missed**'}"
        goal = f"≤ {row['must']:g} ×{'' if most is None else f'; wall {most:g} ×'}"
        out.append(f"| {row['name']} | {row['floor']} | {goal} | {cpu} | {wall} | {row['memory']} MB |")
    return "\n".join(out)


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--times", type=int, default=5, help="runs of each row (5)")
    parser.add_argument("--many", type=int, default=10_000, help="what stands for ten thousand")
    parser.add_argument("--only", default="", help="rows with this text in their name")
    parser.add_argument("--growth", type=int, metavar="MOST", help="the growth curve, up to so many agents")
    parser.add_argument("--peers", action="store_true", help="other converters that are installed")
    parser.add_argument("--instructions", action="store_true", help="start-up as valgrind counts it")
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--curve", metavar="FILE.svg")
    parser.add_argument("--data", metavar="FOLDER", help="where the agents are made, and kept")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="agentconv-bench-") as scratch:
        os.environ["AGENTCONV_BENCH"] = scratch
        base = Path(given.data or scratch)
        found: dict[str, Any] = {"python": platform.python_version(), "cores": os.cpu_count(), "load": os.getloadavg()}
        found["measured"] = where = measured_package(Path(scratch))
        print(f"measured: {where}\n")
        if not given.growth and not given.peers and not given.instructions:
            chosen = [row for row in rows(base, given.many) if given.only in row.name]
            print(table([]))
            found["rows"] = []
            for row in chosen:
                found["rows"].append(measured(row, given.times))
                print(table(found["rows"][-1:]).splitlines()[-1], flush=True)
        if given.instructions:
            one = project(base, 1)
            words = {row.name: (row.ours, row.floor) for row in rows(base, 1) if row.name[0] == "`"}
            for name in (n for n in words if n.startswith(("`--", "`convert`"))):
                clean(one)
                ours, floor = (instructions([PYTHON, *c] if c[0] == AGENTCONV else c, one) for c in words[name])
                found.setdefault("instructions", {})[name] = (ours, floor)
                if ours and floor:
                    print(f"{name}: {ours / 1e6:.0f} M, floor {floor / 1e6:.0f} M: {ours / floor:.2f}")
        if given.growth:
            found["growth"] = growth(base, given.growth)
            print(json.dumps(found["growth"], indent=1))
            if given.curve:
                Path(given.curve).write_text(curve.svg(found["growth"]), "utf-8")
        if given.peers:
            # without the odd headers: at the first of them rulesync gives up, and writes nothing
            found["peers"] = peers.compare(project(base, 1_000, plain=True), given.times)
            print(json.dumps(found["peers"], indent=1))
        if given.json:
            Path(given.json).write_text(json.dumps(found, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
