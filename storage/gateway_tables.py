"""What only the gateway needs: delegates, personal properties, files and attachments, push, browser sessions."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, Table, UniqueConstraint

from storage.columns import BigId, UtcTime, long_text, octets, opaque, words
from storage.table_parts import key, metadata, to

proxies = Table(  # who may act for a user in all of his calendars and address books (calendar-proxy)
    "proxies",
    metadata,
    Column("user_id", BigId, ForeignKey("users.id"), primary_key=True, autoincrement=False),
    Column("delegate_id", BigId, ForeignKey("users.id"), primary_key=True, autoincrement=False),
    Column("access", opaque(10), nullable=False),  # read, write
    Index("ix_proxies_delegate_id", "delegate_id"),
)

personal_properties = Table(  # how one user wants to see a collection that is not his own: its colour, its name ...
    "personal_properties",
    metadata,
    Column("collection_id", BigId, ForeignKey("collections.id"), primary_key=True, autoincrement=False),
    Column("user_id", BigId, ForeignKey("users.id"), primary_key=True, autoincrement=False),
    Column("name", opaque(400), primary_key=True),  # {namespace}local
    Column("value", long_text(), nullable=False),  # XML, with its own element
)

folder_properties = Table(  # what clients keep at a user's homes and principal: default alarms, the card of oneself ...
    "folder_properties",
    metadata,
    Column("user_id", BigId, ForeignKey("users.id"), primary_key=True, autoincrement=False),
    Column("area", opaque(12), primary_key=True),  # calendars, addressbooks, principals
    Column("name", opaque(400), primary_key=True),  # {namespace}local
    Column("value", long_text(), nullable=False),  # XML, with its own element
)

# ---------------------------------------------------------------- files and attachments

blobs = Table(  # what a file or an attachment holds
    "blobs",
    metadata,
    key(),
    Column("size", BigId, nullable=False),  # octets
    Column("created_at", UtcTime, nullable=False, index=True),
)

blob_parts = Table(  # its octets, in parts that are read and written one at a time
    "blob_parts",
    metadata,
    Column("blob_id", BigId, ForeignKey("blobs.id"), primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("content", octets(), nullable=False),
)

files = Table(  # of the plain folder that each user has beside calendars and address books
    "files",
    metadata,
    key(),
    to("users", "user_id"),
    Column("parent_id", BigId, nullable=False),  # 0: in the user's folder itself
    Column("name", opaque(400), nullable=False),  # the last part of its URL, decoded; an opaque key, never a path
    Column("folder", Boolean, nullable=False),
    Column("media_type", words(200), nullable=False, default=""),
    Column("etag", opaque(32), nullable=False, default=""),
    Column("size", BigId, nullable=False, default=0),
    to("blobs", "blob_id", null=True, index=True),  # null: a folder, or an empty file
    Column("created_at", UtcTime, nullable=False),
    Column("changed_at", UtcTime, nullable=False),
    UniqueConstraint("user_id", "parent_id", "name"),
)

file_properties = Table(  # WebDAV properties that clients set, kept as XML
    "file_properties",
    metadata,
    Column("file_id", BigId, ForeignKey("files.id"), primary_key=True, autoincrement=False),
    Column("name", opaque(400), primary_key=True),
    Column("value", long_text(), nullable=False),
)

file_locks = Table(  # WebDAV locks: one program says that it works on a file or a tree
    "file_locks",
    metadata,
    Column("token", opaque(64), primary_key=True),
    to("users", "user_id", index=True),
    Column("path", long_text(), nullable=False),  # below the user's folder, percent-encoded, without a slash at the end
    Column("deep", Boolean, nullable=False),
    Column("exclusive", Boolean, nullable=False),
    Column("owner", long_text(), nullable=False, default=""),  # XML, as the program wrote it
    Column("expires_at", UtcTime, nullable=False),
)

attachments = Table(  # managed attachments of events and tasks (RFC 8607)
    "attachments",
    metadata,
    key(),
    Column("managed_id", opaque(64), nullable=False),  # several items may hold the same one
    to("items", "item_id", index=True),
    to("users", "user_id", null=True, index=True),  # who added it
    Column("name", words(300), nullable=False),
    Column("media_type", words(200), nullable=False),
    Column("size", BigId, nullable=False),
    to("blobs", "blob_id", index=True),
    Column("created_at", UtcTime, nullable=False),
    Column("dropped_at", UtcTime),  # taken off its item: purged with the history
    UniqueConstraint("managed_id", "item_id"),
)

# ---------------------------------------------------------------- WebDAV-Push

push_registrations = Table(  # devices that want to be told at once of changes of a collection
    "push_registrations",
    metadata,
    key(),
    Column("registration", opaque(64), nullable=False, unique=True),  # the last part of its URL
    to("devices", "device_id", index=True),
    to("collections", "collection_id", index=True),
    Column("endpoint", long_text(), nullable=False),  # of the push service
    Column("endpoint_hash", opaque(64), nullable=False),
    Column("sealed", long_text(), nullable=False),  # the client's public key and auth secret, encrypted
    Column("seq", BigId, nullable=False, default=0),  # changes up to here were told
    Column("failures", Integer, nullable=False, default=0),  # in a row
    Column("retry_at", UtcTime),
    Column("expires_at", UtcTime, nullable=False, index=True),
    Column("created_at", UtcTime, nullable=False),
    UniqueConstraint("device_id", "collection_id", "endpoint_hash", name="uq_push_registrations_device_endpoint"),
)

# ---------------------------------------------------------------- people in a browser

web_sessions = Table(
    "web_sessions",
    metadata,
    Column("token_hash", opaque(64), primary_key=True),  # SHA-256 of the cookie
    to("users", "user_id", index=True),
    Column("csrf", opaque(64), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("used_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False, index=True),
    Column("client", words(100), nullable=False, default=""),  # the address it began at
)
