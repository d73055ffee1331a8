"""The JSON API for customer requests: who asks is let in by `gate`, each file of `routes` is about one subject."""
