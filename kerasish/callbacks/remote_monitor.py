"""`RemoteMonitor`: what every epoch gave, sent to a server."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from typing import Any, ClassVar

from kerasish.callbacks.callback import Callback, Logs
from kerasish.errors import ArgumentError

_SECONDS = 10.0  # how long a server may take


class RemoteMonitor(Callback):
    """Sends the number and the logs of every epoch by HTTP POST to `root + path`.

    A server that cannot be reached, or that answers with an error, is told once by a warning, and
    training goes on. A YAML file may name this callback only where the command line says
    `--allow-network`.

    Args:
        root: the server, which begins with "http://" or "https://".
        path: where on the server.
        field: the name of the form's field that holds the JSON text.
        headers: further HTTP headers.
        send_as_json: whether the JSON text is the whole body, of type `application/json`.

    Raises:
        ArgumentError: `root` is no address of HTTP.
    """

    opens_network: ClassVar[bool] = True
    _warned = False

    root: str = "http://localhost:9000"
    path: str = "/publish/epoch/end/"
    field: str = "data"
    headers: Mapping[str, str] | None = None
    send_as_json: bool = False

    def __post_init__(self) -> None:
        if not str(self.root).lower().startswith(("http://", "https://")):
            expected = "an address such as 'http://localhost:9000'"
            raise ArgumentError("root", expected=expected, received=repr(self.root))

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        sent = json.dumps({"epoch": epoch, **{k: _plain(v) for k, v in (logs or {}).items()}})
        import http.client

        try:
            self._post(sent)
        except (OSError, http.client.HTTPException) as error:
            if not self._warned:
                self._warned = True
                warnings.warn(
                    f"RemoteMonitor could not reach {self.root}{self.path}: {error}", stacklevel=2
                )

    def _post(self, text: str) -> None:
        import urllib.parse
        import urllib.request

        kind = "application/json" if self.send_as_json else "application/x-www-form-urlencoded"
        body = text if self.send_as_json else urllib.parse.urlencode({self.field: text})
        headers = {"Content-Type": kind, **(self.headers or {})}
        request = urllib.request.Request(self.root + self.path, body.encode(), headers)
        with urllib.request.urlopen(request, timeout=_SECONDS) as answer:
            answer.read()


def _plain(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else value
