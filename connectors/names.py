"""Names and companies of a contact, for systems where each part of them is one text."""

from __future__ import annotations

from sync_engine.model import Contact, Name

NAME_PARTS = ("prefixes", "given", "additional", "family", "suffixes")


def name_texts(contact: Contact) -> dict[str, str]:
    """Each part of the name as one text; empty where there is none."""
    return {part: " ".join(getattr(contact.name, part)) for part in NAME_PARTS}


def name_of(texts: dict[str, str | None]) -> Name:
    """The name of these parts."""
    return Name(**{part: (text,) for part, text in texts.items() if text})


def company_texts(contact: Contact) -> tuple[str, str]:
    """Company and department."""
    return "".join(contact.organization[:1]), "; ".join(filter(None, contact.organization[1:]))


def organization_of(company: str | None, department: str | None) -> tuple[str, ...]:
    """The company and its units; empty when neither is said."""
    units = tuple(department.split("; ")) if department else ()
    return (company or "", *units) if company or units else ()
