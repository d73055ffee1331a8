"""Mails of requests: what came, what went, and what waits to go."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, Table, UniqueConstraint

from storage.columns import BigId, UtcTime, long_text, octets, opaque, opaque_text, words
from storage.table_parts import key, metadata, to

mail_raws = Table(  # every mail as it came, byte for byte
    "mail_raws",
    metadata,
    Column("digest", opaque(64), primary_key=True),  # SHA-256 of the mail, hexadecimal
    Column("size", BigId, nullable=False),  # octets of the mail
    Column("packed", octets(), nullable=False),  # zlib
    Column("at", UtcTime, nullable=False),
)

messages = Table(
    "messages",
    metadata,
    key(),
    Column("key", opaque(80), nullable=False, unique=True),  # of Message-ID, else of what the mail says
    to("requests", "request_id", null=True, index=True),  # null: nobody has to act on it (ignored, foreign bounce)
    Column("direction", opaque(10), nullable=False),  # in, out
    Column("automatic", opaque(30), nullable=False, default=""),  # "", or why: reply, list, bulk, bounce, own ...
    Column("message_id", opaque_text(), nullable=False, default=""),  # without the angle brackets
    Column("id_hash", opaque(64), nullable=False, default="", index=True),  # SHA-256 of message_id
    Column("subject", words(1000), nullable=False, default=""),
    Column("from_address", words(320), nullable=False, default="", index=True),  # lower case
    Column("from_name", words(200), nullable=False, default=""),
    Column("verified", Boolean, nullable=False, default=False),  # exactly one address stood in From
    Column("authentication", words(1000), nullable=False, default=""),  # what our server says of SPF, DKIM, DMARC
    Column("forwarded_by", words(320), nullable=False, default=""),  # the colleague who passed it on
    Column("sent_at", UtcTime),  # as the mail says
    Column("received_at", UtcTime, nullable=False),
    Column("text", long_text(), nullable=False, default=""),  # what a person reads, quoted text too
    Column("raw_digest", opaque(64), nullable=False, default="", index=True),  # of mail_raws; "": not written yet
    Column("size", BigId, nullable=False, default=0),
    to("messages", "bounce_of_id", null=True),  # a delivery report: of this message of ours
    to("users", "user_id", null=True),  # who wrote it, where that is one of us
    Column("state", opaque(20), nullable=False, default=""),  # out: draft, bounced, or as in `outgoing`
    Column("created_at", UtcTime, nullable=False),
)

message_references = Table(  # In-Reply-To and References, the newest first
    "message_references",
    metadata,
    key(),
    to("messages", "message_id", index=True),
    Column("position", Integer, nullable=False),
    Column("id_hash", opaque(64), nullable=False, index=True),
)

message_addresses = Table(
    "message_addresses",
    metadata,
    key(),
    to("messages", "message_id", index=True),
    Column("role", opaque(10), nullable=False),  # from, sender, reply-to, to, cc, bcc
    Column("address", words(320), nullable=False, index=True),  # lower case
    Column("name", words(200), nullable=False, default=""),
)

message_files = Table(  # attachments; their content is in the mail
    "message_files",
    metadata,
    key(),
    to("messages", "message_id", index=True),
    Column("number", Integer, nullable=False),  # of the part, in the order of the mail
    Column("name", words(400), nullable=False, default=""),
    Column("media_type", opaque(200), nullable=False, default=""),
    Column("size", BigId, nullable=False, default=0),
    Column("content_id", opaque_text(), nullable=False, default=""),
    Column("inline", Boolean, nullable=False, default=False),
)

receipts = Table(  # one for each place in which a mail lay
    "receipts",
    metadata,
    key(),
    to("messages", "message_id", null=True, index=True),
    Column("mailbox", opaque(100), nullable=False),
    Column("folder", opaque(300), nullable=False),
    Column("remote_id", opaque(700), nullable=False),
    Column("remote_key", opaque(64), nullable=False),  # SHA-256 of folder and remote_id
    Column("at", UtcTime, nullable=False),
    Column("settled_at", UtcTime),  # flagged or moved at the server
    to("mail_quarantine", "quarantine_id", null=True),
    UniqueConstraint("mailbox", "remote_key"),
    Index("ix_receipts_mailbox_settled_at", "mailbox", "settled_at"),
)

mail_cursors = Table(  # where each folder was last read
    "mail_cursors",
    metadata,
    Column("mailbox", opaque(100), primary_key=True),
    Column("folder", opaque(300), primary_key=True),
    Column("cursor", opaque_text()),
    Column("started_at", UtcTime, nullable=False),  # older mails are backlog: never answered by itself
    Column("looked_at", UtcTime),  # when it was last read without a failure
    Column("problem", words(2000), nullable=False, default=""),
)

mail_quarantine = Table(  # what could not be taken in
    "mail_quarantine",
    metadata,
    key(),
    Column("mailbox", opaque(100), nullable=False),
    Column("folder", opaque(300), nullable=False),
    Column("remote_id", opaque(700), nullable=False),
    Column("raw_digest", opaque(64), nullable=False, default=""),  # of mail_raws; "": the server did not give it
    Column("size", BigId, nullable=False, default=0),
    Column("reason", words(2000), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("resolved_at", UtcTime),
)

outgoing = Table(  # the outbox: what is to be sent, once
    "outgoing",
    metadata,
    key(),
    to("messages", "message_id"),
    Column("mailbox", opaque(100), nullable=False),
    Column("state", opaque(20), nullable=False),  # waiting, sending, sent, doubt, failed, given_up
    Column("sender", words(320), nullable=False),  # of the envelope; "" for automatic mail
    Column("recipients", long_text(), nullable=False),  # of the envelope, one a line
    Column("automatic", Boolean, nullable=False, default=False),
    Column("tries", Integer, nullable=False, default=0),
    Column("next_at", UtcTime),
    Column("started_at", UtcTime),
    Column("sent_at", UtcTime),
    Column("error", words(2000), nullable=False, default=""),
    UniqueConstraint("message_id"),
    Index("ix_outgoing_state_next_at", "state", "next_at"),
)

bounced_addresses = Table(
    "bounced_addresses",
    metadata,
    Column("address", opaque(320), primary_key=True),  # lower case
    Column("at", UtcTime, nullable=False),
    Column("permanent", Boolean, nullable=False),
    Column("reason", words(1000), nullable=False, default=""),
    to("messages", "message_id", null=True),  # the report
)

canned_replies = Table(
    "canned_replies",
    metadata,
    key(),
    Column("name", opaque(200), nullable=False, unique=True),
    Column("subject", words(1000), nullable=False, default=""),
    Column("body", long_text(), nullable=False),
    Column("position", Integer, nullable=False, default=0),
)

intake_rules = Table(
    "intake_rules",
    metadata,
    key(),
    Column("position", Integer, nullable=False),
    Column("name", opaque(200), nullable=False, unique=True),
    Column("enabled", Boolean, nullable=False, default=True),
    Column("conditions", long_text(), nullable=False),  # JSON: crm/rules.py
    Column("actions", long_text(), nullable=False),  # JSON
    Column("changed_at", UtcTime, nullable=False),
    Column("changed_by", words(300), nullable=False, default=""),
)
