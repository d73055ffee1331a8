"""Parts of a contact as Outlook has them, and as a record has them. Both Exchange and Microsoft 365 speak these.

The first e-mail address stays the first, the types of addresses are not kept; what has no place (a fourth address, a
second mobile number) stays in the hub.
"""

from __future__ import annotations

from collections.abc import Iterable

from sync_engine.model import Contact, Labelled

MOST_EMAILS = 3
MOST_CHATS = 3


def file_as(contact: Contact) -> str:
    """How Outlook sorts a contact: family name first, then the given ones; of a company its name."""
    family, given = " ".join(contact.name.family), " ".join((*contact.name.given, *contact.name.additional))
    named = ", ".join(part for part in (family, given) if part)
    return named or contact.full_name or " ".join(contact.organization[:1])


def nickname_text(contact: Contact) -> str:
    """All nicknames in one text."""
    return ", ".join(contact.nicknames)


def nicknames_of(text: str | None) -> tuple[str, ...]:
    """The nicknames of such a text."""
    return tuple(filter(None, (text or "").split(", ")))


def chosen_emails(contact: Contact) -> list[str]:
    """The addresses that find a place, the preferred one first."""
    ordered = sorted(contact.emails, key=lambda email: not email.preferred)
    return list(dict.fromkeys(email.value.strip() for email in ordered if email.value.strip()))[:MOST_EMAILS]


def emails_of(addresses: Iterable[str | None]) -> tuple[Labelled, ...]:
    """The first of several is the preferred one, so that it stays the first."""
    first, *others = [address for address in dict.fromkeys(addresses) if address] or [""]
    preferred = Labelled(first, preferred=bool(others))
    return (preferred, *(Labelled(other) for other in sorted(others))) if first else ()


def chosen_url(contact: Contact) -> str:
    """The preferred web address, or the first."""
    ordered = sorted(contact.urls, key=lambda url: not url.preferred)
    return next((url.value for url in ordered if url.value), "")


def urls_of(url: str | None) -> tuple[Labelled, ...]:
    """The one web address."""
    return (Labelled(url),) if url else ()


def chosen_chats(contact: Contact) -> list[str]:
    """The handles that find a place."""
    return list(dict.fromkeys(chat.value for chat in contact.chats if chat.value))[:MOST_CHATS]


def chats_of(handles: Iterable[str | None]) -> tuple[Labelled, ...]:
    """Handles have no order."""
    return tuple(Labelled(handle) for handle in sorted({handle for handle in handles if handle}))
