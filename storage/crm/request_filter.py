"""Which requests somebody wants to see, and what of them he may see, as a WHERE."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from sqlalchemy import ColumnElement, and_, or_, select

from storage.crm.request_search import has_words, subject_has
from storage.tables import group_members, request_tags, requests

Condition: TypeAlias = ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class Filter:
    """Which requests. What is not told is not asked; those merged into another one are never among them."""

    is_open: bool | None = True  # None: the closed ones too
    spam: bool = False  # True: nothing but spam
    type_ids: tuple[int, ...] = ()
    status_ids: tuple[int, ...] = ()
    responsible_ids: tuple[int, ...] = ()
    unassigned: bool = False  # nobody is responsible (or one of `responsible_ids` is)
    group_id: int | None = None  # somebody of this group is responsible
    customer_id: int | None = None
    customer_address: str = ""
    tag: str = ""
    mailbox: str = ""
    created_from: datetime | None = None  # included
    created_before: datetime | None = None  # not included
    changed_from: datetime | None = None
    changed_before: datetime | None = None
    weight_from: int | None = None
    text: str = ""  # words, each of which begins a word of the subject, number, customer or a message


def condition(
    wanted: Filter, words: Sequence[str], scope: ColumnElement[bool], inside: ColumnElement[bool] | None = None
) -> ColumnElement[bool]:
    """`words` are those of `wanted.text`; `scope` is `storage.crm.scope.within`.

    `inside`: of which requests the words of all mails are looked for, of the others only those of subject and number;
    None: of all.
    """
    r = requests.c
    parts = [r.spam.is_(wanted.spam), scope, *_kinds(wanted), *_whose(wanted), *_when(wanted)]
    if wanted.is_open is not None:
        parts.append(r.is_open.is_(wanted.is_open))
    if wanted.is_open is not True:
        parts.append(r.merged_into_id.is_(None))  # a merged one is closed
    if words:
        parts.append(has_words(words) if inside is None else or_(and_(inside, has_words(words)), subject_has(words)))
    return and_(*parts)


def _kinds(wanted: Filter) -> Iterator[ColumnElement[bool]]:
    r = requests.c
    if wanted.type_ids:
        yield r.type_id.in_(wanted.type_ids)
    if wanted.status_ids:
        yield r.status_id.in_(wanted.status_ids)
    if wanted.mailbox:
        yield r.mailbox == wanted.mailbox
    if wanted.weight_from is not None:
        yield r.weight >= wanted.weight_from
    if wanted.tag:
        yield r.id.in_(select(request_tags.c.request_id).where(request_tags.c.tag == wanted.tag))


def _whose(wanted: Filter) -> Iterator[ColumnElement[bool]]:
    r, m = requests.c, group_members.c
    ways = []
    if wanted.responsible_ids:
        ways.append(r.responsible_id.in_(wanted.responsible_ids))
    if wanted.unassigned:
        ways.append(r.responsible_id.is_(None))
    if ways:
        yield or_(*ways)
    if wanted.group_id is not None:
        yield r.responsible_id.in_(select(m.user_id).where(m.group_id == wanted.group_id))
    if wanted.customer_id is not None:
        yield r.customer_id == wanted.customer_id
    if wanted.customer_address:
        yield r.customer_address == wanted.customer_address.lower()


def _when(wanted: Filter) -> Iterator[ColumnElement[bool]]:
    r = requests.c
    if wanted.created_from is not None:
        yield r.created_at >= wanted.created_from
    if wanted.created_before is not None:
        yield r.created_at < wanted.created_before
    if wanted.changed_from is not None:
        yield r.changed_at >= wanted.changed_from
    if wanted.changed_before is not None:
        yield r.changed_at < wanted.changed_before
