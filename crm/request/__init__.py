"""What a customer wants: one request, its status, who is responsible, and all that became of it."""
