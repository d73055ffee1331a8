"""The core of AgendaHub: records, formats, merge and the sync engine. Decides, never acts: no I/O, no clock.

*hub* the central store · *account* a login at an outside system · *collection* one calendar, address book or task
list · *binding* one hub collection tied to one remote collection, with a direction and a policy · *link* one hub item
tied to one remote item · *cursor* where a change feed was last read · *connector* the code that speaks one outside
system.
"""
