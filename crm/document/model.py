"""Documents made from requests. Money is in whole cents, quantities in thousandths, rates in basis points."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

TICKET, QUOTE, MEETING = "ticket", "quote", "meeting"
KINDS = (TICKET, QUOTE, MEETING)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a quote."""

    text: str
    quantity_thousandths: int  # 1,500 is one and a half; negative takes back
    price_cents: int  # of one unit, without tax
    unit: str = ""  # h, pcs, kg
    discount_basis_points: int = 0  # 100 are one per cent; up to 10,000
    tax_basis_points: int = 0  # 2,200 are 22 per cent


@dataclass(frozen=True, slots=True)
class NewTicket:
    """A piece of work with a status of its own, from the catalogue that requests use, too."""

    request_id: int
    title: str
    text: str = ""
    status_id: int | None = None  # None: the first of the catalogue


@dataclass(frozen=True, slots=True)
class NewQuote:
    """An offer."""

    request_id: int
    title: str
    lines: tuple[Line, ...]
    text: str = ""
    currency: str = ""  # ISO 4217; "": the configuration's
    valid_until: datetime | None = None  # aware


@dataclass(frozen=True, slots=True)
class NewMeeting:
    """An event in the shared agenda."""

    request_id: int
    title: str
    starts_at: datetime  # aware
    ends_at: datetime | None = None  # None: `minutes` later, else an hour
    text: str = ""
    zone: str = "UTC"  # IANA: in which it is planned
    all_day: bool = False
    minutes: int | None = None
    location: str = ""
    assigned_id: int | None = None  # users.id; None: who is responsible for the request
    invite_customer: bool = False  # mail an invitation; only if somebody says so


@dataclass(frozen=True, slots=True)
class KeptLine:
    """A line as it stands in the quote."""

    position: int  # from 1
    text: str
    quantity_thousandths: int
    unit: str
    price_cents: int
    discount_basis_points: int
    tax_basis_points: int
    net_cents: int


@dataclass(frozen=True, slots=True)
class Tax:
    """What one rate comes to."""

    basis_points: int
    net_cents: int
    tax_cents: int


@dataclass(frozen=True, slots=True)
class Document:
    """As it was made; of a ticket alone the status changes."""

    id: int
    kind: str  # ticket, quote, meeting
    number: str  # T-2026-000017, Q-..., M-...
    request_id: int
    request_number: str
    status_id: int | None  # of a ticket
    status_name: str
    title: str
    text: str
    currency: str  # of a quote
    net_cents: int
    tax_cents: int
    total_cents: int
    valid_until: datetime | None
    activity_id: int | None  # of a meeting: it has the event
    created_at: datetime
    created_by: str
    lines: tuple[KeptLine, ...] = ()
    taxes: tuple[Tax, ...] = ()  # by rate, the least first


@dataclass(frozen=True, slots=True)
class Made:
    """A document was made. It cannot be undone; whether the request is done with it is a question of its own."""

    document: Document
    ask_to_close: bool = True
    invitation_id: int | None = None  # id (of `messages`) of the mail that invites the customer
