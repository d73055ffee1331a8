"""What `doctor` looks at for phones: DNS records, the public address, the certificate, the clock."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import dns.resolver
import requests
from cryptography import x509

from agendahub.addresses import base_url
from agendahub.certificate_watch import context_of, pair_of
from agendahub.check import Check
from agendahub.dns_hints import Record, answers, domain_for, is_public_name, is_reserved, records
from agendahub.failure import Failure
from agendahub.texts import _, plural
from agendahub.workspace import Workspace, utc_now
from storage.admin_people import users
from storage.database_clock import time_there
from storage.errors import StoreError

PATIENCE = 5.0  # seconds for one request
SOON = timedelta(days=14)  # a certificate that ends before should have been renewed
_APART = timedelta(seconds=30)  # of two clocks
_TIME_ERROR = 5  # what adjtimex gives for a clock that nothing keeps right (adjtimex(2))
_WELL_KNOWN = ("caldav", "carddav")


# ---------------------------------------------------------------- DNS


def dns_records(workspace: Workspace, resolver: dns.resolver.Resolver | None = None) -> Check:
    """What to enter at the domain's DNS so that phones find the gateway, and what is wrong there."""
    name, url = _("DNS records for discovery"), base_url(workspace.settings.server)
    host = urlsplit(url).hostname or ""
    if not is_public_name(host):
        return Check(name, True, _("none: the gateway has no public name yet ([server] base_url)"))
    wanted = records(url, domain_for(host, _addresses(workspace)))
    lines = "; ".join(map(str, wanted))
    found = {} if is_reserved(host) else _found(wanted, resolver)
    if not found:
        return Check(name, True, _("not looked at; to enter: {records}").format(records=lines))
    missing = [record for record, there in found.items() if not there]
    wrong = [record for record, there in found.items() if there and not _is_among(record, there)]
    if wrong:
        told = _("{name} {kind} says {there}").format(
            name=wrong[0].name, kind=wrong[0].kind, there=", ".join(found[wrong[0]])
        )
        return Check(name, False, told, _("Enter instead: {record}").format(record="; ".join(map(str, wrong))))
    if missing:
        told = _("missing, so that people type the address of the gateway; to enter: {records}")
        return Check(name, True, told.format(records="; ".join(map(str, missing))))
    return Check(name, True, _("all are there: a mail address is enough to set up a phone"))


def _found(wanted: list[Record], resolver: dns.resolver.Resolver | None) -> dict[Record, list[str]]:
    """What there is; nothing as soon as nobody answers."""
    found: dict[Record, list[str]] = {}
    for record in wanted:
        there = answers(record, resolver)
        if there is None:
            return {}
        found[record] = there
    return found


def _addresses(workspace: Workspace) -> list[str]:
    try:
        with workspace.database.read() as unit:
            return [user.address for user in users(unit.session.connection)]
    except StoreError:
        return []


def _is_among(record: Record, there: list[str]) -> bool:
    """Priority and weight are the admin's business; names have no case."""

    def what_counts(value: str) -> list[str]:
        return value.lower().split()[2:] if record.kind == "SRV" else [value]

    return any(what_counts(record.value) == what_counts(one) for one in there)


# ---------------------------------------------------------------- the public address


def public_address(workspace: Workspace) -> Check:
    """Whether base_url leads to us, with all that phones need on the way."""
    name, url = _("public address"), workspace.settings.server.base_url
    if not url or is_reserved(urlsplit(url).hostname or ""):
        return Check(name, True, _("not looked at: there is no [server] base_url that could be reached"))
    url = url.rstrip("/") + "/"
    with requests.Session() as session:
        session.trust_env = False
        try:
            return _walk(name, url, session)
        except requests.exceptions.SSLError as err:
            advice = _("Phones refuse such a certificate; docs/proxy.md shows how to get one.")
            return Check(name, False, f"{url}: {_reason(err)}", advice)
        except requests.RequestException as err:
            return _not_reached(name, url, err, workspace)


def _walk(name: str, url: str, session: requests.Session) -> Check:
    """What a phone does, step by step; the first thing that is wrong is told."""

    def ask(method: str, where: str, **headers: str) -> requests.Response:
        return session.request(method, where, timeout=PATIENCE, allow_redirects=False, headers=headers)

    if not ask("GET", urljoin(url, "healthz")).text.startswith('{"ok":'):
        told = _("another program answers at {url}").format(url=url)
        return Check(name, False, told, _("Lead all of it to AgendaHub; docs/proxy.md has samples."))
    for kind in _WELL_KNOWN:
        where = urljoin(url, f"/.well-known/{kind}")
        location = ask("GET", where).headers.get("location", "")
        if urlsplit(location).path != urlsplit(urljoin(url, "dav/")).path:
            advice = _("Let the proxy pass /.well-known/caldav and /.well-known/carddav on too (docs/proxy.md).")
            return Check(name, False, _("{url} does not lead to the gateway").format(url=where), advice)
    answer = ask("PROPFIND", urljoin(url, "dav/"), Depth="0")
    if answer.status_code != 401 or "basic" not in answer.headers.get("www-authenticate", "").lower():
        told = _("PROPFIND is answered with {status} on the way").format(status=answer.status_code)
        return Check(name, False, told, _("Let the proxy pass all methods and headers on (docs/proxy.md)."))
    if ask("GET", urljoin(url, "sign-in")).status_code == 403:
        told = _("nobody can sign in to the web pages: AgendaHub does not know that people come by https")
        return Check(name, False, told, _("Write the address of your proxy into [server] proxies (docs/proxy.md)."))
    return Check(name, True, _("{url} leads here, with all that phones need").format(url=url))


