"""What the room of customer requests reads and writes: one file an idea, functions of a `Connection`."""
