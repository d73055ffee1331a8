"""The JSON API of customer requests (FastAPI); the pages come to stand beside it."""
