"""The picture of the start page."""

from __future__ import annotations

import random

CURVES = (("#2447c8", 60, 230), ("#12805c", 40, 170), ("#c2410c", 50, 110), ("#7c3aed", 30, 70))
"""Colour, where the curve starts and how far it rises, in pixels."""


def draw_hero() -> str:
    """The picture of the start page: four random walks with a rise, the same at every start."""
    dice = random.Random(7)  # noqa: S311 - a picture, not a secret
    curves = []
    for colour, base, rise in CURVES:
        height = float(base)
        points = []
        for step in range(241):
            height = max(8.0, height + dice.gauss(rise / 240, 3.5))
            points.append(f"{step * 4} {min(400.0, height):.1f}")
        line = f"M{'L'.join(points)}"
        curves.append(f'<path d="{line}" fill="none" stroke="{colour}" stroke-width="3"/>')
    grid = "".join(f'<path d="M0 {y}H960" stroke="#d9dfeb"/>' for y in range(60, 420, 60))
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 960 420" width="960" height="420">'
        f'<rect width="960" height="420" fill="#f4f6fb"/>{grid}'
        f'<g transform="translate(0 420) scale(1 -1)">{"".join(curves)}</g></svg>'
    )
