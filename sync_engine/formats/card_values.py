"""Values that vCard 3.0 (RFC 2426) and 4.0 (RFC 6350) write in different ways: line in, line out.

A value that the other version has no way to write becomes a property of its own, with "X-" before its name.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from sync_engine.formats.photo import photo_reader
from sync_engine.formats.text_values import escape, unescape
from sync_engine.model import ContentLine, Params, Photo

Turned: TypeAlias = Callable[[ContentLine], ContentLine]

_DATE = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)(?:T(\d\d):?(\d\d)(?::?(\d\d)(?:[.,]\d+)?)?(Z|[+-]\d\d(?::?\d\d)?)?)?\Z")
_NO_YEAR = re.compile(r"--(\d\d)-?(\d\d)\Z")
_GEO_3 = re.compile(r"\s*([+-]?\d+(?:\.\d+)?)\s*\\?[;,]\s*([+-]?\d+(?:\.\d+)?)\s*\Z")
_GEO_4 = re.compile(r"geo:([+-]?\d+(?:\.\d+)?),([+-]?\d+(?:\.\d+)?)\Z", re.IGNORECASE)
_OFFSET = re.compile(r"([+-]\d\d):?(\d\d)\Z")
_OMITTED = "X-APPLE-OMIT-YEAR"
_LEAP_YEAR = "1604"  # that Apple writes for a birthday without its year
_FAMILIES = {"PHOTO": "image", "LOGO": "image", "SOUND": "audio", "KEY": "application"}


def param(line: ContentLine, name: str) -> tuple[str, ...]:
    """The values of a parameter; empty without it."""
    return next((values for known, values in line.params if known == name), ())


def with_params(line: ContentLine, *gone: str, **added: str) -> ContentLine:
    """With other parameters; names of those added with "_" for "-"."""
    kept = {name: values for name, values in line.params if name not in gone}
    kept |= {name.replace("_", "-"): (value,) for name, value in added.items()}
    params: Params = tuple(sorted(kept.items()))
    return line if params == line.params else replace(line, params=params)


def beside(line: ContentLine) -> ContentLine:
    """The same as a property that only we know what it is."""
    return replace(line, name=f"X-{line.name}", written="")


# ---------------------------------------------------------------- dates


def day_to_3(line: ContentLine) -> ContentLine:
    """BDAY, ANNIVERSARY: with dashes; without a year as Apple writes it. Other forms have no place in 3.0."""
    found = _DATE.match(line.value)
    if found and not _is_text(line):
        return replace(with_params(line, "VALUE"), value=_extended(found))
    bare = _NO_YEAR.match(line.value)
    if bare and not _is_text(line):
        line = with_params(line, "VALUE", X_APPLE_OMIT_YEAR=_LEAP_YEAR)
        return replace(line, value=f"{_LEAP_YEAR}-{bare[1]}-{bare[2]}")
    return beside(line) if line.name == "BDAY" else line


def day_to_4(line: ContentLine) -> ContentLine:
    """BDAY, ANNIVERSARY: without dashes."""
    found = _DATE.match(line.value)
    if not found or _is_text(line):
        return line
    omitted = param(line, _OMITTED)
    line = with_params(line, "VALUE", _OMITTED)
    if omitted == (found[1],) and not found[4]:
        return replace(line, value=f"--{found[2]}{found[3]}")
    return replace(line, value=_basic(found))


def time_to_3(line: ContentLine) -> ContentLine:
    """REV."""
    found = _DATE.match(line.value)
    return replace(with_params(line, "VALUE"), value=_extended(found)) if found else line


def time_to_4(line: ContentLine) -> ContentLine:
    """REV."""
    found = _DATE.match(line.value)
    return replace(with_params(line, "VALUE"), value=_basic(found)) if found else line


def _is_text(line: ContentLine) -> bool:
    return param(line, "VALUE") == ("TEXT",)


def _extended(found: re.Match[str]) -> str:
    year, month, day, hour, minute, second, zone = found.groups()
    time = "" if hour is None else f"T{hour}:{minute}:{second or '00'}{_zone(zone, ':')}"
    return f"{year}-{month}-{day}{time}"


def _basic(found: re.Match[str]) -> str:
    year, month, day, hour, minute, second, zone = found.groups()
    time = "" if hour is None else f"T{hour}{minute}{second or '00'}{_zone(zone, '')}"
    return f"{year}{month}{day}{time}"


def _zone(zone: str | None, colon: str) -> str:
    if not zone or zone == "Z":
        return zone or ""
    digits = zone[1:].replace(":", "")
    return f"{zone[0]}{digits[:2]}{colon}{digits[2:] or '00'}"


# ---------------------------------------------------------------- places, zones, numbers


def place_to_3(line: ContentLine) -> ContentLine:
    """GEO: a URI in 4.0, two numbers in 3.0."""
    found = _GEO_4.match(line.value)
    return replace(with_params(line, "VALUE"), value=f"{found[1]};{found[2]}") if found else beside(line)


def place_to_4(line: ContentLine) -> ContentLine:
    """GEO."""
    found = _GEO_3.match(line.value)
    return replace(line, value=f"geo:{found[1]},{found[2]}") if found else line


def zone_to_3(line: ContentLine) -> ContentLine:
    """TZ: an offset in 3.0, a text in 4.0, unless they say that it is the other."""
    kind, offset = param(line, "VALUE"), _OFFSET.match(line.value)
    if kind == ("UTC-OFFSET",) and offset:
        return replace(with_params(line, "VALUE"), value=f"{offset[1]}:{offset[2]}")
    return with_params(line, VALUE="TEXT") if kind in ((), ("TEXT",)) else beside(line)


def zone_to_4(line: ContentLine) -> ContentLine:
    """TZ."""
    offset = _OFFSET.match(line.value)
    if offset and not _is_text(line):
        return replace(with_params(line, VALUE="UTC-OFFSET"), value=f"{offset[1]}{offset[2]}")
    return with_params(line, "VALUE") if _is_text(line) else line


def phone_to_3(line: ContentLine) -> ContentLine:
    """TEL: a number; in 4.0 it may be a URI, which phones of the older kind would dial letter by letter."""
    if param(line, "VALUE") != ("URI",) or not line.value.lower().startswith("tel:"):
        return with_params(line, "VALUE") if _is_text(line) else line
    return replace(with_params(line, "VALUE", X_VALUE="URI"), value=escape(line.value[4:]))


def phone_to_4(line: ContentLine) -> ContentLine:
    """TEL."""
    if param(line, "X-VALUE") != ("URI",):
        return with_params(line, "VALUE") if param(line, "VALUE") in (("PHONE-NUMBER",), ("TEXT",)) else line
    return replace(with_params(line, "X-VALUE", VALUE="URI"), value=f"tel:{unescape(line.value)}")


# ---------------------------------------------------------------- pictures, sounds, keys


def picture_to_3(line: ContentLine) -> ContentLine:
    """PHOTO, LOGO, SOUND, KEY: in the card as base64, or a link that says it is one."""
    photo = _read(line)
    if photo is None:
        return line
    params = dict(photo.params) | {"VALUE": ("uri",)} if photo.uri else dict(photo.params) | {"ENCODING": ("b",)}
    family = f"{_FAMILIES[line.name]}/"
    if photo.media_type:
        named = photo.media_type.removeprefix(family).upper()
        params["TYPE"] = (*params.get("TYPE", ()), named)
    return replace(line, params=tuple(sorted(params.items())), value=photo.uri or photo.data)


def picture_to_4(line: ContentLine) -> ContentLine:
    """PHOTO, LOGO, SOUND, KEY: a data: URI, or a link."""
    photo = _read(line)
    if photo is None:
        return line
    params = dict(photo.params)
    if photo.uri:
        params |= {"MEDIATYPE": (photo.media_type,)} if photo.media_type else {}
        return replace(line, params=tuple(sorted(params.items())), value=photo.uri)
    value = f"data:{photo.media_type};base64,{photo.data}"
    return replace(line, params=tuple(sorted(params.items())), value=value)


def _read(line: ContentLine) -> Photo | None:
    """What is shown; None of a value that is neither data nor link, such as a key as text."""
    if param(line, "VALUE") not in ((), ("URI",), ("URL",), ("BINARY",)):
        return None
    photo = photo_reader(line.params)(line.value)
    family = _FAMILIES[line.name]
    if photo is None or family == "image" or not photo.media_type.startswith("image/"):
        return photo
    return replace(photo, media_type=f"{family}/{photo.media_type.removeprefix('image/')}")


TO_3: dict[str, Turned] = {
    "BDAY": day_to_3,
    "ANNIVERSARY": day_to_3,
    "REV": time_to_3,
    "GEO": place_to_3,
    "TZ": zone_to_3,
    "TEL": phone_to_3,
    **dict.fromkeys(_FAMILIES, picture_to_3),
}
TO_4: dict[str, Turned] = {
    "BDAY": day_to_4,
    "ANNIVERSARY": day_to_4,
    "REV": time_to_4,
    "GEO": place_to_4,
    "TZ": zone_to_4,
    "TEL": phone_to_4,
    **dict.fromkeys(_FAMILIES, picture_to_4),
}
