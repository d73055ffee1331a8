"""The folders of an account, whatever letters are in their names (modified UTF-7, RFC 3501 5.1.3)."""

from __future__ import annotations

from collections.abc import Sequence

from imapclient import IMAPClient, imap_utf7

from connectors.mail import MailFolder

_CLOSED = {b"\\noselect", b"\\nonexistent"}


def readable_folders(client: IMAPClient) -> Sequence[MailFolder]:
    """Those that mails can lie in; INBOX first, then by name."""
    found = client.list_folders()
    open_ones = [raw for flags, _, raw in found if not _CLOSED & {flag.lower() for flag in flags}]
    names = {folder_name(raw if isinstance(raw, bytes) else str(raw).encode()) for raw in open_ones} - {""}
    return [MailFolder(name, name) for name in sorted(names, key=lambda name: (name.upper() != "INBOX", name))]


def folder_name(raw: bytes) -> str:
    """As people see it. Some programs made folders without encoding their names; "" where one cannot be asked for."""
    try:
        name = str(imap_utf7.decode(raw))
        if imap_utf7.encode(name) == raw:
            return name
    except UnicodeError:
        pass
    return raw.decode() if raw.isascii() else ""


def wire_names(folder: str) -> Sequence[bytes]:
    """How a folder may be called on the wire: the right way first."""
    right = bytes(imap_utf7.encode(folder))
    plain = folder.encode("utf-8")
    return [right] if plain == right or not folder.isascii() or not folder.isprintable() else [right, plain]
