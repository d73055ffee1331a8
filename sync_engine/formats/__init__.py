"""Text to record and back: vCard 3 and 4 (RFC 2426, RFC 6350) and iCalendar (RFC 5545)."""
