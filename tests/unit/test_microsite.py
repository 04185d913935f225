"""The microsite's folder: complete by itself, light, nothing personal in its names, and unable to reach out."""

from __future__ import annotations

import base64
import gzip
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from renderer.errors import DearlyError
from renderer.render.microsite.render import CLEAR, HEAD, POLICY, UPRIGHT_SCREEN, lint_style, render_microsite
from renderer.render.microsite.tracks import Cue, Passage, data_uri, read_cues, read_transcript
from renderer.render.microsite.webfonts import font_css, weights_of
from renderer.render.model import RenderJob
from tests.page_samples import BILLS, bill_job, bill_record, fonts, small_job, stand_ins

SAMPLES = sorted(path.name.split("-")[0] for path in BILLS.glob("samples/*.json"))
LOCALES = ("it", "en", "ar", "fr", "ro")


class Addresses(HTMLParser):
    """Every address a page names, and the text of its title."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.loads: set[str] = set()
        self.links: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in ("src", "srcset", "poster") or (name == "href" and tag == "link"):
                self.loads.add(value or "")
            elif name == "href":
                self.links.add(value or "")


def rendered(out: Path, sample: str = "11", locale: str | None = None, *, whole: bool = True) -> str:
    film, statement = stand_ins(out) if whole else (None, None)
    render_microsite(bill_job(bill_record(sample), locale), out, film=film, statement=statement)
    return (out / "microsite" / "index.html").read_text("utf-8")


def failure(job: RenderJob, out: Path) -> DearlyError:
    with pytest.raises(DearlyError) as caught:
        render_microsite(job, out, film=None, statement=None)
    return caught.value


# ---------------------------------------------------------------- the folder


def test_the_folder_holds_all_it_names_and_no_more(tmp_path: Path) -> None:
    html = rendered(tmp_path)
    folder = tmp_path / "microsite"
    files = {path.name for path in folder.iterdir()}
    films = {"film.mp4", "poster.jpg", "film-9x16.mp4", "poster-9x16.jpg"}
    assert films < files, "the upright film stands beside the other"
    assert files - films == {"index.html", "site.css", "statement.pdf", "media-logo.svg", "media-logo-dark.svg",
                             "image-1.jpg"} or "image-1.png" in files  # fmt: skip
    named = Addresses(html)
    assert {address for address in named.loads if not address.startswith("data:")} <= files
    assert all(re.match(r"https://brezza\.example/|mailto:|#content|film\.mp4#t=|film\.mp4$|statement\.pdf$", link)
               for link in named.links), named.links  # fmt: skip
    assert (folder / "film.mp4").read_bytes() == (tmp_path / "video" / "film.mp4").read_bytes()


def test_the_upright_film_is_for_narrow_upright_screens(tmp_path: Path) -> None:
    html = rendered(tmp_path)
    sources = re.findall(r"<source src=\"([^\"]+)\"[^>]*>", html)
    assert sources == ["film-9x16.mp4", "film.mp4"], "a browser takes the first that its screen matches"
    assert 'src="film-9x16.mp4" type="video/mp4" media="(max-aspect-ratio: 3/4)"' in html
    assert f'poster="{CLEAR}"' in html and CLEAR.startswith("data:image/gif")
    css = (tmp_path / "microsite/site.css").read_text()
    wide, narrow = re.findall(r"--film-ratio:([^;]+);--film-poster:([^;]+);", css)
    assert wide == ("1280 / 720", "url('poster.jpg')") and narrow == ("720 / 1280", "url('poster-9x16.jpg')")
    assert f"@media {UPRIGHT_SCREEN}{{:root{{--film-ratio:720" in css


def test_a_page_with_one_film_has_one_source_and_its_poster(tmp_path: Path) -> None:
    film, statement = stand_ins(tmp_path)
    one = replace(film, artefacts=tuple(item for item in film.artefacts if "9x16" not in item.path))
    job = replace(bill_job(bill_record("11")), formats=("16:9",))
    render_microsite(job, tmp_path, film=one, statement=statement)
    html = (tmp_path / "microsite/index.html").read_text()
    assert "9x16" not in html + (tmp_path / "microsite/site.css").read_text()
    assert html.count('type="video/mp4"') == 1 and 'poster="poster.jpg"' in html


def test_artefacts_are_what_is_on_disk(tmp_path: Path) -> None:
    film, statement = stand_ins(tmp_path)
    result = render_microsite(bill_job(bill_record("11")), tmp_path, film=film, statement=statement)
    assert {artefact.path for artefact in result.artefacts} == {
        f"microsite/{path.name}" for path in (tmp_path / "microsite").iterdir()
    }
    assert all((tmp_path / artefact.path).stat().st_size == artefact.bytes for artefact in result.artefacts)
    page = result.of("page")
    assert page is not None and page.media_type == "text/html; charset=utf-8"
    assert result.warnings == ()


def test_the_same_plan_gives_the_same_bytes(tmp_path: Path) -> None:
    rendered(tmp_path / "a")
    rendered(tmp_path / "b")
    for name in ("index.html", "site.css"):
        assert (tmp_path / "a/microsite" / name).read_bytes() == (tmp_path / "b/microsite" / name).read_bytes()


def test_without_film_and_statement_the_page_is_whole_and_says_so(tmp_path: Path) -> None:
    result = render_microsite(bill_job(bill_record("11")), tmp_path, film=None, statement=None)
    html = (tmp_path / "microsite/index.html").read_text("utf-8")
    assert "<video" not in html and "statement.pdf" not in html
    assert "film" not in {path.stem for path in (tmp_path / "microsite").iterdir()}
    assert len(result.warnings) == 2


@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.parametrize("locale", LOCALES)
def test_every_sample_has_a_page_in_every_locale(tmp_path: Path, sample: str, locale: str) -> None:
    html = rendered(tmp_path, sample, locale)
    direction = "rtl" if locale == "ar" else "ltr"
    assert f'<html lang="{locale}" dir="{direction}">' in html
    assert html.count("<h1") == 1
    assert html.count('class="button"') == 1  # one primary action
    ids = re.findall(r'\bid="([^"]+)"', html)
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize(("sample", "action"), [("01", "/pay/2026-"), ("11", "/direct-debit"), ("07", "/account")])
def test_the_primary_action_fits_the_state(tmp_path: Path, sample: str, action: str) -> None:
    html = rendered(tmp_path, sample)
    (button,) = re.findall(r'<a class="button" href="([^"]+)"', html)
    assert f"https://brezza.example{action}" in button


def test_it_is_light(tmp_path: Path) -> None:
    for sample, locale in (("16", "it"), ("13", "ar")):
        out = tmp_path / locale
        rendered(out, sample, locale)
        folder = out / "microsite"
        critical = sum(len(gzip.compress((folder / name).read_bytes())) for name in ("index.html", "site.css"))
        before_play = sum(path.stat().st_size for path in folder.iterdir() if path.suffix not in (".mp4", ".pdf"))
        assert critical <= 100_000
        assert before_play <= 250_000


# ---------------------------------------------------------------- privacy and policy


def test_nothing_personal_in_names_titles_or_addresses(tmp_path: Path) -> None:
    record = bill_record("11")
    record["customer"] |= {"name": "Quokka Quokkasson", "given_name": "Quokka"}
    record["account"]["number"] = "QUOKKA 1"
    film, statement = stand_ins(tmp_path)
    render_microsite(bill_job(record), tmp_path, film=film, statement=statement)
    html = (tmp_path / "microsite/index.html").read_text("utf-8")
    assert "Quokka" in html
    named = Addresses(html)
    title = re.search(r"<title>(.*?)</title>", html)
    assert title is not None
    for place in [*named.links, *named.loads, title[1], *(str(path) for path in tmp_path.rglob("*"))]:
        assert "quokka" not in place.lower()
    assert "uokka" not in (tmp_path / "microsite/site.css").read_text("utf-8")


def test_the_policy_is_first_and_forbids_all_but_its_own(tmp_path: Path) -> None:
    html = rendered(tmp_path)
    assert re.search(r'<head>\s*<meta charset="utf-8">\s*<meta http-equiv="Content-Security-Policy"', html)
    assert POLICY.startswith("default-src 'none'") and "unsafe" not in POLICY and "http" not in POLICY
    assert not re.search(r"<script|<style|\sstyle=|\son\w+=", html)


def test_hostile_texts_are_inert_everywhere_on_the_page(tmp_path: Path) -> None:
    plain = rendered(tmp_path / "plain", "01")
    evil = "</p><script>alert(1)</script><img src=x onerror=alert(1)> {{7*7}} ' \" `"
    record = bill_record("01")
    record["note"] = evil
    record["tariff"]["name"] = evil[:60]
    record["customer"]["name"] = evil
    film, statement = stand_ins(tmp_path)
    render_microsite(bill_job(record), tmp_path, film=film, statement=statement)
    html = (tmp_path / "microsite/index.html").read_text("utf-8")

    def tags(page: str) -> list[str]:
        return sorted(set(re.findall(r"<([a-z][a-z0-9]*)", page)))

    assert tags(html) == tags(plain)
    assert "{{7*7}}" in html and "<script" not in html and " onerror=alert" not in Addresses(html).loads


def test_what_the_film_says_is_text(tmp_path: Path) -> None:
    film, statement = stand_ins(tmp_path)
    (tmp_path / "video/transcript.txt").write_text("<script>x</script>\n")
    (tmp_path / "video/chapters.vtt").write_text("WEBVTT\n\n00:00:00.000 --> 00:00:01.000\n&lt;script&gt;x\n")
    render_microsite(bill_job(bill_record("11")), tmp_path, film=film, statement=statement)
    html = (tmp_path / "microsite/index.html").read_text("utf-8")
    assert "<script" not in html and html.count("&lt;script&gt;") == 2


def test_a_page_without_the_policy_is_refused(tmp_path: Path) -> None:
    error = failure(small_job("<!DOCTYPE html><title>x</title>"), tmp_path)
    assert (error.code, error.place.file) == ("template.unsafe", "microsite/index.html.j2")


@pytest.mark.parametrize(
    "css",
    ["@import 'x.css';", "p{background:url(https://example.com/a.png)}", "p{background:url('//x/a')}",
     "@IMPORT url(x)", "p{background:URL( \"data:text/html,x\" )}", "p{background:url(../a.png)}"],
)  # fmt: skip
def test_a_style_sheet_that_reaches_out_is_refused(tmp_path: Path, css: str) -> None:
    error = failure(small_job("{{ head }}", f"p{{}}\n{css}"), tmp_path)
    assert (error.code, error.place.file, error.place.line) == ("template.unsafe", "microsite/site.css", 2)
    assert lint_style("x.css", css)


def test_a_style_sheet_may_use_the_templates_media(tmp_path: Path) -> None:
    job = small_job("{{ head }}", "p{background:url(media/a.svg)}", files={"media/a.svg": "<svg/>"})
    render_microsite(job, tmp_path, film=None, statement=None)
    assert "url('media-a.svg')" in (tmp_path / "microsite/site.css").read_text("utf-8")
    assert (tmp_path / "microsite/media-a.svg").read_text("utf-8") == "<svg/>"


def test_a_missing_picture_is_an_error(tmp_path: Path) -> None:
    error = failure(small_job("{{ head }}<img src=\"{{ asset('media/none.svg') }}\" alt=''>"), tmp_path)
    assert error.code == "template.reference"
    for reference in ("/etc/passwd", "file:///etc/passwd", "http://127.0.0.1/", "media/../template.yaml", "image:x"):
        layout = f"{{{{ head }}}}<img src=\"{{{{ asset('{reference}') }}}}\" alt=''>"
        assert failure(small_job(layout), tmp_path).exit_code == 2


def test_the_head_is_what_layouts_print(tmp_path: Path) -> None:
    render_microsite(small_job("{{ head }}<p>{{ t('plain') }}</p>"), tmp_path, film=None, statement=None)
    assert (tmp_path / "microsite/index.html").read_text("utf-8") == f"{HEAD}<p>Plain words</p>"


# ---------------------------------------------------------------- tracks and fonts


def test_cues_are_read_as_players_read_them() -> None:
    text = (
        "WEBVTT - x\r\n\r\nNOTE no cue\r\n\r\nid\r\n00:01.500 --> 00:02.000 line:90%\r\n"
        "<v Ada>One &amp; <i>two</i>\r\nthree\r\n\r\n"
        "01:00:00.000 --> 01:00:01.000\nFour\n"
    )
    assert read_cues(text) == (Cue(start_ms=1500, text="One & two three"), Cue(start_ms=3_600_000, text="Four"))
    assert [cue.clock for cue in read_cues(text)] == ["0:01", "1:00:00"]
    assert read_cues(text)[0].seconds == "1.500"


def test_a_transcript_has_headings_and_lines() -> None:
    text = "Before\n\nOne\n---\nFirst - line.\nSecond.\n\nTwo\n---\n"
    assert read_transcript(text) == (
        Passage(title="", lines=("Before",)), Passage(title="One", lines=("First - line.", "Second.")),
        Passage(title="Two", lines=()),
    )  # fmt: skip
    assert read_transcript("") == ()


def test_captions_travel_inside_the_page(tmp_path: Path) -> None:
    html = rendered(tmp_path)
    captions = (tmp_path / "video/captions.vtt").read_bytes()
    assert data_uri(captions, "text/vtt") in html
    assert base64.b64encode(captions).decode() in html
    assert html.count('<li><a href="film.mp4#t=') == 2


def test_only_weights_that_the_styles_name_are_sent(tmp_path: Path) -> None:
    assert weights_of(["a{font-weight:600}", "b{font: 500 1rem/1 x}", "b{font-weight: bold}"]) == {400, 500, 600, 700}
    assert weights_of([]) == {400}
    css = font_css(fonts(), "en", ["a{font-weight:600}"], tmp_path)
    assert re.findall(r"font-weight:(\d+)", css) == ["400"]
    assert css.count("data:font/woff2;base64,") == 1
    kept = list((tmp_path / "webfonts").iterdir())
    assert len(kept) == 1
    kept[0].write_text("kept", "utf-8")
    assert font_css(fonts(), "it", [], tmp_path) == "kept"  # same script, same cut, not made twice


def test_fonts_do_not_depend_on_the_recipient(tmp_path: Path) -> None:
    record = bill_record("11")
    rendered(tmp_path / "a", "11")
    record["customer"]["given_name"] = "Ζωή 名前"
    job = bill_job(record)
    render_microsite(job, tmp_path / "b", film=None, statement=None)
    assert (tmp_path / "a/microsite/site.css").read_bytes() == (tmp_path / "b/microsite/site.css").read_bytes()


def test_progress_is_told(tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []
    job = replace(small_job("{{ head }}"), progress=lambda done, total: steps.append((done, total)))
    result = render_microsite(job, tmp_path, film=None, statement=None)
    assert steps == [(1, 1)]
    assert json.dumps(dict(result.figures))
