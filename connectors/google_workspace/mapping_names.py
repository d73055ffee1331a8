"""Names and jobs of a person at Google, and N, FN, ORG, TITLE and ROLE of a card.

Google makes the whole name out of its parts, each time in the way of who reads it. So a record's full name is made of
the parts that Google says; where a card has no parts its full name is the given one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from connectors.described import Document, Json, one_line_ends
from connectors.google_workspace.mapping_labels import first_and_others, own, preferred_first
from connectors.names import company_texts, name_of, name_texts, organization_of
from sync_engine.formats.text_values import escape, structure, unescape
from sync_engine.model import Contact, ContentLine

_PARTS = {
    "prefixes": "honorificPrefix",
    "given": "givenName",
    "additional": "middleName",
    "family": "familyName",
    "suffixes": "honorificSuffix",
}
PHONETIC = {
    "X-PHONETIC-FIRST-NAME": "phoneticGivenName",
    "X-PHONETIC-MIDDLE-NAME": "phoneticMiddleName",
    "X-PHONETIC-LAST-NAME": "phoneticFamilyName",
}
"""What phones write, and Google's names for it."""
NAME_PARTS = (*_PARTS.values(), *PHONETIC.values())
"""What of a name a card says."""
PHONETIC_COMPANY = "X-PHONETIC-ORG"
ORG, TITLE, ROLE = "ORG", "TITLE", "ROLE"
_TITLE = "X-TITLE"  # the job of a second company, which a card has no place for
_FAR_EAST = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+\Z")


def put_names(contact: Contact) -> dict[str, Json]:
    """No name where the full one only repeats the company or an address."""
    texts = {_PARTS[part]: text for part, text in name_texts(contact).items() if text}
    if not texts and contact.full_name != without_name(contact):
        texts = {"givenName": one_line_ends(contact.full_name)}
    spoken = {there: _said_in(contact, name) for name, there in PHONETIC.items()}
    entry = texts | {name: text for name, text in spoken.items() if text}
    return {"names": [entry] if entry else []}


def _said_in(contact: Contact, name: str) -> str:
    return next((unescape(line.value) for line in contact.extra if line.name == name), "")


def get_names(person: Document) -> dict[str, Any]:
    """The name and, where it has no parts, the whole."""
    entry = next(iter(own(person.get("names"))), {})
    texts = {part: entry.get(there) for part, there in _PARTS.items()}
    whole = entry.get("unstructuredName") or entry.get("displayName") or ""
    return {"name": name_of(texts), "full_name": _composed(texts) or whole}


def _composed(texts: dict[str, str | None]) -> str:
    """As people say it: family names first where they are written so."""
    parts = [texts[part] or "" for part in ("prefixes", "given", "additional", "family", "suffixes")]
    prefixes, given, additional, family, suffixes = parts
    if family and given and _FAR_EAST.match(family) and _FAR_EAST.match(given):
        return " ".join(filter(None, (prefixes, family + given, additional, suffixes)))
    return " ".join(filter(None, parts))


def without_name(contact: Contact) -> str:
    """What one would call somebody of whom no name is known, as a card is read."""
    company = " ".join(contact.organization)
    labelled = (element.value for element in (*contact.emails, *contact.phones))
    return next((text for text in (company, *labelled) if text.strip()), "")


def spoken_lines(person: Document) -> list[ContentLine]:
    """How the names sound."""
    entry = next(iter(own(person.get("names"))), {})
    job, _ = _jobs(person)
    said = {name: entry.get(there) for name, there in PHONETIC.items()} | {PHONETIC_COMPANY: job.get("phoneticName")}
    return [ContentLine(name, escape(text)) for name, text in said.items() if text]


# ---------------------------------------------------------------- jobs


def put_jobs(contact: Contact) -> dict[str, Json]:
    """The company of the card, then the others."""
    company, department = company_texts(contact)
    first = {
        "name": company,
        "department": department,
        "title": one_line_ends(contact.title),
        "phoneticName": _said_in(contact, PHONETIC_COMPANY),
    }
    others = [_put_other(line) for line in contact.extra if line.name == ORG]
    others += [{"title": unescape(line.value)} for line in contact.extra if line.name == TITLE]
    entries = [{name: text for name, text in job.items() if text} for job in (first, *others)]
    return {"organizations": first_and_others(entries)}


def _put_other(line: ContentLine) -> dict[str, str]:
    company, *units = [",".join(unit) for unit in structure(line.value)] or [""]
    title = next((" ".join(values) for name, values in line.params if name == _TITLE), "")
    return {"name": company, "department": "; ".join(filter(None, units)), "title": title}


def _jobs(person: Document) -> tuple[Document, list[Document]]:
    """The first one and the others: present ones before past ones, those of a company before mere titles.

    What the card says first is its company, and the first title its title.
    """
    jobs = preferred_first(own(person.get("organizations")))
    found = sorted(jobs, key=lambda job: (not _has_company(job), job.get("current") is False))
    first, *others = found or [{}]
    title = first.get("title") or next((job["title"] for job in others if _is_title(job)), "")
    if not first.get("title") and title:
        others.remove(next(job for job in others if _is_title(job)))
    return {**first, "title": title}, others


def _has_company(job: Document) -> bool:
    return bool(job.get("name") or job.get("department"))


def _is_title(job: Document) -> bool:
    return bool(job.get("title")) and not _has_company(job)


def get_jobs(person: Document) -> dict[str, Any]:
    """The first company."""
    job, _ = _jobs(person)
    return {
        "organization": organization_of(job.get("name"), job.get("department")),
        "title": one_line_ends(job.get("title") or ""),
    }


def other_jobs(person: Document) -> list[ContentLine]:
    """The other companies and titles, as lines of a card."""
    _, others = _jobs(person)
    return [_job_line(job) for job in others if _has_company(job) or _is_title(job)]


def _job_line(job: Document) -> ContentLine:
    title = one_line_ends(job.get("title") or "")
    if not _has_company(job):
        return ContentLine(TITLE, escape(title))
    value = ";".join(map(escape, organization_of(job.get("name"), job.get("department"))))
    return ContentLine(ORG, value, ((_TITLE, (" ".join(title.split()),)),) if title.strip() else ())


# ---------------------------------------------------------------- occupations


def put_roles(contact: Contact) -> dict[str, Json]:
    """ROLE of the card, then the others."""
    others: Iterable[str] = (unescape(line.value) for line in contact.extra if line.name == ROLE)
    said = dict.fromkeys(one_line_ends(text) for text in (contact.role, *others) if text)
    return {"occupations": first_and_others({"value": text} for text in said)}


def get_roles(person: Document) -> list[str]:
    """What somebody does."""
    return [one_line_ends(one["value"]) for one in preferred_first(own(person.get("occupations"))) if one.get("value")]
