"""The main job on one machine: two real servers, the hub, and a phone, kept in step. Run it with `make demo`."""
