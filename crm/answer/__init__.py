"""What we write: answers, drafts, canned replies, acknowledgements; the outbox that sends each once; bounces."""
