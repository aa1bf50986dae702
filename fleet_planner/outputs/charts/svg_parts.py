"""The few elements that all charts are made of."""

from __future__ import annotations

import math
from html import escape

INK = "#2a3036"


def text(x: float, y: float, words: str, anchor: str = "start", size: int = 12, colour: str = INK) -> str:
    """Return a text element."""
    style = f'text-anchor="{anchor}" font-size="{size}" fill="{colour}"'
    return f'<text x="{x:.1f}" y="{y:.1f}" {style}>{escape(words)}</text>'


def svg(width: int, height: float, title: str, body: str) -> str:
    """Return a drawing with a title for those who do not see it."""
    return (
        f'<svg viewBox="0 0 {width} {math.ceil(height)}" role="img" aria-label="{escape(title)}">'
        f"<title>{escape(title)}</title>{body}</svg>"
    )


def width_of(words: str, size: int = 12) -> float:
    """Return about how wide a text is drawn, Chinese characters being square."""
    return sum(size * (1.0 if ord(c) > 0x2E80 else 0.72 if c.isupper() else 0.54) for c in words)
