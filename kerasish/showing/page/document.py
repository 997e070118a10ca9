"""A page: its sections, with everything that it needs inside one file."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kerasish.showing.page.markup import Markup, joined, tag
from kerasish.showing.page.style import SCRIPT, STYLE


@dataclass(frozen=True)
class Section:
    """A part of a page.

    Attributes:
        key: its place in the page's address, such as "curves".
        title: its heading.
        content: what is below.
        about: a sentence under the heading.
    """

    key: str
    title: str
    content: Markup
    about: Any = None

    def drawn(self) -> Markup:
        """The section as markup."""
        about = None if self.about is None else tag("p", self.about, class_="about")
        return tag("section", tag("h2", self.title, id=self.key), about, self.content)


def tiles(values: Sequence[tuple[Any, Any]]) -> Markup:
    """Large values with what they are below, the first of them stressed."""
    made = [
        tag("div", tag("b", value), tag("span", name), class_="tile first" if i == 0 else "tile")
        for i, (name, value) in enumerate(values)
    ]
    return tag("div", *made, class_="tiles")


def document(
    title: str, lead: Sequence[Any], opening: Any, sections: Sequence[Section], closing: Any = None
) -> str:
    """A whole page as the text of one file, which loads nothing: its own rule forbids it.

    Args:
        title: of the page.
        lead: sentences under the title.
        opening: what stands above the sections.
        sections: in their order, each with an entry at the top.
        closing: what stands at the end.
    """
    digest = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode("ascii")
    rule = (
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
        f"script-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", **{"http-equiv": "Content-Security-Policy", "content": rule}),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", title),
        tag("style", Markup(STYLE)),
    )
    entries = [tag("li", tag("a", one.title, href=f"#{one.key}")) for one in sections]
    body = tag(
        "body",
        tag("header", tag("h1", title), *(tag("p", one, class_="lead") for one in lead)),
        tag("nav", tag("ul", *entries), aria_label="Sections"),
        tag("main", opening, *(one.drawn() for one in sections)),
        None if closing is None else tag("footer", closing),
        tag("script", Markup(SCRIPT)),
    )
    return f"<!DOCTYPE html>\n{joined([tag('html', head, body, lang='en')])}\n"
