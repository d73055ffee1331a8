"""Microsoft 365 through Graph. ``mapping_*`` say what of a record stands where in its JSON."""
