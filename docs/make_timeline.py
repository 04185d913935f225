"""The picture of chunk sharing: the films of some sample customers as timelines of chunks, drawn from their real keys.

    .venv/bin/python -m docs.make_timeline

In: samples of the template `energy-bill`. Out: ``docs/images/chunks.svg``. Nothing is encoded: cuts and keys come from
the scores alone, by the same code that films are made with.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from html import escape
from pathlib import Path

from renderer import pipeline
from renderer.profile.load import read_one
from renderer.render.video.encode import EncodeProfile
from renderer.render.video.keys import ChunkKey, KeyBook
from renderer.render.video.render import film_scores
from renderer.render.video.score import Score
from renderer.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = ("04-accents", "01-longest-name", "06-zero-usage")
LOCALE = "en"
TARGET = ROOT / "docs/images/chunks.svg"

WIDTH, LEFT, RIGHT, TOP = 1120, 24, 24, 30
BAR, ROW = 38, 118
INK, SOFT, LINE = "#10262e", "#4a6169", "#dde3e1"
COLOURS = {"shared": "#0b6e69", "own": "#9fcdc9", "personal": "#f4a52a"}
WORDS = {
    "shared": "in several of these films: encoded once",
    "own": "nothing personal: shared with other films",
    "personal": "personal: encoded for this customer only",
}


@dataclass(frozen=True)
class Film:
    """One customer's film."""

    sample: str
    score: Score
    keys: tuple[ChunkKey, ...]

    @property
    def fps(self) -> Fraction:
        return Fraction(self.score.fps_num, self.score.fps_den)


def main() -> None:
    """Score, cut, name, draw."""
    films = [film(sample) for sample in SAMPLES]
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(drawing(films), "utf-8")
    print(f"{TARGET.relative_to(ROOT)}: {TARGET.stat().st_size // 1000} kB")


def film(sample: str) -> Film:
    """The film of a sample in 16:9, cut and named."""
    settings = Settings()
    settings.prepare()
    planner = pipeline.open_template("energy-bill")
    person = read_one(ROOT / f"templates/energy-bill/samples/{sample}.json", planner.template.contract)
    plan = pipeline.plan(planner, person, locale=LOCALE)
    job = pipeline.prepare_job(planner.template, plan, dict(person.images), settings.cache, formats=("16:9",))
    score = film_scores(job)[""]
    profile = EncodeProfile(width=score.width, height=score.height, fps=Fraction(score.fps_num, score.fps_den))
    book = KeyBook(score, profile, bytes(32))
    return Film(sample, score, book.keys(book.borders()))


def drawing(films: Sequence[Film]) -> str:
    """The timelines below each other, as SVG."""
    longest = max(one.score.frames for one in films)
    count = Counter(key for one in films for key in {chunk.key for chunk in one.keys})
    height = TOP + ROW * len(films) + 64
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" role="img" '
        'aria-labelledby="title">',
        '<title id="title">Three films as rows of chunks; most of the shared chunks appear in several films</title>',
        f'<rect width="{WIDTH}" height="{height}" fill="#fbf8f2"/>',
    ]
    for number, one in enumerate(films):
        lines += row(one, TOP + ROW * number, (WIDTH - LEFT - RIGHT) / longest, count)
    at = float(LEFT)
    for kind, colour in COLOURS.items():
        lines.append(f'<rect x="{at:g}" y="{height - 42}" width="16" height="16" rx="3" fill="{colour}"/>')
        lines.append(f'<text x="{at + 24:g}" y="{height - 29}" font-size="14" fill="{INK}">{WORDS[kind]}</text>')
        at += 24 + 7.1 * len(WORDS[kind]) + 30
    return "\n".join([*lines, "</svg>", ""])


def row(one: Film, top: int, scale: float, count: Counter[str]) -> Iterator[str]:
    """One film: what it costs, its chunks, its scenes and seconds."""
    kinds = [kind(chunk, count) for chunk in one.keys]
    personal = sum(chunk.frames for chunk in one.keys if chunk.personal)
    said = (
        f"{one.sample}: {len(one.keys)} chunks, {seconds(personal, one.fps)} of "
        f"{seconds(one.score.frames, one.fps)} s personal"
    )
    yield f'<text x="{LEFT}" y="{top + 8}" font-size="16" font-weight="600" fill="{INK}">{escape(said)}</text>'
    for chunk, name in zip(one.keys, kinds, strict=True):
        x, wide = LEFT + chunk.first * scale, chunk.frames * scale
        about = f"{seconds(chunk.first, one.fps)} to {seconds(chunk.end, one.fps)} s, {chunk.key[:8]}: {WORDS[name]}"
        yield (
            f'<rect x="{x + 1:.1f}" y="{top + 18}" width="{wide - 2:.1f}" height="{BAR}" rx="4" fill="{COLOURS[name]}">'
            f"<title>{escape(about)}</title></rect>"
        )
    for scene in one.score.scenes:
        x = LEFT + scene.first * scale
        yield f'<path d="M{x:.1f} {top + 18 + BAR + 2}v14" stroke="{SOFT}" stroke-width="1"/>'
        yield f'<text x="{x + 4:.1f}" y="{top + 18 + BAR + 15}" font-size="12" fill="{SOFT}">{escape(scene.id)}</text>'
    yield f'<path d="M{LEFT} {top + 94}H{WIDTH - RIGHT}" stroke="{LINE}" stroke-width="1"/>'


def kind(chunk: ChunkKey, count: Counter[str]) -> str:
    """Which colour a chunk has."""
    if chunk.personal:
        return "personal"
    return "shared" if count[chunk.key] > 1 else "own"


def seconds(frames: int, fps: Fraction) -> str:
    return f"{float(frames / fps):.1f}"


if __name__ == "__main__":
    main()
