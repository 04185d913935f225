"""The statement's engine alone: what it refuses, what it notices, and what it makes of tags."""

from __future__ import annotations

import io
import logging
import socket
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import pikepdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import escape

from renderer.assets.door import AssetDoor
from renderer.assets.fonts import FontRequest, load_fonts
from renderer.errors import RenderError
from tests.statement_samples import CACHE, NO_PHOTO, elements, fonts, pages_of, tags

fonts().activate()

from weasyprint import svg as drawing  # noqa: E402
from weasyprint.urls import FatalURLFetchingError  # noqa: E402

from renderer.render.statement import shaping  # noqa: E402
from renderer.render.statement.engine import Identity, Paper, Styles, compose, prepare  # noqa: E402
from renderer.render.statement.faces import listed_marks  # noqa: E402
from renderer.render.statement.fetcher import AssetFetcher  # noqa: E402

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><rect width="10" height="10"/></svg>'
DOT = NO_PHOTO
FILES = {
    "media/dot.svg": SVG,
    "media/reach.svg": b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><image href="file:///etc/passwd"/></svg>',
    "media/import.svg": b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><style>@import url(http://h/)</style>'
    b'<rect width="9" height="9"/></svg>',
    "media/face.ttf": b"\0\1\0\0",
    "media/fake.png": b"GIF89a",
}
CSS = (
    'html{font-family:"IBM Plex Sans","IBM Plex Sans Arabic","Noto Color Emoji"}'
    '@page{size:A4;margin:20mm;font-family:"IBM Plex Sans"}table{width:100%;table-layout:fixed}'
)
SECRET = "S3cr3tName"
WHO = Identity(title="A bill", author="Brezza", language="en", plan_digest="0" * 64)


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the engine reached for the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@cache
def styles(css: str = CSS) -> Styles:
    return prepare({"statement.css": css}, fonts(), fetcher())


def fetcher() -> AssetFetcher:
    return AssetFetcher(AssetDoor(FILES), lambda text: text if text in FILES else "…")


def made(body: str, *, with_styles: Styles | None = None, max_pages: int = 20, head: str = "") -> Paper:
    html = f'<!DOCTYPE html><html lang="en"><head><title>x</title>{head}</head><body>{body}</body></html>'
    return compose(
        html,
        with_styles or styles(),
        WHO,
        fetcher(),
        max_pages=max_pages,
        quote=lambda text: "…",
        file="statement/statement.html.j2",
    )


def refused(body: str, **options: Any) -> RenderError:
    with pytest.raises(RenderError) as caught:
        made(body, **options)
    assert SECRET not in str(caught.value)
    assert "passwd" not in str(caught.value)
    return caught.value


REACHING = {
    "file": f'<img alt="a" src="file:///etc/passwd?{SECRET}">',
    "http": f'<img alt="a" src="http://127.0.0.1/{SECRET}.png">',
    "https": '<img alt="a" src="https://brezza.example/a.png">',
    "metadata-service": '<img alt="a" src="http://169.254.169.254/latest/meta-data/">',
    "ipv6": '<img alt="a" src="http://[::1]/">',
    "user-info": '<img alt="a" src="http://user@127.0.0.1/">',
    "ftp": '<img alt="a" src="ftp://host/a.png">',
    "gopher": '<img alt="a" src="gopher://host/a">',
    "other-host": '<img alt="a" src="//host/a.png">',
    "relative": '<img alt="a" src="a.png">',
    "absolute-path": '<img alt="a" src="/etc/passwd">',
    "outside-the-template": '<img alt="a" src="dearly:media/../../etc/passwd">',
    "encoded": '<img alt="a" src="dearly:media/..%2f..%2fetc/passwd">',
    "not-there": f'<img alt="a" src="dearly:media/{SECRET}.svg">',
    "not-an-image": '<img alt="a" src="dearly:media/face.ttf">',
    "not-what-it-says": '<img alt="a" src="dearly:media/fake.png">',
    "image-of-another-plan": '<img alt="a" src="dearly:image:00">',
    "data-html": '<img alt="a" src="data:text/html,<b>hello</b>">',
    "data-gif": '<img alt="a" src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">',
    "data-lies": '<img alt="a" src="data:image/png;base64,R0lGODlhAQABAAAAACw=">',
    "data-large": '<img alt="a" src="data:image/svg+xml,' + "a" * 70_000 + '">',
    "data-reaches": '<img alt="a" src="data:image/svg+xml;utf8,<svg xmlns=%27http://www.w3.org/2000/svg%27>'
    '<image href=%27file:///etc/passwd%27/></svg>">',
    "background": '<p style="background:url(http://host/a.png)">a</p>',
    "list-marker": '<ul style="list-style-image:url(file:///etc/passwd)"><li>a</li></ul>',
    "content": "<style>p::before{content:url(file:///etc/passwd)}</style><p>a</p>",
    "import": "<style>@import url(http://host/a.css);</style><p>a</p>",
    "import-relative": "<style>@import 'a.css';</style><p>a</p>",
    "font-face": "<style>@font-face{font-family:a;src:url(file:///etc/passwd)}</style><p>a</p>",
    "font-face-local": '<style>@font-face{font-family:a;src:local("IBM Plex Sans Regular")}</style><p>a</p>',
    "font-face-own": "<style>@font-face{font-family:a;src:url(dearly:media/face.ttf)}</style><p>a</p>",
    "colour-profile": "<style>@color-profile --a{src:url(file:///etc/passwd)}</style><p>a</p>",
    "link-attachment": '<a rel="attachment" href="file:///etc/passwd">a</a>',
    "object": '<object data="file:///etc/passwd">a</object>',
    "embed": '<embed src="file:///etc/passwd">',
    "svg-image": '<svg width="9" height="9"><title>a</title><image width="9" height="9" href="file:///etc/passwd"/></svg>',
    "svg-image-http": '<svg width="9" height="9"><title>a</title><image width="9" height="9" href="http://host/"/></svg>',
    "svg-file-reaches": '<img alt="a" src="dearly:media/reach.svg">',
    "svg-file-imports": '<img alt="a" src="dearly:media/import.svg">',
    "svg-style-import": '<svg width="9" height="9"><title>a</title><style>@import url(http://host/);</style></svg>',
}


@pytest.mark.parametrize("body", REACHING.values(), ids=REACHING)
def test_nothing_outside_is_read(body: str) -> None:
    # The engine makes a folder for a page's own faces in the configuration it shares, which would outlive the test.
    own = prepare({"statement.css": CSS}, fonts(), fetcher()) if "font-face" in body else None
    assert refused(body, with_styles=own).code == "render.asset"


def test_a_refusal_inside_a_drawing_says_what_was_refused() -> None:
    """The engine's drawing code swallows even its own fatal error."""
    assert "address 'file:" in refused(REACHING["svg-image"]).message


@pytest.mark.parametrize(
    "head",
    [
        '<link rel="stylesheet" href="http://host/a.css">',
        '<link rel="attachment" href="file:///etc/passwd">',
        '<base href="http://host/"><link rel="stylesheet" href="a.css">',
    ],
)
def test_nothing_outside_is_read_from_the_head(head: str) -> None:
    assert refused("<p>a</p>", head=head).code == "render.asset"


def test_an_address_is_never_opened_so_no_redirect_is_followed() -> None:
    asks = fetcher()
    with pytest.raises(FatalURLFetchingError):
        asks.open("https://brezza.example/redirects-to-file")
    assert not asks.handlers, "the fetcher has no handler for any scheme"


@pytest.mark.parametrize(
    "source",
    [
        "dearly:media/dot.svg",
        DOT,
        "data:image/svg+xml;base64,"
        "PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciIHdpZHRoPSI5IiBoZWlnaHQ9IjkiLz4=",
    ],
)
def test_own_images_are_read(source: str) -> None:
    assert made(f'<img alt="a dot" src="{source}">').pages == 1


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("<p>\U00013000</p>", "render.glyph"),
        ('<svg width="90" height="90"><title>a</title><text x="1" y="20">\U00013000</text></svg>', "render.glyph"),
        ('<p style="colour:red">a</p>', "render.warning"),
        ('<img src="dearly:media/dot.svg">', "render.warning"),
        ('<svg width="9" height="9"><rect width="9" height="9"/></svg>', "render.warning"),
        ("<style>p{frobnicate:1}</style><p>a</p>", "render.warning"),
        ("<style>@import url(dearly:media/dot.svg);</style><p>a</p>", "render.warning"),
        ("<style>p{</style><style>@media nonsense^{}</style><p>a</p>", "render.warning"),
    ],
)
def test_what_would_be_missing_from_the_page_fails(body: str, code: str) -> None:
    assert refused(body).code == code


