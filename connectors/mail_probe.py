"""Testing an account at a mail server step by step: the way there, the sign-in, what it offers. No mail is changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from connectors.imap.source import ImapSource
from connectors.mail_address import MailServer
from connectors.probing import Advice, At, Step, StepFailed, network, step
from connectors.settings import ConnectorSettings
from connectors.smtp.line import SmtpLine
from sync_engine.errors import CollectionGone, NotAuthorised, SuspectListing, Throttled, Unavailable

_ADVICE: Advice = (
    (
        NotAuthorised,
        "Check user name and password; many providers want an app password or a token for programs (docs/mail.md).",
    ),
    (Throttled, "Wait some minutes, then test again; look for other programs that use this mailbox all the time."),
    (CollectionGone, "Write the name of a folder as it stands in the list above."),
    (Unavailable, "Check that the port speaks this protocol; imaps and smtps are encrypted from the first octet on."),
)
_WANTED = {"IDLE": "tells of new mail at once", "MOVE": "moves mails", "CONDSTORE": "counts changes"}


def probe(settings: ConnectorSettings, kind: str, folder: str = "") -> Iterator[Step]:
    """Test an account of `kind` imap or smtp; ends with the first step that fails, and raises nothing."""
    try:
        yield from _way_there(settings)
        yield from _imap(settings, folder) if kind == "imap" else _smtp(settings)
    except StepFailed as failed:
        yield failed.step


def signed_in(settings: ConnectorSettings, kind: str) -> str:
    """A sentence when the sign-in works. Raises `sync_engine.errors`."""
    if kind == "imap":
        source = ImapSource(settings)
        try:
            return _signed_in(source)
        finally:
            source.close()
    line = SmtpLine(settings)
    try:
        return _out_signed_in(line, settings)
    finally:
        line.close()


def _way_there(settings: ConnectorSettings) -> Iterator[Step]:
    try:
        server = MailServer.of(settings.url)
    except ValueError as err:
        raise StepFailed(Step("address", False, f"{err}.", "Correct url in the account's entry.")) from err
    scheme = "https" if server.encrypted else "STARTTLS"  # which `network` leaves to the sign-in
    yield from network(At(scheme, server.host, server.port), replace(settings, proxy=""))


# ---------------------------------------------------------------- mail that comes


def _imap(settings: ConnectorSettings, folder: str) -> Iterator[Step]:
    source = ImapSource(settings)
    try:
        yield step("sign-in", lambda: _signed_in(source), _ADVICE)
        yield step("server", lambda: _offers(source), _ADVICE)
        yield step("folders", lambda: _folders(source), _ADVICE)
        yield step("read", lambda: _read(source, folder or "INBOX"), _ADVICE)
        yield Step("write", True, "Not tried: a test marks and moves no mail.")
    finally:
        source.close()


def _signed_in(source: ImapSource) -> str:
    how = source.line.ask(lambda client: type(client.socket()).__name__)
    return f"Signed in, {'encrypted' if how == 'SSLSocket' else 'not encrypted: only for a server on this machine'}."


def _offers(source: ImapSource) -> str:
    offered = source.line.ask(lambda client: {name for name in _WANTED if client.has_capability(name)})
    missing = [f"{name} ({what})" for name, what in _WANTED.items() if name not in offered]
    if not missing:
        return "It tells of new mail at once (IDLE), moves mails (MOVE) and counts changes (CONDSTORE)."
    return f"It works without {', '.join(missing)}: mails are looked for now and then, and copied where it cannot move."


def _folders(source: ImapSource) -> str:
    found = [one.id for one in source.folders()]
    if not found:
        raise SuspectListing("The account has no folder that can be read.")
    more = f" and {len(found) - 30} more" if len(found) > 30 else ""
    return f"{len(found)}: " + ", ".join(islice(found, 30)) + more


def _read(source: ImapSource, folder: str) -> str:
    opened = source.line.open(folder)
    page = next(iter(source.arrivals(folder, None)))
    if not page.arrivals:
        return f"{folder} is empty."
    raw = source.raw(folder, page.arrivals[0].id)
    size = f"the oldest one of {len(raw)} octets was read" if raw is not None else "the oldest one is gone already"
    return f"{folder} holds {opened.count} mails; {size}, and marked in no way."


# ---------------------------------------------------------------- mail that goes out


def _smtp(settings: ConnectorSettings) -> Iterator[Step]:
    line = SmtpLine(settings)
    try:
        yield step("sign-in", lambda: _out_signed_in(line, settings), _ADVICE)
        yield step("server", lambda: _takes(line), _ADVICE)
        yield Step("send", True, "Not tried: a test sends no mail.")
    finally:
        line.close()


def _out_signed_in(line: SmtpLine, settings: ConnectorSettings) -> str:
    how = type(line.client().sock).__name__
    who = "Signed in" if settings.username else "Connected without a sign-in (the account has no user name)"
    return f"{who}, {'encrypted' if how == 'SSLSocket' else 'not encrypted: only for a server on this machine'}."


def _takes(line: SmtpLine) -> str:
    offered = line.client().esmtp_features
    size = offered.get("size", "")
    limit = f"up to {int(size) / 2**20:.0f} MiB" if size.isdigit() and int(size) else "of a size that it does not tell"
    letters = "with" if "smtputf8" in offered else "without"
    return f"It takes mails {limit}, to addresses {letters} letters beyond ASCII."
