"""Two cookies: of the session, and of the sign-in form before there is one.

Their names begin with ``__Host-`` (RFC 6265bis 4.1.3.2): a browser takes such a one only over https, for this host
alone and for all of its paths, so that no other host of the domain can plant one. On this machine there may be no TLS.
"""

from __future__ import annotations

SESSION = "agendahub"
FORM = "agendahub-form"
_LONGEST = 200  # characters of a value that is looked at


def named(name: str, *, secure: bool) -> str:
    """As the browser knows it."""
    return f"__Host-{name}" if secure else name


def value_of(header: str, name: str, *, secure: bool) -> str:
    """From a Cookie header; "" for none."""
    wanted = named(name, secure=secure)
    for pair in header.split(";"):
        key, _equals, value = pair.strip().partition("=")
        if key == wanted:
            return value.strip().strip('"')[:_LONGEST]
    return ""


def setting(name: str, value: str, *, secure: bool, strict: bool = False) -> str:
    """A Set-Cookie header. It ends with the browser; the session itself ends before, on our side."""
    same_site = "Strict" if strict else "Lax"
    return f"{named(name, secure=secure)}={value}; Path=/; HttpOnly; SameSite={same_site}{_secure(secure)}"


def dropping(name: str, *, secure: bool) -> str:
    """A Set-Cookie header that makes a browser forget it."""
    return f"{named(name, secure=secure)}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0{_secure(secure)}"


def _secure(secure: bool) -> str:
    return "; Secure" if secure else ""
