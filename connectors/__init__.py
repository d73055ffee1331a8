"""Connectors: one file or folder for each kind of outside system. `registry` is the list of them."""
