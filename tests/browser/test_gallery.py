"""The demonstration's gallery in Debian's Chromium: cards of one row are of one height, with their buttons in line."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

from renderer.cli.gallery import Gallery
from renderer.cli.showcase import choose
from tests.browser.chromium import NEEDED, chromium

pytestmark = NEEDED

MEASURE = """cards => cards.map(card => ({
    top: card.getBoundingClientRect().top,
    bottom: card.getBoundingClientRect().bottom,
    buttons: card.querySelector('.links').getBoundingClientRect().top,
    text: card.querySelector('.body').lastElementChild.previousElementSibling.getBoundingClientRect().bottom,
}))"""


def test_buttons_of_a_row_are_in_line(tmp_path: Path) -> None:
    pieces, _ = choose(6)
    standing = {piece.name: dict.fromkeys(piece.template.channels, ("done", 0)) for piece in pieces}
    page = Gallery(tmp_path, pieces, tmp_path).write(standing, finished=True)
    with chromium() as browser:
        tab = browser.new_page(viewport={"width": 1280, "height": 900})
        tab.goto(page.as_uri())
        cards = tab.locator(".card").evaluate_all(MEASURE)
    rows = [list(row) for _, row in groupby(cards, lambda card: card["top"])]
    assert any(len({round(card["text"]) for card in row}) > 1 for row in rows)  # what is above differs
    for row in rows:
        assert len({round(card["bottom"]) for card in row}) == 1
        assert len({round(card["buttons"]) for card in row}) == 1