def test_a_missing_glyph_is_named_by_its_code_point() -> None:
    assert "U+13000" in refused(f"<p>{SECRET} \U00013000</p>").message


@pytest.mark.parametrize(
    "css", ["p{frobnicate:1}", "p{color:reddish}", "p >>> b{color:red}", "@media nonsense^{p{color:red}}"]
)
def test_a_style_sheet_that_is_not_understood_fails_by_name(css: str) -> None:
    with pytest.raises(RenderError) as caught:
        prepare({"statement/statement.css": css}, fonts(), fetcher())
    assert caught.value.code == "render.warning"
    assert caught.value.place.file == "statement/statement.css"


@pytest.mark.parametrize(
    "css",
    [
        "@import 'http://host/a.css';",
        "@import 'a.css';",
        "@import url(dearly:media/face.ttf);",
        "@font-face{font-family:a;src:url(http://host/a.woff2)}",
    ],
)
def test_a_style_sheet_imports_nothing(css: str) -> None:
    with pytest.raises(RenderError) as caught:
        prepare({"statement/statement.css": css}, fonts(), fetcher())
    assert caught.value.code == "render.asset"


def test_a_face_outside_the_list_fails() -> None:
    regular = load_fonts([FontRequest("IBM Plex Sans", (400,))], CACHE / "fonts")
    listed = replace(styles(), listed=listed_marks(regular))
    assert made("<p>plain</p>", with_styles=listed).pages == 1
    assert refused("<p>plain <b>bold</b></p>", with_styles=listed).code == "render.face"


