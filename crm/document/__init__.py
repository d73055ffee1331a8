"""Tickets, quotes and meetings made from requests. Once made, a document stays as it is."""
