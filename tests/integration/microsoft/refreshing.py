"""A process with threads that all want a token at once: python -m tests.integration.microsoft.refreshing URL ..."""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from agendahub.kept_tokens import KeptTokens
from connectors.microsoft.sign_in import token_source
from connectors.settings import ConnectorSettings
from storage.database import Database

THREADS = 4


def main(store: str, key: str, authority: str, ca: str, go: str) -> None:
    """Prints the tokens, one a line, once the file `go` is there."""
    database = Database(store)
    tokens = KeptTokens(database, Path(key), "office")
    settings = ConnectorSettings(
        url="", auth="device", client_id="cid", authority=authority, ca_file=ca, timeout=20, tokens=tokens
    )
    import msal  # noqa: F401 - loaded before the race

    Path(f"{go}.{time.monotonic_ns()}").touch()
    while not Path(go).exists():
        time.sleep(0.005)
    with ThreadPoolExecutor(THREADS) as pool:
        for token in pool.map(lambda _: token_source(settings).token(), range(THREADS)):
            print(token)
    database.dispose()


if __name__ == "__main__":
    main(*sys.argv[1:])
