"""What Exchange and Microsoft 365 have in common: Outlook's idea of a contact, an event and a task. Pure: no I/O."""
