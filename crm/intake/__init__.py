"""Intake: a mail becomes a message of a request, exactly once.

reading_mailbox (a mailbox is read) > taking (one mail, one transaction) > placing (which request), customers (whose),
sorting (what rules say), opening. What cannot be taken in is kept by `aside`.
"""
