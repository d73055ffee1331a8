"""Managed attachments of events and tasks (RFC 8607): kept here, named by the item."""
