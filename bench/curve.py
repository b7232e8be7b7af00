"""The growth curve as a small picture."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 640, 250, 56, 40, 14
COLOURS = ("#0969da", "#8250df", "#bc4c00", "#57606a")
Points = Sequence[tuple[int, float]]


def svg(lines: Mapping[str, Points]) -> str:
    """CPU seconds over agents, both by powers of ten, so that linear growth is a straight line."""
    xs = [math.log10(x) for points in lines.values() for x, _ in points]
    ys = [math.log10(y) for points in lines.values() for _, y in points]
    low_x, high_x = min(xs), max(xs)
    low_y, high_y = math.floor(min(ys)), math.ceil(max(ys))

    def at(x: float, y: float) -> tuple[float, float]:
        right = LEFT + (math.log10(x) - low_x) / (high_x - low_x) * (WIDTH - LEFT - 150)
        return round(right, 1), round(TOP + (high_y - math.log10(y)) / (high_y - low_y) * (HEIGHT - TOP - BOTTOM), 1)

    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
        'font-size="12">',
        "<style>text{fill:#57606a}line{stroke:#8c959f44}</style>",
    ]
    for power in range(low_y, high_y + 1):
        _, y = at(10**low_x, 10.0**power)
        out.append(f'<line x1="{LEFT}" x2="{WIDTH - 150}" y1="{y}" y2="{y}"/>')
        out.append(f'<text x="{LEFT - 6}" y="{y + 4}" text-anchor="end">{10.0**power:g} s</text>')
    for power in range(math.ceil(low_x), math.floor(high_x) + 1):
        x, _ = at(10**power, 10.0**low_y)
        out.append(f'<text x="{x}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{10**power:,}</text>')
    out.append(f'<text x="{LEFT}" y="{HEIGHT - 6}">agents converted, and CPU time that it took</text>')
    lowest = 0.0  # of the names written so far: two of them may not lie on one another
    for colour, (name, points) in sorted(
        zip(COLOURS, lines.items(), strict=False), key=lambda pair: -pair[1][1][-1][1]
    ):
        path = " ".join(f"{x},{y}" for x, y in (at(*p) for p in points))
        out.append(f'<polyline fill="none" stroke="{colour}" stroke-width="2" points="{path}"/>')
        x, y = at(*points[-1])
        lowest = max(y + 4, lowest + 14)
        out.append(f'<text x="{x + 6}" y="{lowest:.1f}" style="fill:{colour}">{name}</text>')
    return "\n".join([*out, "</svg>"]) + "\n"
