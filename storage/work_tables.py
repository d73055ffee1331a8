"""What is done about requests: activities in the agenda, documents, sales, reviews, invitations.

Money is in whole cents and quantities in thousandths, so that sums are exact on every database.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, Table

from storage.columns import BigId, UtcTime, long_text, opaque, words
from storage.table_parts import key, metadata, to

activities = Table(
    "activities",
    metadata,
    key(),
    to("requests", "request_id", null=True, index=True),
    Column("kind", opaque(20), nullable=False),  # service, product, memo, call, visit, meeting
    Column("title", words(1000), nullable=False),
    Column("text", long_text(), nullable=False, default=""),
    to("users", "assigned_id", null=True, index=True),
    Column("state", opaque(12), nullable=False, default="planned"),  # planned, done, cancelled
    Column("starts_at", UtcTime, index=True),  # null: a task, no time set
    Column("ends_at", UtcTime),
    Column("zone", opaque(100), nullable=False, default="UTC"),  # IANA: in which it was planned
    Column("all_day", Boolean, nullable=False, default=False),
    Column("minutes_planned", Integer),
    Column("minutes_done", Integer),
    Column("done_at", UtcTime),
    Column("result", long_text(), nullable=False, default=""),
    Column("item_id", BigId, index=True),  # items.id: its event or task in the shared agenda
    Column("revision_id", BigId),  # of the item, as this row knows it
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", words(300), nullable=False),
    Column("changed_at", UtcTime, nullable=False),
    Column("changed_by", words(300), nullable=False),
    Column("version", Integer, nullable=False, default=1),
)

documents = Table(  # a ticket, a quote or a meeting; once made, it stays
    "documents",
    metadata,
    key(),
    Column("kind", opaque(12), nullable=False),  # ticket, quote, meeting
    Column("number", opaque(40), nullable=False, unique=True),
    to("requests", "request_id", index=True),
    to("statuses", "status_id", null=True),  # of a ticket
    Column("title", words(1000), nullable=False),
    Column("text", long_text(), nullable=False, default=""),
    Column("currency", opaque(3), nullable=False, default=""),
    Column("net_cents", BigId, nullable=False, default=0),
    Column("tax_cents", BigId, nullable=False, default=0),
    Column("total_cents", BigId, nullable=False, default=0),
    Column("valid_until", UtcTime),
    to("activities", "activity_id", null=True),  # of a meeting: it has the event
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", words(300), nullable=False),
)

document_lines = Table(
    "document_lines",
    metadata,
    key(),
    to("documents", "document_id", index=True),
    Column("position", Integer, nullable=False),
    Column("text", words(1000), nullable=False),
    Column("quantity_thousandths", BigId, nullable=False),
    Column("unit", words(40), nullable=False, default=""),
    Column("price_cents", BigId, nullable=False),  # of one unit, without tax
    Column("discount_basis_points", Integer, nullable=False, default=0),  # 100 are one per cent
    Column("tax_basis_points", Integer, nullable=False, default=0),
    Column("net_cents", BigId, nullable=False),
)

sales = Table(
    "sales",
    metadata,
    key(),
    to("requests", "request_id", null=True, index=True),
    to("documents", "document_id", null=True),
    to("activities", "activity_id", null=True),
    Column("kind", opaque(12), nullable=False),  # product, service
    Column("text", words(1000), nullable=False),
    Column("sold_at", UtcTime, nullable=False, index=True),
    Column("quantity_thousandths", BigId, nullable=False),
    Column("net_cents", BigId, nullable=False),
    Column("currency", opaque(3), nullable=False),
    Column("customer_id", BigId, index=True),  # items.id
    Column("customer_name", words(400), nullable=False, default=""),
    to("users", "user_id", null=True),  # who sold it
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", words(300), nullable=False),
)

reviews = Table(  # what was learnt from the work that was done
    "reviews",
    metadata,
    key(),
    to("requests", "request_id", index=True),
    to("activities", "activity_id", null=True),
    Column("effective", Integer),  # 1 (did not help) to 5
    Column("efficient", Integer),  # 1 (far too costly) to 5
    Column("text", long_text(), nullable=False, default=""),
    Column("at", UtcTime, nullable=False),
    Column("author", words(300), nullable=False),
)

invitations = Table(  # calendar parts of mails (iMIP, RFC 6047)
    "invitations",
    metadata,
    key(),
    to("messages", "message_id", index=True),
    to("requests", "request_id", null=True, index=True),
    Column("method", opaque(20), nullable=False),  # REQUEST, REPLY, CANCEL, COUNTER ...
    Column("uid", opaque(700), nullable=False, index=True),
    Column("occurrence", opaque(40), nullable=False, default=""),  # RECURRENCE-ID; "": all of it
    Column("sequence", Integer, nullable=False, default=0),
    Column("stamped_at", UtcTime),  # DTSTAMP
    Column("organizer", words(320), nullable=False, default=""),
    Column("attendee", words(320), nullable=False, default=""),  # of a reply: whose
    Column("summary", words(1000), nullable=False, default=""),
    Column("starts_at", UtcTime),
    Column("item_id", BigId, index=True),  # items.id: the event in the agenda
    Column("state", opaque(20), nullable=False),  # tentative, accepted, declined, applied, outdated, refused, unread
    Column("reason", words(1000), nullable=False, default=""),
    Column("answered_at", UtcTime),
    Column("answered_by", words(300), nullable=False, default=""),
)

agenda_follow = Table(  # up to which change of a collection the activities know it
    "agenda_follow",
    metadata,
    Column("collection_id", BigId, ForeignKey("collections.id"), primary_key=True, autoincrement=False),
    Column("seq", BigId, nullable=False),
)

Index("ix_activities_state_starts_at", activities.c.state, activities.c.starts_at)
