"""`RemoteMonitor` against a server of this process."""

from __future__ import annotations

import http.server
import json
import threading
import urllib.parse
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import kerasish as keras
from kerasish.callbacks import RemoteMonitor
from kerasish.errors import ArgumentError


class Server(http.server.ThreadingHTTPServer):
    """Keeps what it is sent; answers with `status`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.sent: list[tuple[str, dict[str, str], bytes]] = []
        self.status = 200

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Answer(http.server.BaseHTTPRequestHandler):
    """Takes a POST."""

    server: Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.sent.append((self.path, dict(self.headers), body))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def server(monkeypatch: Any) -> Iterator[Server]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    made = Server()
    thread = threading.Thread(target=made.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield made
    made.shutdown()
    made.server_close()
    thread.join()


def test_a_form(server: Server) -> None:
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["mae"])
    x = np.ones((4, 2), "float32")
    monitor = RemoteMonitor(server.root, headers={"X-Run": "7"})
    history = model.fit(x, x[:, :1], epochs=2, callbacks=[monitor], verbose=0)
    assert [path for path, *_ in server.sent] == ["/publish/epoch/end/"] * 2
    for epoch, (_, headers, body) in enumerate(server.sent):
        form = urllib.parse.parse_qs(body.decode())
        assert form.keys() == {"data"}
        sent = json.loads(form["data"][0])
        wanted = {name: values[epoch] for name, values in history.history.items()}
        assert sent == pytest.approx({"epoch": epoch, **wanted})
        assert headers["X-Run"] == "7"
        assert headers["Content-Type"] == "application/x-www-form-urlencoded"


def test_json(server: Server) -> None:
    monitor = RemoteMonitor(server.root, path="/here", send_as_json=True)
    monitor.on_epoch_end(3, {"loss": np.float32(1.5), "many": np.array([1, 2])})
    path, headers, body = server.sent[0]
    assert path == "/here"
    assert headers["Content-Type"] == "application/json"
    assert json.loads(body) == {"epoch": 3, "loss": 1.5, "many": [1, 2]}


@pytest.mark.parametrize("status", [404, 500])
def test_a_server_that_refuses_is_told_once(server: Server, status: int) -> None:
    server.status = status
    monitor = RemoteMonitor(server.root)
    with pytest.warns(UserWarning, match=f"could not reach .*{status}"):
        monitor.on_epoch_end(0, {})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        monitor.on_epoch_end(1, {})
    assert len(server.sent) == 2


def test_no_server_is_told_once(server: Server) -> None:
    root = server.root
    server.shutdown()
    server.server_close()
    monitor = RemoteMonitor(root)
    with pytest.warns(UserWarning, match="could not reach"):
        monitor.on_epoch_end(0, {"loss": 1.0})


@pytest.mark.parametrize("root", ["localhost:9000", "file:///etc/passwd", "ftp://a", None])
def test_no_address_of_http(root: Any) -> None:
    with pytest.raises(ArgumentError, match="root"):
        RemoteMonitor(root)
