"""The chart of a forecast, as SVG: lapses by week and queue, and what each change would bring.

Drawn by hand: two bar charts need no library of tens of megabytes (matplotlib), and the light one
(pygal) writes scripts and web fonts into its files. Colours differ in brightness too.
"""

from collections.abc import Sequence
from html import escape
from math import ceil
from typing import Final

_COLOURS: Final = ("#1b4f72", "#e08e0b", "#5dade2", "#7d3c98", "#58d68d", "#a93226")
_WIDTH: Final = 760
_LEFT: Final = 60
_TOP: Final = 56
_HEIGHT: Final = 220
_ROW: Final = 26
_NAMES: Final = 230
_GRID: Final = 4


def draw(
    title: str,
    weeks: Sequence[str],
    queues: Sequence[tuple[str, Sequence[float]]],
    changes: Sequence[tuple[str, float]],
) -> str:
    """Return the chart: a stacked bar for each week, and below it a bar for each change."""
    height = _TOP + _HEIGHT + 90 + _ROW * len(changes)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}"',
        f' width="{_WIDTH}" height="{height}" role="img" font-family="system-ui, sans-serif">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{_WIDTH}" height="{height}" fill="#fff"/>',
        _text(16, 24, title, size=16),
        *_legend([name for name, _ in queues]),
        *_weeks(weeks, queues),
        *_changes(changes, _TOP + _HEIGHT + 70),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _legend(names: Sequence[str]) -> list[str]:
    width = (_WIDTH - _LEFT - 20) / max(len(names), 1)
    parts = []
    for number, name in enumerate(names):
        x = _LEFT + number * width
        parts += [_bar(x, 36, 10, 10, _colour(number)), _text(x + 15, 46, name)]
    return parts


def _weeks(weeks: Sequence[str], queues: Sequence[tuple[str, Sequence[float]]]) -> list[str]:
    totals = [sum(lapses[week] for _, lapses in queues) for week in range(len(weeks))]
    most = _GRID * ceil(max(totals) / _GRID) or _GRID
    bottom = _TOP + _HEIGHT
    step = (_WIDTH - _LEFT - 20) / len(weeks)
    parts = []
    for number in range(_GRID + 1):
        y = bottom - _HEIGHT * 0.9 * number / _GRID
        parts += [
            f'<line x1="{_LEFT}" x2="{_WIDTH - 20}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>',
            _text(_LEFT - 8, y + 4, str(most * number // _GRID), anchor="end"),
        ]
    for week, label in enumerate(weeks):
        x, y = _LEFT + week * step, float(bottom)
        for number, (_, lapses) in enumerate(queues):
            tall = _HEIGHT * 0.9 * lapses[week] / most
            y -= tall
            parts.append(_bar(x + step * 0.15, y, step * 0.7, tall, _colour(number)))
        parts += [
            _text(x + step / 2, y - 5, f"{totals[week]:g}", anchor="middle"),
            _text(x + step / 2, bottom + 18, label, anchor="middle"),
        ]
    return parts


def _changes(changes: Sequence[tuple[str, float]], top: float) -> list[str]:
    most = max([lapses for _, lapses in changes] or [0.0]) or 1.0
    parts = [_text(16, top - 12, "Lapses in all, with one thing changed each", size=14)]
    for number, (name, lapses) in enumerate(changes):
        y = top + number * _ROW
        long = (_WIDTH - _NAMES - 90) * lapses / most
        parts += [
            _text(_NAMES - 8, y + 15, name, anchor="end"),
            _bar(_NAMES, y + 3, long, _ROW - 8, _COLOURS[0] if number == 0 else "#85929e"),
            _text(_NAMES + long + 6, y + 15, f"{lapses:g}"),
        ]
    return parts


def _colour(number: int) -> str:
    return _COLOURS[number % len(_COLOURS)]


def _bar(x: float, y: float, width: float, height: float, colour: str) -> str:
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{colour}"/>'
    )


def _text(x: float, y: float, text: str, *, anchor: str = "start", size: int = 13) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="#222">'
        f"{escape(text)}</text>"
    )
