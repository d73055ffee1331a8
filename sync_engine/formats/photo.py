"""PHOTO: in the card as base64 (RFC 2426 3.1.4), as data: URI (RFC 6350 6.2.4, RFC 2397), or a link."""

from __future__ import annotations

import re
from collections.abc import Callable

from sync_engine.formats.building import builder
from sync_engine.formats.heads import write_params
from sync_engine.formats.text_values import escape_uri, unescape
from sync_engine.model import Params, Photo

_photo = builder(Photo)
_DATA = re.compile(r"data:([a-z0-9.+-]+/[a-z0-9.+-]+)?;base64,", re.IGNORECASE)
_MEDIA = re.compile(r"(?!image/(?:home|pref|work)\Z)[a-z0-9.+-]+/[a-z0-9.+-]+")
_OF_PICTURE = ("ENCODING", "MEDIATYPE", "TYPE", "VALUE")
_NO_MEDIA = ("", "home", "pref", "work")  # TYPE values that say something else than the format


def photo_reader(params: Params) -> Callable[[str], Photo | None]:
    """What reads the values under a head: the picture, or None when there is none or the head makes no sense."""
    given = dict(params)
    media, rest = _media(params)
    encoded = given.get("ENCODING", ())[:1] in (("B",), ("BASE64",))
    linked = given.get("VALUE", ()) in ((), ("URI",), ("URL",))

    def read(value: str) -> Photo | None:
        value = value.strip()
        if not value or media is None:
            return None
        if encoded:
            return _photo(_without_blanks(value), "", media, rest)
        uri = unescape(value)
        match = _DATA.match(uri)
        if match:
            return Photo(_without_blanks(uri[match.end() :]), "", (match[1] or media).lower(), rest)
        return Photo("", uri, media, rest) if linked else None

    return read


def _without_blanks(value: str) -> str:
    if value.isascii() and not (" " in value or "\t" in value or "\n" in value):  # the rule, and quickly seen
        return value
    return "".join(value.split())


def _media(params: Params) -> tuple[str | None, Params]:
    """The media type (None: it is said in two ways), and the parameters that say something else."""
    given = dict(params)
    types = given.get("TYPE", ())
    named = [name for name in types if name not in _NO_MEDIA]
    rest = {name: values for name, values in params if name not in _OF_PICTURE}
    said = {one.lower() for one in given.get("MEDIATYPE", ()) if one}
    media = said.pop() if said else ""
    if said or (media and (named or not _MEDIA.fullmatch(media))):
        return None, ()
    if named:
        media = named[0] if "/" in named[0] else f"image/{named[0]}"
    kept = tuple([name for name in types if name and name not in named[:1]])
    if kept:
        rest["TYPE"] = kept
    return media, tuple(sorted(rest.items()))


def write_photo(photo: Photo, version: str) -> str:
    """The line of a picture."""
    params = write_params(photo.params)
    if version == "4.0":
        if photo.uri:
            media = write_params((("MEDIATYPE", (photo.media_type,)),)) if photo.media_type else ""
            return f"PHOTO{params}{media}:{escape_uri(photo.uri)}"
        return f"PHOTO{params}:data:{photo.media_type};base64,{photo.data}"
    media = write_params((("TYPE", (photo.media_type.removeprefix("image/").upper(),)),)) if photo.media_type else ""
    if photo.uri:
        return f"PHOTO{params};VALUE=uri{media}:{escape_uri(photo.uri)}"
    return f"PHOTO{params};ENCODING=b{media}:{photo.data}"
