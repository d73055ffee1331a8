"""Requests as services give and take them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from storage.crm.request_filter import Filter

__all__ = [
    "OPEN",
    "Card",
    "CardPage",
    "Column",
    "Counts",
    "Filter",
    "Happening",
    "Hint",
    "Linked",
    "NewRequest",
    "Note",
    "Person",
    "Request",
    "Viewer",
]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who takes part in a request."""

    address: str  # lower case
    name: str = ""
    role: str = "copy"  # customer, copy, colleague


@dataclass(frozen=True, slots=True)
class NewRequest:
    """What is known when a request is opened. Type and status are the first of the catalogue where none is told."""

    subject: str = ""
    type_id: int | None = None
    type_name: str = ""  # used where there is no `type_id`; an unknown or archived name is as none
    status_id: int | None = None
    responsible_id: int | None = None  # users.id
    customer_id: int | None = None  # items.id of a contact
    customer_state: str = "unknown"  # known, provisional, unknown
    customer_name: str = ""
    customer_address: str = ""  # lower case
    priority: int = 3  # 1 (lowest) to 5
    effort: int = 3  # 1 (least) to 5
    weight: int | None = None  # None: of the type, the priority and the effort
    objectives: str = ""
    acceptance: str = ""  # how one sees that it is done
    mailbox: str = ""  # answers go out from it
    tags: tuple[str, ...] = ()
    people: tuple[Person, ...] = ()  # the customer is added by itself
    spam: bool = False  # a spam request is closed from the start
    continues: int | None = None  # the closed request that this one goes on with
    possible: tuple[int, ...] = ()  # requests that may be related: a person decides


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it is now. `version` goes to whoever wants to change it."""

    id: int
    number: str
    subject: str
    type_id: int
    type_name: str
    status_id: int
    status_name: str
    meaning: str  # of the status: new, open, waiting, completed
    responsible_id: int | None
    responsible: str  # the user's name; "" for nobody
    customer_id: int | None
    customer_state: str
    customer_name: str
    customer_address: str
    weight: int
    priority: int
    effort: int
    objectives: str
    acceptance: str
    mailbox: str
    is_open: bool
    spam: bool
    version: int
    created_at: datetime
    changed_at: datetime
    last_message_at: datetime | None
    first_answer_at: datetime | None
    completed_at: datetime | None
    closed_at: datetime | None
    closed_by: str
    reopened: int  # how often
    tags: tuple[str, ...] = ()
    people: tuple[Person, ...] = ()


@dataclass(frozen=True, slots=True)
class Card:
    """A request in a list or a column of the board."""

    id: int
    number: str
    subject: str
    type_id: int
    type_name: str
    status_id: int
    status_name: str
    meaning: str
    responsible_id: int | None
    responsible: str
    customer_id: int | None
    customer_name: str
    customer_address: str
    weight: int
    priority: int
    effort: int
    mailbox: str
    is_open: bool
    spam: bool
    rank: int
    version: int
    created_at: datetime
    changed_at: datetime
    last_message_at: datetime | None
    closed_at: datetime | None
    tags: tuple[str, ...] = ()


OPEN = Filter()


@dataclass(frozen=True, slots=True)
class CardPage:
    """Some of a list. `after` goes back in for the next page; "" at the end."""

    cards: tuple[Card, ...]
    after: str


@dataclass(frozen=True, slots=True)
class Counts:
    """How many requests a filter finds, and of which kind."""

    total: int
    by_status: dict[int, int] = field(default_factory=dict)  # status -> how many
    by_type: dict[int, int] = field(default_factory=dict)
    by_responsible: dict[int, int] = field(default_factory=dict)  # 0: nobody


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the board: a status, how many requests are in it, and the first of them."""

    status_id: int
    status_name: str
    meaning: str
    color: str
    count: int
    cards: tuple[Card, ...]
    after: str  # for `crm.request.board.column`; "" when these are all


@dataclass(frozen=True, slots=True)
class Note:
    """Internal: no customer sees it."""

    id: int
    request_id: int
    author: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of the history."""

    id: int
    request_id: int  # where it happened: may be a request that was merged into this one
    at: datetime
    actor: str
    action: str
    field: str
    before: str
    after: str
    reason: str


@dataclass(frozen=True, slots=True)
class Linked:
    """Another request that this one has to do with."""

    id: int  # of the other request
    number: str
    subject: str
    is_open: bool
    kind: str  # related, possible, duplicate, merged, split, continues
    outward: bool  # True: this one -> the other one


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks at a request just now, or writes an answer."""

    user_id: int
    name: str
    doing: str  # viewing, answering
    until: datetime


@dataclass(frozen=True, slots=True)
class Hint:
    """A request that may be about the same."""

    card: Card
    likeness: float  # 0 to 1
    why: str  # one sentence
