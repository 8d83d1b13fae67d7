"""A Firefox without a network, by WebDriver BiDi, which it speaks itself: no driver is needed.

    with firefox() as page:
        page.open(address)
        page.run("document.title")
        page.errors                 # what the console said
"""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from websocket import WebSocket, create_connection

#: Every request but to 127.0.0.1 goes to a proxy that is not there.
SETTINGS = {"network.proxy.type": 1, "network.proxy.http": "127.0.0.1", "network.proxy.http_port": 9, "network.proxy.ssl": "127.0.0.1",
            "network.proxy.ssl_port": 9, "network.proxy.no_proxies_on": "127.0.0.1", "ui.prefersReducedMotion": 0}


#: Of a font that was on its way when the next page was opened.
ABORTED = "status=2152398850"


def find_firefox() -> str | None:
    return next(filter(None, map(shutil.which, [os.environ.get("FIREFOX", ""), "firefox-esr", "firefox"])), None)


class Page:
    def __init__(self, socket: WebSocket) -> None:
        self.socket, self.ids, self.errors = socket, itertools.count(1), []
        self.ask("session.new", capabilities={})
        self.ask("session.subscribe", events=["log.entryAdded"])
        self.context = self.ask("browsingContext.getTree")["contexts"][0]["context"]

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        number = next(self.ids)
        self.socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while (answer := json.loads(self.socket.recv())).get("id") != number:
            if answer.get("method") == "log.entryAdded" and answer["params"]["level"] == "error" and ABORTED not in answer["params"]["text"]:
                self.errors.append(answer["params"]["text"])
        assert answer["type"] == "success", answer
        return answer["result"]

    def open(self, address: str, wide: int = 1280) -> None:
        self.ask("browsingContext.setViewport", context=self.context, viewport={"width": wide, "height": 900})
        self.ask("browsingContext.navigate", context=self.context, url=address, wait="complete")

    def run(self, expression: str) -> Any:
        """Return the value of an expression of JavaScript, or of what it promises."""
        answer = self.ask("script.evaluate", expression=f"Promise.resolve({expression}).then((value) => JSON.stringify(value ?? null))",
                          target={"context": self.context}, awaitPromise=True)
        assert answer["type"] == "success", answer
        return json.loads(answer["result"]["value"])

    def wait(self, expression: str, seconds: float = 20) -> None:
        """Wait until an expression is true."""
        until = time.monotonic() + seconds
        while not self.run(expression):
            assert time.monotonic() < until, f"never true: {expression}"
            time.sleep(0.1)


@contextmanager
def firefox() -> Iterator[Page]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        with open(f"{profile}/user.js", "w", encoding="utf-8") as file:
            file.writelines(f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in SETTINGS.items())
        command = [find_firefox(), "--headless", "--remote-debugging-port=0", "--profile", profile, "--no-remote"]
        with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as running:
            try:
                found = next(filter(None, (re.search(r"BiDi listening on (ws://\S+)", line) for line in running.stderr)))
                yield Page(create_connection(f"{found[1]}/session", timeout=60, suppress_origin=True))
            finally:
                running.terminate()
