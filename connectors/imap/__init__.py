"""The imap connector."""
