"""Exchange on premises through EWS. ``mapping_*`` say what of a record stands where in exchangelib's items."""
