"""From a mail to what rules look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from crm.mail.headers import decoded, read_headers
from crm.mail.language import language_of
from crm.mail.model import Mail
from crm.mail.parts import normalised
from crm.rules.model import Facts


def facts_of(
    mail: Mail,
    raw: bytes,
    *,
    mailbox: str = "",
    customer_known: bool = False,
    categories: Sequence[str] = (),
    passed_on: bool = False,
) -> Facts:
    """`raw` gives the headers. `passed_on`: one of us passed on a customer's mail, and the customer is the sender."""
    about = mail.original if passed_on and mail.original else mail
    return Facts(
        sender=about.sender.address,
        sender_name=about.sender.name,
        recipients=tuple(dict.fromkeys(party.address for party in (*mail.to, *mail.cc))),
        mailbox=mailbox,
        subject=mail.subject,
        text=mail.text,
        automatic=mail.automatic,
        attachments=tuple(file.name for file in mail.attachments),
        invitation=bool(mail.calendars),
        size=mail.size,
        headers=headers_of(raw),
        verified=mail.verified,
        authentication=mail.authentication,
        customer_known=customer_known,
        categories=tuple(categories),
        language=language_of(about.text or mail.text),
    )


def headers_of(raw: bytes) -> Mapping[str, tuple[str, ...]]:
    """All headers of a mail by lower case name, decoded."""
    octets = normalised(raw)
    found: dict[str, tuple[str, ...]] = {}
    for name, value in read_headers(octets, len(octets) - len(octets.lstrip(b"\r\n"))).fields:
        found[name] = (*found.get(name, ()), decoded(value))
    return found
