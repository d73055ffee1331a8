"""Reading mail: from octets to a value that says what stands in it. Pure; nothing here knows of requests."""
