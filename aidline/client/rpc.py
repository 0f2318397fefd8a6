"""JSON-RPC over one kept-alive HTTP connection.

The standard library's connection answers three times as fast as a session of web3.py's provider
and needs a second less to import; :attr:`aidline.client.web3chain.Web3Chain.w3` gives web3.py's
own object to whoever wants more of the node than a chain needs.
"""

from __future__ import annotations

import base64
import http.client
import json
import ssl
import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

from aidline.errors import InputError, RpcError, RpcUnreachable

__all__ = ["Rpc"]

_ATTEMPTS = 4
_BODY = 1_000_000  # Anvil refuses bodies of more than 2 MB


class Rpc:
    """A node's JSON-RPC address.

    Args:
        url: ``http://`` or ``https://``, with a name and password before the host if need be.
        timeout: Seconds to wait for one answer.

    Raises:
        InputError: The address is not one of those.
    """

    def __init__(self, url: str, timeout: float = 60.0) -> None:
        parts = urlsplit(url)
        try:
            port = parts.port
        except ValueError:
            port = -1
        if parts.scheme not in ("http", "https") or not parts.hostname or port == -1:
            raise InputError(f"{url!r} is not an RPC address; one looks like http://127.0.0.1:8545")
        self._secure = parts.scheme == "https"
        self._host = parts.hostname
        self._port = port
        self._path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._headers = {"Content-Type": "application/json"}
        if parts.username is not None:
            pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            self._headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
        self._timeout = timeout
        self._connection: http.client.HTTPConnection | None = None
        self._id = 0
        #: The address without its password, for messages.
        self.shown = f"{parts.scheme}://{self._host}{f':{port}' if port else ''}{parts.path}"
        self.url = url

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connect(self) -> http.client.HTTPConnection:
        if self._connection is None:
            if self._secure:
                self._connection = http.client.HTTPSConnection(
                    self._host,
                    self._port,
                    timeout=self._timeout,
                    context=ssl.create_default_context(),
                )
            else:
                self._connection = http.client.HTTPConnection(
                    self._host, self._port, timeout=self._timeout
                )
        return self._connection

    def _post(self, body: bytes) -> Any:
        problem: Exception | None = None
        for attempt in range(_ATTEMPTS):
            if attempt > 1:  # the second attempt is for a kept-alive connection that had ended
                time.sleep(0.1 * 4 ** (attempt - 2))
            try:
                connection = self._connect()
                connection.request("POST", self._path, body, self._headers)
                answer = connection.getresponse()
                content = answer.read()
            except ConnectionRefusedError:
                self.close()
                raise RpcUnreachable(
                    f"nothing answers at {self.shown}; is the node running?"
                ) from None
            except (TimeoutError, ssl.SSLCertVerificationError) as found:
                self.close()
                raise RpcUnreachable(f"no answer from {self.shown}: {found}") from None
            except (OSError, http.client.HTTPException) as found:
                self.close()
                problem = found
                continue
            if answer.status in (429, 502, 503, 504) and attempt + 1 < _ATTEMPTS:
                problem = RpcUnreachable(f"HTTP status {answer.status}")
                continue
            try:
                return json.loads(content)
            except ValueError:
                raise RpcUnreachable(
                    f"{self.shown} answers (HTTP status {answer.status}), but not as a node does"
                ) from None
        raise RpcUnreachable(f"no answer from {self.shown}: {problem or 'connection lost'}")

    def request(self, method: str, *params: Any) -> Any:
        """Return the result of one request.

        Raises:
            RpcError: The node answered with an error.
            RpcUnreachable: It did not answer, or not as a node does.
        """
        self._id += 1
        answer = self._post(_body(self._id, method, params))
        return _result(method, answer, self.shown)

    def batch(self, requests: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        """Return the results of many requests, in their order; an error is returned, not raised.

        Nodes may carry out the requests of one batch at the same time, in any order.
        """
        results: list[Any] = []
        bodies: list[bytes] = []
        first, size = 0, 0
        for place, (method, params) in enumerate(requests):
            body = _body(place, method, params)
            if bodies and (size + len(body) > _BODY or len(bodies) >= 500):
                results += self._batch(bodies, requests[first:place], first)
                bodies, first, size = [], place, 0
            bodies.append(body)
            size += len(body)
        if bodies:
            results += self._batch(bodies, requests[first:], first)
        return results

    def _batch(
        self, bodies: list[bytes], requests: Sequence[tuple[str, Sequence[Any]]], first: int
    ) -> list[Any]:
        answers = self._post(b"[" + b",".join(bodies) + b"]")
        if not isinstance(answers, list):
            _result("a batch", answers, self.shown)
            raise RpcUnreachable(f"{self.shown} does not answer batches")
        by_id = {answer.get("id"): answer for answer in answers if isinstance(answer, dict)}
        results: list[Any] = []
        for place, (method, _) in enumerate(requests, first):
            if place not in by_id:
                raise RpcUnreachable(f"{self.shown} left out an answer to {method}")
            try:
                results.append(_result(method, by_id[place], self.shown))
            except RpcError as problem:
                results.append(problem)
        return results


def _body(number: int, method: str, params: Sequence[Any]) -> bytes:
    return json.dumps(
        {"jsonrpc": "2.0", "id": number, "method": method, "params": list(params)},
        separators=(",", ":"),
    ).encode()


def _result(method: str, answer: Any, shown: str) -> Any:
    if not isinstance(answer, dict) or ("result" not in answer and "error" not in answer):
        raise RpcUnreachable(f"{shown} answers, but not as a node does")
    error = answer.get("error")
    if error is not None:
        if not isinstance(error, dict):
            error = {"message": str(error)}
        raise RpcError(
            method, int(error.get("code", 0)), str(error.get("message", "")), error.get("data")
        )
    return answer["result"]
