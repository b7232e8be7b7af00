"""What hostile files cost: ``python -m tests.security.hostile_table [MEGABYTES [FORMAT…]]``."""

from __future__ import annotations

import sys

from tests.security import hostile


def main() -> None:
    """A table of what is over the limits, then the slowest."""
    size = int(float(sys.argv[1]) * 1_000_000) if len(sys.argv) > 1 else hostile.SIZE
    only = sys.argv[2:] or None
    rows = []
    for id, name in hostile.cases():
        if only and id not in only:
            continue
        cpu, memory, ended = hostile.measured(id, name, size)
        rows.append((cpu, memory, id, name, ended))
        if cpu > hostile.CPU or memory > hostile.MEMORY or ":" in ended or ended == "killed":
            print(f"OVER {cpu:6.2f} s {memory:6.0f} MB  {id:<16}{name:<22}{ended}", flush=True)
    rows.sort(reverse=True)
    for cpu, memory, id, name, ended in rows[:12]:
        print(f"     {cpu:6.2f} s {memory:6.0f} MB  {id:<16}{name:<22}{ended}")
    print(f"{len(rows)} cases of {size:,} characters; most memory {max(r[1] for r in rows):.0f} MB")


if __name__ == "__main__":
    main()
