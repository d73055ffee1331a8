"""Customer requests: what they are, who takes part, and what became of them."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, Table, UniqueConstraint

from storage.columns import BigId, UtcTime, long_text, opaque, words
from storage.table_parts import key, metadata, to

request_types = Table(  # commercial, support, reminder, meeting, other; and what an admin adds
    "request_types",
    metadata,
    key(),
    Column("name", opaque(100), nullable=False, unique=True),
    Column("position", Integer, nullable=False, default=0),
    Column("weight", Integer, nullable=False, default=0),  # what the type adds to a request's weight
    Column("archived", Boolean, nullable=False, default=False),
)

statuses = Table(  # one catalogue for requests and tickets
    "statuses",
    metadata,
    key(),
    Column("name", opaque(100), nullable=False, unique=True),
    Column("position", Integer, nullable=False, default=0),
    Column("meaning", opaque(20), nullable=False, default="open"),  # new, open, waiting, completed (may be closed)
    Column("color", opaque(20), nullable=False, default=""),
    Column("archived", Boolean, nullable=False, default=False),
)

requests = Table(
    "requests",
    metadata,
    key(),
    Column("number", opaque(40), nullable=False, unique=True),
    Column("subject", words(1000), nullable=False, default=""),
    to("request_types", "type_id"),
    to("statuses", "status_id"),
    to("users", "responsible_id", null=True),  # asked for before any change of status
    # The customer is a contact of the hub. No foreign key: items are pruned long after they were deleted.
    Column("customer_id", BigId, index=True),  # items.id
    Column("customer_state", opaque(12), nullable=False, default="unknown"),  # known, provisional, unknown
    Column("customer_name", words(400), nullable=False, default=""),
    Column("customer_address", words(320), nullable=False, default="", index=True),  # lower case
    Column("weight", Integer, nullable=False, default=0),  # of the type, the priority and the effort
    Column("priority", Integer, nullable=False, default=3),  # 1 (lowest) to 5
    Column("effort", Integer, nullable=False, default=3),  # 1 (least) to 5
    Column("objectives", long_text(), nullable=False, default=""),
    Column("acceptance", long_text(), nullable=False, default=""),  # how one sees that it is done
    Column("mailbox", opaque(100), nullable=False, default=""),  # got its first mail; answers go out from it
    Column("is_open", Boolean, nullable=False, default=True),  # closing is an action of its own, apart from the status
    Column("spam", Boolean, nullable=False, default=False),
    Column("rank", BigId, nullable=False, default=0),  # order within its column of the board, the least first
    Column("version", Integer, nullable=False, default=1),  # one more with each change; for optimistic locking
    Column("created_at", UtcTime, nullable=False),
    Column("changed_at", UtcTime, nullable=False),
    Column("last_message_at", UtcTime),
    Column("first_answer_at", UtcTime),
    Column("completed_at", UtcTime),
    Column("closed_at", UtcTime),
    Column("closed_by", words(300), nullable=False, default=""),
    Column("reopened", Integer, nullable=False, default=0),  # how often
    to("requests", "merged_into_id", null=True),
    # For the board and its order; lists by time and by weight; counts, which read nothing but this index.
    Index("ix_requests_open_status_rank", "is_open", "spam", "status_id", "rank", "id", "responsible_id"),
    Index("ix_requests_open_changed_at", "is_open", "spam", "changed_at", "id"),
    Index("ix_requests_changed_at", "changed_at", "id"),
    Index("ix_requests_open_weight", "is_open", "spam", "weight", "id"),
    Index("ix_requests_counts", "is_open", "spam", "status_id", "type_id", "responsible_id", "merged_into_id", "id"),
    Index("ix_requests_responsible_changed_at", "responsible_id", "is_open", "spam", "changed_at", "id"),
)

request_tags = Table(
    "request_tags",
    metadata,
    Column("request_id", BigId, ForeignKey("requests.id"), primary_key=True, autoincrement=False),
    Column("tag", opaque(100), primary_key=True),
    Index("ix_request_tags_tag", "tag"),
)

request_people = Table(  # who takes part: sees it as a client, gets copies of answers, may use its subject token
    "request_people",
    metadata,
    key(),
    to("requests", "request_id"),
    Column("address", opaque(320), nullable=False, index=True),  # lower case
    Column("name", words(200), nullable=False, default=""),
    Column("role", opaque(12), nullable=False, default="copy"),  # customer, copy, colleague
    UniqueConstraint("request_id", "address"),
)

request_links = Table(
    "request_links",
    metadata,
    key(),
    to("requests", "request_id", index=True),
    to("requests", "other_id", index=True),
    Column("kind", opaque(20), nullable=False),  # related, possible, duplicate, merged, split, continues
    Column("at", UtcTime, nullable=False),
    Column("actor", words(300), nullable=False),
    UniqueConstraint("request_id", "other_id", "kind"),
)

request_notes = Table(  # internal: no customer sees them
    "request_notes",
    metadata,
    key(),
    to("requests", "request_id", index=True),
    to("users", "user_id", null=True),
    Column("author", words(300), nullable=False),
    Column("text", long_text(), nullable=False),
    Column("at", UtcTime, nullable=False),
)

request_history = Table(
    "request_history",
    metadata,
    key(),
    to("requests", "request_id", index=True),
    Column("at", UtcTime, nullable=False, index=True),
    Column("actor", words(300), nullable=False),
    Column("action", opaque(40), nullable=False),  # opened, changed, message, answered, closed, reopened, merged ...
    Column("field", opaque(40), nullable=False, default=""),
    Column("before", long_text(), nullable=False, default=""),
    Column("after", long_text(), nullable=False, default=""),
    Column("reason", words(1000), nullable=False, default=""),
)

request_viewers = Table(  # who looks at it or writes an answer just now
    "request_viewers",
    metadata,
    Column("request_id", BigId, ForeignKey("requests.id"), primary_key=True, autoincrement=False),
    Column("user_id", BigId, ForeignKey("users.id"), primary_key=True, autoincrement=False),
    Column("doing", opaque(12), nullable=False),  # viewing, answering
    Column("until", UtcTime, nullable=False),
)

number_series = Table(  # the last number given, by what is numbered
    "number_series",
    metadata,
    Column("name", opaque(40), primary_key=True),
    Column("last", BigId, nullable=False),
)
