"""What was sold for a request, and what was learnt from the work."""
