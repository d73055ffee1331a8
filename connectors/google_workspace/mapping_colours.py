"""Google's eleven colours of events and COLOR (RFC 7986 5.9), which is a name of CSS.

A colour that Google has not is shown there as the nearest one, and stays itself in the record.
"""

from __future__ import annotations

import re
from colorsys import rgb_to_hls

from connectors.css_colours import CSS_COLOURS

NAMES = {
    "1": "lavender",
    "2": "mediumaquamarine",
    "3": "plum",
    "4": "lightcoral",
    "5": "gold",
    "6": "sandybrown",
    "7": "mediumturquoise",
    "8": "lightgray",
    "9": "cornflowerblue",
    "10": "mediumseagreen",
    "11": "tomato",
}
"""What a record calls each colour: Lavender, Sage, Grape, Flamingo, Banana, Tangerine, Peacock, Graphite, Blueberry,
Basil and Tomato."""
_SHOWN = {
    "1": "a4bdfc",
    "2": "7ae7bf",
    "3": "dbadff",
    "4": "ff887c",
    "5": "fbd75b",
    "6": "ffb878",
    "7": "46d6db",
    "8": "e1e1e1",
    "9": "5484ed",
    "10": "51b749",
    "11": "dc2127",
}
"""As colors.get tells them."""
_IDS = {name: number for number, name in NAMES.items()}
_GREY = 0.12  # chroma below which nobody sees a hue
_HEX = re.compile(r"#?([0-9a-f]{6})(?:[0-9a-f]{2})?\Z")


def color_id(colour: str) -> str | None:
    """The colour of Google that is meant, or the nearest one; None of a word that is no colour."""
    name = colour.strip().lower()
    if name in _IDS:
        return _IDS[name]
    match = _HEX.match(CSS_COLOURS.get(name, name))
    if match is None:
        return None
    return min(_SHOWN, key=lambda number: _distance(_SHOWN[number], match[1]))


def _distance(one: str, other: str) -> float:
    """As people tell colours apart: by their hue, then by how light they are; greys have no hue."""
    (hue, light, full), (hue_there, light_there, full_there) = _seen(one), _seen(other)
    if min(full, full_there) < _GREY:
        return 4 * abs(full - full_there) + abs(light - light_there) / 10
    apart = abs(hue - hue_there)
    return 4 * min(apart, 1 - apart) + abs(light - light_there)


def _seen(colour: str) -> tuple[float, float, float]:
    """Hue, lightness and chroma."""
    red, green, blue = (part / 255 for part in bytes.fromhex(colour))
    hue, light, _ = rgb_to_hls(red, green, blue)
    return hue, light, max(red, green, blue) - min(red, green, blue)
