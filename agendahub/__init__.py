"""The command line, the wiring and the daemon: the only room that knows all the others."""
