"""Addresses on a DAV server (RFC 4918 8.3) and the ids made from them.

Servers write one address in several ways: absolute or as a path, ``@`` or ``%40``. An id is the path in one canonical
percent-encoding; only for another host than the account's it is the whole URL. Ids are compared byte for byte.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from urllib.parse import quote, unquote_to_bytes, urljoin, urlsplit

_PLAIN = re.compile(r"[A-Za-z0-9/._~@:!$&'()*+,;=-]*")  # already canonical: the usual case, decided quickly
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_~@!$&'()*+,;=-][A-Za-z0-9._~@:!$&'()*+,;=-]*")
_SAFE = "._~@:!$&'()*+,;=-"
_SAFE_UID = re.compile(r"[A-Za-z0-9@_+=-][A-Za-z0-9@._+=-]{0,119}")
_DEFAULT_PORTS = {"http": 80, "https": 443}
SUFFIXES = {True: ".vcf", False: ".ics"}  # of a resource name, by "is a contact"


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host and port: what a password is bound to."""

    scheme: str
    host: str  # lower case
    port: int

    @classmethod
    def of(cls, url: str) -> Origin:
        """Of an absolute URL. Raises ValueError when it is none."""
        parts = urlsplit(url)
        if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
            raise ValueError(f"{url!r} is not an http or https address")
        return cls(parts.scheme, parts.hostname.lower(), parts.port or _DEFAULT_PORTS[parts.scheme])

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + ("" if self.port == _DEFAULT_PORTS[self.scheme] else f":{self.port}")


def canonical_path(path: str) -> str:
    """One spelling for all percent-encodings of a path. An encoded slash stays encoded."""
    if _PLAIN.fullmatch(path):
        return path
    return "/".join(quote(unquote_to_bytes(segment), safe=_SAFE) for segment in path.split("/"))


def id_of(href: str, base: str, home: Origin) -> str:
    """The id for an href found in an answer from the URL `base` of an account that lives at `home`."""
    if href.startswith("/") and not href.startswith("//"):
        path, home_of_base = href.split("?", 1)[0], Origin.of(base)
        return canonical_path(path) if home_of_base == home else f"{home_of_base}{canonical_path(path)}"
    url = urljoin(base, href.strip())
    origin, path = Origin.of(url), canonical_path(urlsplit(url).path or "/")
    return path if _same_place(origin, home) else f"{origin}{path}"


def _same_place(origin: Origin, home: Origin) -> bool:
    """Servers behind a TLS proxy often name themselves with http."""
    return origin == home or (origin.host == home.host and {origin.scheme, home.scheme} == {"http", "https"})


def url_of(remote_id: str, home: Origin) -> str:
    """The URL to ask for an id."""
    return f"{home}{remote_id}" if remote_id.startswith("/") else remote_id


def member_id(collection: str, remote_id: str) -> str | None:
    """The id of a member of a collection; "" for the collection itself, None for an address that is not inside it.

    A proxy may add or strip a prefix that the server behind it does not know of: the members of a listing whose paths
    end like the collection's are taken for its own.
    """
    if remote_id.startswith(collection):
        rest = remote_id[len(collection) :]
    elif remote_id.rstrip("/") == collection.rstrip("/"):
        rest = ""
    else:
        folder, _, rest = remote_id.rpartition("/")
        if not folder or not (collection.endswith(f"{folder}/") or f"{folder}/".endswith(collection)):
            return None
    if not rest:
        return ""
    return None if "/" in rest.rstrip("/") or rest in {".", ".."} else f"{collection}{rest}"


def is_plain_member(collection: str, href: str) -> bool:
    """Is this href its own id, for sure, and directly in the collection? Decides the usual case quickly."""
    return href.startswith(collection) and _PLAIN_NAME.fullmatch(href, len(collection)) is not None


def resource_names(uid: str, *, contact: bool) -> tuple[str, ...]:
    """Names under which an item with this UID is made: the readable one where that is safe, then one that always is."""
    suffix = SUFFIXES[contact]
    hashed = hashlib.sha256(uid.encode("utf-8", "surrogatepass")).hexdigest() + suffix
    return (uid + suffix, hashed) if _SAFE_UID.fullmatch(uid) else (hashed,)


def uid_of_name(remote_id: str) -> str:
    """A UID for a contact that has none: the name of its resource, without the suffix."""
    name = unquote_to_bytes(remote_id.rstrip("/").rpartition("/")[2]).decode("utf-8", "replace")
    return name.removesuffix(".vcf").removesuffix(".ics") or hashlib.sha256(remote_id.encode()).hexdigest()
