"""What there is at which address: one file a subject, each with a `router`."""