def test_too_many_pages_and_too_much_text_are_refused_before_they_are_laid_out() -> None:
    pages = '<p style="break-before:page">a</p>' * 5
    assert made(pages, max_pages=5).pages == 5
    assert refused(pages, max_pages=4).code == "render.limit"
    assert refused("<p>" + "word " * 200_000 + "</p>", max_pages=20).code == "render.limit"


@settings(max_examples=60, deadline=None)
@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_any_text_is_drawn_or_refused_and_never_breaks_the_engine(text: str) -> None:
    try:
        assert made(f"<p>{escape(text)}</p><p>\u2068{escape(text)}\u2069 end</p>").pages == 1
    except RenderError as error:
        assert error.code == "render.glyph"
        assert len(text) < 8 or text not in str(error)


def test_disabled_logging_does_not_hide_a_broken_page() -> None:
    logging.disable(logging.CRITICAL)
    try:
        with pytest.raises(RuntimeError):
            made("<p>a</p>")
    finally:
        logging.disable(logging.NOTSET)


@pytest.fixture
def root_log() -> Iterator[list[logging.LogRecord]]:
    records: list[logging.LogRecord] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            records.append(record)

    handler = Keep()
    logging.getLogger().addHandler(handler)
    yield records
    logging.getLogger().removeHandler(handler)


def test_what_the_engine_says_of_a_page_reaches_no_other_log(root_log: list[logging.LogRecord]) -> None:
    refused(f'<img alt="a" src="http://host/{SECRET}"><p style="color:{SECRET}">a</p>')
    assert not root_log


def test_one_failed_page_leaves_the_next_one_alone() -> None:
    refused(REACHING["file"])
    refused("<p>\U00013000</p>")
    assert made("<p>fine</p>").pages == 1


@pytest.mark.parametrize(
    "style",
    [
        "white-space:nowrap",
        "position:absolute;left:-40mm",
        "position:absolute;top:300mm",
        "position:absolute;right:-80mm",
    ],
)
def test_text_that_runs_off_the_paper_fails(style: str) -> None:
    assert refused(f'<p style="{style}">{"word " * 60}</p>').code == "render.overflow"


def test_a_long_word_may_break() -> None:
    assert refused(f"<p>{'W' * 200}</p>").code == "render.overflow"
    assert made(f'<p style="overflow-wrap:anywhere">{"W" * 200}</p>').pages == 1


# ---------------------------------------------------------------- tags


def bill(rows: int) -> str:
    body = "".join(f"<tr><th scope=row>Row {n}</th><td>{n},00</td></tr>" for n in range(1, rows + 1))
    return f"<h1>Bill</h1><table><thead><tr><th>Item</th><th>Amount</th></tr></thead><tbody>{body}</tbody></table>"


def test_a_long_table_repeats_its_head_and_is_read_as_one() -> None:
    paper = made(bill(120))
    pages = pages_of(paper.data)
    assert len(pages) > 2
    assert all("Item Amount" in page for page in pages)
    assert [f"Row {n} {n},00" in " ".join(pages) for n in range(1, 121)] == [True] * 120
    names = tags(paper.data)
    assert names.count("Table") == names.count("THead") == names.count("TBody") == 1
    assert names.count("TR") == 121


