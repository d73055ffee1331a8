"""What vCard 2.1 and vCalendar 1.0 do differently: parameters without a name, quoted-printable, CHARSET."""

from __future__ import annotations

import binascii

from sync_engine.formats.content_lines import clean
from sync_engine.formats.decoding import decode_as
from sync_engine.model import Params

_ENCODINGS = {"QUOTED-PRINTABLE", "BASE64", "B", "8BIT", "7BIT"}
_PLACES = {"INLINE", "URL", "CONTENT-ID", "CID"}


def name_bare_params(params: Params) -> Params:
    """Give parameters without a name theirs: ``TEL;HOME;VOICE`` is ``TEL;TYPE=home,voice``."""
    if all(values for _, values in params):
        return params
    named: dict[str, list[str]] = {}
    for name, values in params:
        if values:
            named.setdefault(name, []).extend(values)
        elif name in _ENCODINGS:
            named.setdefault("ENCODING", []).append(name)
        elif name in _PLACES:
            named.setdefault("VALUE", []).append(name)
        else:
            named.setdefault("TYPE", []).append(name.lower())
    if "TYPE" in named:
        named["TYPE"] = sorted(set(named["TYPE"]))
    return tuple(sorted((name, tuple(values)) for name, values in named.items()))


def is_quoted_printable(params: Params) -> bool:
    """The value is quoted-printable octets."""
    return any(name == "ENCODING" and "QUOTED-PRINTABLE" in values for name, values in params)


def without_encoding(params: Params) -> Params:
    """The parameters that are left once the value is plain text in Unicode."""
    return tuple([(name, values) for name, values in params if name != "CHARSET" and not _plain(name, values)])


def _plain(name: str, values: tuple[str, ...]) -> bool:
    return name == "ENCODING" and ("QUOTED-PRINTABLE" in values or values in (("8BIT",), ("7BIT",)))


def decode_quoted_printable(value: str, params: Params) -> str:
    r"""The value as it would stand in a newer version: line breaks as ``\n``, encoded semicolons escaped."""
    charset = dict(params).get("CHARSET", ("utf-8",))
    octets = value.replace("=3B", "=5C=3B").replace("=3b", "=5C=3B").encode("utf-8", "replace")
    text = _decode(binascii.a2b_qp(octets), charset[0] if charset else "utf-8")
    return clean(text).replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\\n")


def _decode(octets: bytes, charset: str) -> str:
    for name in (charset, "utf-8", "cp1252"):
        text = decode_as(octets, name)
        if text is not None:
            return text
    return octets.decode("latin-1")
