"""Customer requests: mail becomes requests, requests are worked through the shared agenda. Rules are pure functions.

intake: a mail becomes a message of a request, once · request: what a customer wants · activity: what is done about it,
an event or a task of the agenda · document: a ticket, a quote or a meeting made from a request · answer: what we write.
"""
