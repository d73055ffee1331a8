"""Messages of requests, to be read: lists, one of them, its page, its attachments, the mail as it came."""
