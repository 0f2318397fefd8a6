"""The connection to a node.

When nothing listens, what listens is no node, or the answer does not come: one clear line
When the node answers with an error: its method, code, reason and data
When a kept-alive connection has ended, or the node is busy: the request is made again
Batches keep the order of their requests, whatever the order of the answers
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from aidline.client.rpc import Rpc
from aidline.errors import InputError, RpcError, RpcUnreachable

Answer = Callable[[Any, BaseHTTPRequestHandler], tuple[int, bytes] | None]


class Fake:
    """An HTTP server that answers as a test says."""

    def __init__(self) -> None:
        self.answer: Answer = lambda body, handler: (200, b"")
        self.requests: list[Any] = []
        self.headers: list[Any] = []
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["Content-Length"]))
                body = json.loads(raw)
                fake.requests.append(body)
                fake.headers.append(dict(self.headers))
                made = fake.answer(body, self)
                if made is None:
                    self.close_connection = True
                    return
                status, content = made
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *args: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()


@pytest.fixture
def fake() -> Iterator[Fake]:
    made = Fake()
    yield made
    made.server.shutdown()
    made.thread.join()
    made.server.server_close()


@pytest.fixture
def rpc(fake: Fake) -> Iterator[Rpc]:
    made = Rpc(fake.url, timeout=0.5)
    yield made
    made.close()  # the server handles one connection at a time


def result(value: Any) -> Answer:
    def answer(body: Any, handler: BaseHTTPRequestHandler) -> tuple[int, bytes]:
        return 200, json.dumps({"jsonrpc": "2.0", "id": body["id"], "result": value}).encode()

    return answer


def test_returns_the_result(fake: Fake, rpc: Rpc) -> None:
    fake.answer = result("0x1")
    assert rpc.request("eth_chainId") == "0x1"
    assert rpc.request("eth_call", {"to": "0x"}, "latest") == "0x1"
    assert [body["method"] for body in fake.requests] == ["eth_chainId", "eth_call"]
    assert fake.requests[1]["params"] == [{"to": "0x"}, "latest"]


def test_nothing_listens() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(RpcUnreachable, match=f"nothing answers at http://127.0.0.1:{port}"):
        Rpc(f"http://127.0.0.1:{port}").request("eth_chainId")


def test_the_answer_does_not_come(fake: Fake, rpc: Rpc) -> None:
    release = threading.Event()

    def answer(body: Any, handler: BaseHTTPRequestHandler) -> None:
        release.wait(5)

    fake.answer = answer
    with pytest.raises(RpcUnreachable, match="no answer"):
        rpc.request("eth_chainId")
    release.set()


@pytest.mark.parametrize("content", [b"<html>hello</html>", b"", b"[]", b"7", b'{"ok": true}'])
def test_what_listens_is_no_node(fake: Fake, rpc: Rpc, content: bytes) -> None:
    fake.answer = lambda body, handler: (200, content)
    with pytest.raises(RpcUnreachable, match="not as a node does"):
        rpc.request("eth_chainId")


def test_an_error_carries_what_the_node_said(fake: Fake, rpc: Rpc) -> None:
    error = {"code": 3, "message": "execution reverted", "data": "0x1234"}
    fake.answer = lambda body, handler: (200, json.dumps({"id": 1, "error": error}).encode())
    with pytest.raises(RpcError, match="the node refused eth_call: execution reverted") as caught:
        rpc.request("eth_call")
    assert (caught.value.code, caught.value.data) == (3, "0x1234")


def test_a_connection_that_ended_is_opened_again(fake: Fake, rpc: Rpc) -> None:
    good = result("0x2")
    fake.answer = lambda body, handler: good(body, handler) if len(fake.requests) > 1 else None
    assert rpc.request("eth_chainId") == "0x2"
    assert len(fake.requests) == 2


def test_a_busy_node_is_asked_again(fake: Fake, rpc: Rpc) -> None:
    good = result("0x3")
    fake.answer = lambda body, handler: (
        good(body, handler) if len(fake.requests) > 1 else (503, b"busy")
    )
    assert rpc.request("eth_chainId") == "0x3"


def test_a_batch_keeps_its_order(fake: Fake, rpc: Rpc) -> None:
    def answer(body: Any, handler: BaseHTTPRequestHandler) -> tuple[int, bytes]:
        answers = [
            {"id": one["id"], "result": one["params"][0]}
            if one["params"][0] != 3
            else {"id": one["id"], "error": {"code": -1, "message": "three"}}
            for one in body
        ]
        return 200, json.dumps(answers[::-1]).encode()

    fake.answer = answer
    got = rpc.batch([("echo", [number]) for number in range(1_200)])
    assert isinstance(got[3], RpcError)
    assert got[:3] + got[4:] == [number for number in range(1_200) if number != 3]
    assert [len(body) for body in fake.requests] == [500, 500, 200]


def test_a_batch_is_split_before_it_grows_too_large(fake: Fake, rpc: Rpc) -> None:
    def answer(body: Any, handler: BaseHTTPRequestHandler) -> tuple[int, bytes]:
        return 200, json.dumps([{"id": one["id"], "result": 1} for one in body]).encode()

    fake.answer = answer
    assert rpc.batch([("send", ["x" * 400_000])] * 5) == [1] * 5
    assert [len(body) for body in fake.requests] == [2, 2, 1]


def test_an_answer_left_out_is_missed(fake: Fake, rpc: Rpc) -> None:
    fake.answer = lambda body, handler: (200, b'[{"id": 0, "result": 1}]')
    with pytest.raises(RpcUnreachable, match="left out an answer"):
        rpc.batch([("one", []), ("two", [])])


def test_a_node_without_batches_is_named(fake: Fake, rpc: Rpc) -> None:
    fake.answer = lambda body, handler: (200, b'{"id": 0, "result": 1}')
    with pytest.raises(RpcUnreachable, match="does not answer batches"):
        rpc.batch([("one", []), ("two", [])])


def test_name_and_password_are_sent_and_not_shown(fake: Fake) -> None:
    fake.answer = result("0x1")
    rpc = Rpc(fake.url.replace("//", "//me:p%40ss@"))
    rpc.request("eth_chainId")
    rpc.close()
    assert fake.headers[0]["Authorization"] == "Basic bWU6cEBzcw=="
    assert "p%40ss" not in rpc.shown and "p@ss" not in rpc.shown


@pytest.mark.parametrize(
    "url", ["", "localhost:8545", "ws://127.0.0.1", "http://", "http://host:port", "/tmp/x.ipc"]
)
def test_refuses_what_is_no_address(url: str) -> None:
    with pytest.raises(InputError, match="is not an RPC address"):
        Rpc(url)
