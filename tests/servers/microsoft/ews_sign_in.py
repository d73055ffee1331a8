"""Who sends a request to the web services: Basic and Bearer say it with each, NTLM signs a connection in (E15)."""

from __future__ import annotations

import base64
import binascii
import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import spnego
from spnego.channel_bindings import GssChannelBindings
from spnego.exceptions import SpnegoError
from starlette.requests import Request
from starlette.responses import Response

from tests.servers.microsoft.ews_call import Call, Site
from tests.servers.microsoft.ews_xml import Element, Fault, find
from tests.servers.microsoft.mailbox import Mailbox, NotThere
from tests.servers.microsoft.serving import connection

DOMAIN = "EXAMPLE"
Who = tuple[str, str]  # user name or token, and the address it belongs to ("" for an application)
_one_at_a_time = threading.Lock()


def signed_in(site: Site, request: Request) -> Who | Response:
    """Who it is, or the answer that asks for more."""
    kept = connection(request)
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    match scheme.lower():
        case "basic" if "Basic" in site.schemes:
            return _by_password(site, value) or _unknown(site)
        case "bearer" if "Bearer" in site.schemes:
            return _by_token(site, value) or _unknown(site)
        case "ntlm" if "NTLM" in site.schemes:
            return _by_handshake(site, kept, value)
        case "" if "who" in kept:
            who: Who = kept["who"]
            return who
    return _unknown(site)


def call_of(site: Site, who: Who, header: Element | None) -> Call:
    """The request as far as the header tells: for which mailbox (E15)."""
    acted = _impersonated(site, who, header)
    if acted is None and not who[1]:
        raise Fault("ErrorInvalidRequest", "An application must say in the header for whom it acts.")
    return Call(site, who[0], who[1], acted or site.exchange.mailbox(who[1]))


def _unknown(site: Site, **more: str) -> Response:
    answer = Response(status_code=401)
    offers = {"Basic": 'Basic realm="exchange"', "Bearer": 'Bearer client_id="exchange"', "NTLM": "NTLM"}
    for scheme in site.schemes:
        answer.headers.append("WWW-Authenticate", more.get(scheme, offers[scheme]))
    return answer


def _by_password(site: Site, value: str) -> Who | None:
    try:
        login, _, password = base64.b64decode(value).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    login = login.rpartition("\\")[2]
    by_address = next((name for name, (_, address) in site.people.items() if address == login.lower()), login)
    known, address = site.people.get(by_address, ("", ""))
    return (by_address, address) if known and known == password else None


def _by_token(site: Site, value: str) -> Who | None:
    if value in site.tokens:
        return value, site.tokens[value]
    grant = site.sign_in.grant(value)
    return (value, grant.address) if grant else None


def _by_handshake(site: Site, kept: dict[str, object], value: str) -> Who | Response:
    """Three steps on one connection; from then on requests need no header."""
    kept.pop("who", None)
    try:
        message = base64.b64decode(value)
        with _one_at_a_time, _passwords(site):
            if message[8:9] == b"\x01":
                context = kept["ntlm"] = spnego.server(
                    protocol="ntlm",
                    options=spnego.NegotiateOptions.use_ntlm,
                    channel_bindings=_bindings(site),
                )
                challenge = context.step(message) or b""
                more = {"NTLM": f"NTLM {base64.b64encode(challenge).decode()}"}
                return _unknown(site, **more)
            begun = kept.pop("ntlm", None)  # another connection has not begun anything
            if not isinstance(begun, spnego.ContextProxy):
                return _unknown(site)
            begun.step(message)
            login = (begun.client_principal or "").rpartition("\\")[2].partition("@")[0]
    except (SpnegoError, binascii.Error, ValueError):
        return _unknown(site)
    site.handshakes += 1
    who = (login, site.people[login][1])
    kept["who"] = who
    return who


def _bindings(site: Site) -> GssChannelBindings | None:
    """Extended protection, which Exchange has on by default: the handshake is bound to the certificate."""
    if not site.certificate_hash:
        return None
    return GssChannelBindings(application_data=b"tls-server-end-point:" + site.certificate_hash)


@contextmanager
def _passwords(site: Site) -> Iterator[None]:
    """The library looks for them in a file that an environment variable names."""
    lines = []
    for login, (password, address) in site.people.items():
        lines += [f"{DOMAIN}:{login}:{password}", f":{login}:{password}", f":{address}:{password}"]
    with tempfile.TemporaryDirectory() as folder:
        held = Path(folder) / "people"
        held.write_text("\n".join(lines))
        os.environ["NTLM_USER_FILE"] = str(held)
        try:
            yield
        finally:
            del os.environ["NTLM_USER_FILE"]


def _impersonated(site: Site, who: Who, header: Element | None) -> Mailbox | None:
    """Whom the header says the caller acts for."""
    sid = None if header is None else find(header, "t:ExchangeImpersonation/t:ConnectingSID")
    if sid is None:
        return None
    address = sid[0].text or ""
    if not _may_impersonate(site, who, address):
        raise Fault("ErrorImpersonateUserDenied", "The account does not have permission to impersonate the user.")
    try:
        return site.exchange.mailbox(address)
    except NotThere:
        raise Fault("ErrorNonExistentMailbox", "No mailbox with such address.") from None


def _may_impersonate(site: Site, who: Who, address: str) -> bool:
    """By a role, which may have a scope, or as an application that was given these mailboxes."""
    scope = site.scopes.get(who[0])
    if scope is not None and address.lower() not in scope:
        return False
    grant = site.sign_in.grants.get(who[0])
    return who[0] in site.impersonators or (grant is not None and not grant.address and grant.may(address))
