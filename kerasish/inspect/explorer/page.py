"""The page: its data, script and style inside one file, which loads nothing."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from kerasish.showing.page.markup import Markup, joined, shown, tag


def page(data: Mapping[str, Any]) -> str:
    """The text of the file."""
    here = files("kerasish.inspect.explorer")
    script, style = ((here / f"explorer.{kind}").read_text("utf-8") for kind in ("js", "css"))
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
    rule = (
        "default-src 'none'; style-src 'unsafe-inline'; "
        f"script-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    # In a script element only "</" and "<!--" mean something; JSON may spell "<" otherwise.
    held = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":")).replace(
        "<", "\\u003c"
    )
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", **{"http-equiv": "Content-Security-Policy", "content": rule}),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", f"{data['name']}: explored"),
        tag("style", Markup(style)),
    )
    find = tag(
        "div",
        tag("input", id="search", type="search", placeholder="search: /", autocomplete="off"),
        tag("ul", id="results"),
        class_="find",
    )
    body = tag(
        "body",
        tag("header", tag("h1", shown(data["name"])), find),
        tag("nav", id="tabs", aria_label="Stages"),
        tag("div", tag("main", id="main"), tag("aside", id="about"), class_="page"),
        tag("script", Markup(held), id="data", type="application/json"),
        tag("script", Markup(script)),
    )
    return f"<!DOCTYPE html>\n{joined([tag('html', head, body, lang='en')])}\n"
