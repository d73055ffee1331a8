"""The HTTP library's adapter, without the work it repeats for each of thousands of small requests to one server."""

from __future__ import annotations

from typing import Any

from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter
from requests.cookies import extract_cookies_to_jar
from requests.structures import CaseInsensitiveDict

from connectors.dav.whole_heads import CONNECTIONS

_ORIGINS = 4  # to which connections are kept


class Adapter(HTTPAdapter):
    """For one account: certificates and proxies are the same for all requests."""

    def __init__(self, pool_size: int) -> None:
        super().__init__(pool_connections=_ORIGINS, pool_maxsize=pool_size, pool_block=True)
        self._pools: dict[str, Any] = {}

    def get_connection_with_tls_context(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Any:
        """The connections to an origin; how it is reached is found out once."""
        origin = _split(request.url or "")[0]
        pool: Any = self._pools.get(origin)
        if pool is None:
            if len(self._pools) >= _ORIGINS:
                self._pools.clear()  # the library closes the oldest ones, too
            pool = super().get_connection_with_tls_context(request, *args, **kwargs)
            pool.ConnectionCls = CONNECTIONS[pool.scheme]
            self._pools[origin] = pool
        return pool

    def request_url(self, request: PreparedRequest, proxies: Any) -> str:
        """The target of the request line."""
        target = _split(request.url or "")[1]
        if proxies or not target or target.startswith("//") or "#" in target:
            return super().request_url(request, proxies)
        return target

    def build_response(self, req: PreparedRequest, resp: Any) -> Response:
        """Without looking for cookies where there are none."""
        response = Response()
        response.status_code = resp.status
        response.headers = CaseInsensitiveDict(resp.headers)
        response.raw, response.reason = resp, resp.reason
        response.url = req.url or ""
        if "set-cookie" in response.headers:
            extract_cookies_to_jar(response.cookies, req, resp)  # type: ignore[no-untyped-call]
        response.request = req
        response.connection = self  # digest answers the challenge through it
        return response

    def close(self) -> None:
        """Give back all connections."""
        self._pools.clear()
        super().close()


def _split(url: str) -> tuple[str, str]:
    """Origin and target; the target is empty where there is no path."""
    at = url.find("/", 8)
    return (url, "") if at < 0 else (url[:at], url[at:])
