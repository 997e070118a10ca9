"""Pages in a real browser: Debian's Chromium, without a window."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
SWITCHES = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
            "--hide-scrollbars", "--no-first-run", "--disable-background-networking",
            "--disable-component-update", "--enable-logging=stderr")  # fmt: skip

# What is asked of a page: what it loaded, what is wider than it may be, how a table sorts.
_QUESTIONS = """
const wide = [...document.querySelectorAll("body *")].filter((one) => {
  if (one.closest(".wide, .model, pre, nav ul, svg")?.contains(one)) return false;
  return one.getBoundingClientRect().right > innerWidth + 1;
}).map((one) => one.tagName + "." + one.className);
const sorted = [...document.querySelectorAll("table.sorts")].map((table) => {
  const head = table.tHead.rows[0].cells[0], firsts = () =>
    [...table.tBodies[0].rows].map((row) => row.cells[0].textContent);
  const before = firsts();
  head.querySelector("button").click();
  const once = [head.getAttribute("aria-sort"), firsts()];
  head.querySelector("button").click();
  return {before, once, twice: [head.getAttribute("aria-sort"), firsts()]};
});
const answer = {width: innerWidth, scrolls: document.documentElement.scrollWidth, wide, sorted,
  loaded: performance.getEntriesByType("resource").map((one) => one.name)
    .filter((name) => !name.startsWith("data:")),
  ground: getComputedStyle(document.body).backgroundColor,
  scripts: document.scripts.length, title: document.title};
parent.postMessage(JSON.stringify(answer), "*");
"""


def chromium() -> str:
    """The browser; the test is skipped where there is none."""
    for name in NAMES:
        path = shutil.which(name)
        if path is not None:
            return path
    pytest.skip("there is no Chromium (Debian: apt-get install chromium)")


def ran(*arguments: str) -> tuple[str, str]:
    """What the browser wrote to its output and to its log."""
    done = subprocess.run(
        [chromium(), *SWITCHES, *arguments], capture_output=True, timeout=120, check=False
    )
    return done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")


def told(page: Path) -> list[str]:
    """Errors that a page as it is makes in the browser's console."""
    _, log = ran("--dump-dom", page.as_uri())
    return [line for line in log.splitlines() if "CONSOLE" in line]


def asked(page: Path, width: int, *switches: str) -> dict[str, Any]:
    """What a page says of itself in a frame of this width.

    Its own rule lets no script in but its own; the copy that is asked has one more.
    """
    text = page.read_text(encoding="utf-8")
    head, rest = text.split("<style>", 1)
    rule = r"script-src &#x27;sha256-[^&]*&#x27;"
    head, found = re.subn(rule, "script-src 'unsafe-inline'", head)
    assert found == 1
    closing = rest.rindex("</body>")
    copy = f"{head}<style>{rest[:closing]}<script>{_QUESTIONS}</script>{rest[closing:]}"
    inner = page.with_name("asked.html")
    inner.write_text(copy, encoding="utf-8")
    outer = page.with_name("frame.html")
    outer.write_text(
        f'<!DOCTYPE html><body style="margin:0"><iframe src="{inner.as_uri()}" '
        f'style="border:0;width:{width}px;height:900px"></iframe><pre id="answer"></pre><script>'
        'onmessage = (one) => { document.getElementById("answer").textContent = one.data; }'
        "</script>",
        encoding="utf-8",
    )
    out, log = ran("--virtual-time-budget=8000", "--window-size=1400,1000", *switches,
                   "--dump-dom", outer.as_uri())  # fmt: skip
    match = re.search(r'<pre id="answer">(.*?)</pre>', out, re.DOTALL)
    assert match is not None, log
    assert match[1], log
    return json.loads(html.unescape(match[1]))