def test_header_cells_have_a_scope_and_their_ids_an_index() -> None:
    with pikepdf.open(io.BytesIO(made(bill(120)).data)) as document:
        every = elements(document)
        heads = [element for element in every if element.S == "/TH"]
        assert {str(head.A.Scope) for head in heads[:2]} == {"/Column"}
        assert {str(head.A.Scope) for head in heads[2:]} == {"/Row"}
        index = document.Root.StructTreeRoot.IDTree.Names
        indexed = [str(index[place]) for place in range(0, len(index), 2)]
        assert indexed == sorted(indexed)
        assert set(indexed) == {str(head.ID) for head in heads}
        for cell in (element for element in every if element.S == "/TD"):
            assert {str(key) for key in cell.A.Headers} <= set(indexed)


def test_every_piece_of_tagged_content_is_in_the_tree() -> None:
    """Each marked-content id of each page points to an element, or is an artifact and points nowhere."""
    with pikepdf.open(io.BytesIO(made(bill(120)).data)) as document:
        nums = document.Root.StructTreeRoot.ParentTree.Nums
        for page in document.pages:
            owners = next(nums[place + 1] for place in range(0, len(nums), 2) if nums[place] == page.StructParents)
            ids = {
                int(operation.operands[1].MCID)
                for operation in pikepdf.parse_content_stream(page)
                if str(operation.operator) == "BDC" and "/MCID" in operation.operands[1]
            }
            owned = {place for place, owner in enumerate(owners) if isinstance(owner, pikepdf.Dictionary)}
            assert ids == owned


def test_hidden_drawings_are_artifacts_and_named_ones_are_figures() -> None:
    hidden = '<svg aria-hidden="true" width="9" height="9"><rect width="9" height="9"/></svg>'
    named = '<svg width="9" height="9"><title>A chart</title><rect width="9" height="9"/></svg>'
    paper = made(f"<p>a</p>{hidden}{named}")
    with pikepdf.open(io.BytesIO(paper.data)) as document:
        figures = [element for element in elements(document) if element.S == "/Figure"]
        assert [str(figure.Alt) for figure in figures] == ["A chart"]


def test_the_file_says_what_it_is_and_nothing_of_the_layouts_metadata() -> None:
    head = (
        f'<meta name="author" content="{SECRET}"><meta name="keywords" content="{SECRET}">'
        f'<meta name="dcterms.created" content="2026-11-01"><meta name="description" content="{SECRET}">'
    )
    data = made("<p>a</p>", head=head).data
    with pikepdf.open(io.BytesIO(data)) as document:
        metadata = document.Root.Metadata.read_bytes()
        assert SECRET.encode() not in metadata
        assert b'pdfuaid:part="1"' in metadata
        assert b'pdfaid:part="3"' in metadata and b'pdfaid:conformance="A"' in metadata
        assert str(document.docinfo.Title) == "A bill"
        assert set(document.docinfo.keys()) == {"/Title", "/Author", "/Producer"}
        assert str(document.Root.Lang) == "en"
        assert bool(document.Root.MarkInfo.Marked)


def test_every_glyph_reads_as_some_text() -> None:
    """Arabic marks make clusters of several glyphs, of which WeasyPrint names only one."""
    with pikepdf.open(io.BytesIO(made('<p lang="ar" dir="rtl">لماذا تغيّر المبلغ: توفّر</p>').data)) as document:
        fonts_used: Any = document.pages[0].Resources.Font
        maps = [font.ToUnicode.read_bytes() for _, font in fonts_used.items()]
    assert any(b"<2060>" in each for each in maps)
    assert not any(b"<>" in each for each in maps)


def test_images_are_scaled_as_the_archive_standard_allows() -> None:
    with pikepdf.open(io.BytesIO(made(f'<img alt="a dot" style="width:50mm" src="{DOT}">').data)) as document:
        images = list(document.pages[0].get_images().values())
    assert images and not any(bool(image.get("/Interpolate", False)) for image in images)


# ---------------------------------------------------------------- drawings


ARABIC = "فاتورة ٢٠٢٦"


def drawn() -> Paper:
    return made(
        f'<svg width="300" height="40"><title>a</title><text x="5" y="25" font-family="IBM Plex Sans Arabic">'
        f"{ARABIC}</text></svg>"
    )


def test_texts_in_drawings_are_shaped() -> None:
    assert ARABIC in pages_of(drawn().data)[0]


def test_the_engine_still_needs_help_with_texts_in_drawings(monkeypatch: pytest.MonkeyPatch) -> None:
    """When this fails, WeasyPrint shapes such texts itself and renderer/render/statement/shaping.py can go."""
    styles()
    monkeypatch.setitem(drawing.TAGS, "text", shaping._letter_by_letter)
    monkeypatch.setattr(drawing, "text", shaping._letter_by_letter)
    assert ARABIC not in pages_of(drawn().data)[0]
