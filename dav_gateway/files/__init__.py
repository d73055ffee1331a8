"""Plain WebDAV (RFC 4918, class 1) for files that stand beside calendars and address books."""