def _not_reached(name: str, url: str, err: Exception, workspace: Workspace) -> Check:
    from agendahub.checks import is_ours

    if not is_ours(workspace.settings.server.port):
        return Check(name, True, _("not looked at: `agendahub serve` does not run"))
    advice = _("Look at the proxy, the firewall and the DNS name; docs/proxy.md has samples.")
    return Check(name, False, f"{url}: {_reason(err)}", advice)


def _reason(err: Exception) -> str:
    """The last part of what the libraries wrapped."""
    return str(err).rpartition(": ")[2].strip("()'\" ")[:200] or type(err).__name__


# ---------------------------------------------------------------- the certificate


def certificate(workspace: Workspace) -> Check:
    """Our own, if any: whether it can be used, is for the public name and for how long."""
    server, folder, name = workspace.settings.server, workspace.loaded.folder, _("TLS certificate")
    if not server.tls_cert:
        proxied = server.base_url.startswith("https://")
        return Check(name, True, _("that of your proxy") if proxied else _("none: phones want one; docs/proxy.md"))
    try:
        context_of(server, folder)
        own = x509.load_pem_x509_certificates(pair_of(server, folder)[0].read_bytes())[0]
    except (Failure, ValueError) as err:
        return Check(name, False, str(Path(server.tls_cert)), str(err))
    return _judged(name, own, urlsplit(server.base_url).hostname or "")


def _judged(name: str, own: x509.Certificate, host: str) -> Check:
    names, left = list(_names(own)), own.not_valid_after_utc - utc_now()
    until = f"{own.not_valid_after_utc:%Y-%m-%d}"
    if own.not_valid_before_utc > utc_now():
        return Check(name, False, _("not valid yet"), _("Look at this machine's clock."))
    if left < SOON:
        told = _("ended on {day}") if left < timedelta(0) else _("ends on {day}")
        advice = _("Renew it; AgendaHub takes the new files without a restart.")
        return Check(name, False, told.format(day=until), advice)
    if host and not any(_fits(host, one) for one in names):
        told = _("it is for {names}, not for {host}").format(names=", ".join(names) or "-", host=host)
        return Check(name, False, told, _("Get one for the name in [server] base_url."))
    days = plural("for {count} more day", "for {count} more days", left.days)
    return Check(name, True, f"{', '.join(names)}: {days}")


def _names(own: x509.Certificate) -> Iterator[str]:
    try:
        found = own.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return
    yield from found.get_values_for_type(x509.DNSName)
    yield from map(str, found.get_values_for_type(x509.IPAddress))


def _fits(host: str, name: str) -> bool:
    """RFC 9525 6.3: a star stands for one label."""
    if name.startswith("*."):
        return host.lower().partition(".")[2] == name[2:].lower()
    return host.lower() == name.lower()


# ---------------------------------------------------------------- the clock


def clock(workspace: Workspace) -> Check:
    """Tokens, certificates and the order of changes hang on it."""
    name, now = _("clock"), utc_now()
    if now < datetime(2026, 1, 1, tzinfo=UTC):
        return Check(name, False, f"{now:%Y-%m-%d}", _("Set this machine's clock."))
    try:
        with workspace.database.read() as unit:
            there = time_there(unit.session.connection)
    except StoreError:
        there = now
    apart = abs(there - utc_now())
    if apart > _APART:
        told = _("{seconds} seconds apart from the database server's").format(seconds=round(apart.total_seconds()))
        return Check(name, False, told, _("Keep both right with a time service (chrony, systemd-timesyncd)."))
    kept = _("kept right by a time service") if _is_kept() else _("no time service keeps it right")
    return Check(name, True, f"{utc_now():%Y-%m-%d %H:%M} UTC; {kept}")


def _is_kept() -> bool:
    """What the kernel knows of it; False where it cannot be asked."""
    try:
        asked = ctypes.CDLL(None).ntp_gettime
    except (AttributeError, OSError):
        return False
    return int(asked(ctypes.create_string_buffer(256))) not in (-1, _TIME_ERROR)
