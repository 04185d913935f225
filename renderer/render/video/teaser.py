"""A film's teaser for e-mail: a GIF and an animated WebP of at most a megabyte each.

In: composed frames by number, the score's choice of stretches, the poster's frame. Out: bytes. The first picture is the
poster under a play mark, since some mail programs (Outlook on Windows) show only that; the last one is the same, so
that a teaser which has ended still says what it is. Sizes are met by trying: fewer frames, fewer colours, less width.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import accumulate, pairwise

import av
import numpy as np
from av.filter import Graph
from av.filter.context import FilterContext
from av.video.frame import PictureType
from numpy.typing import NDArray
from PIL import Image

from renderer.errors import RenderError
from renderer.render.video.encode import FrameAt
from renderer.render.video.moments import mark_place
from renderer.render.video.poster import marked, rgb
from renderer.render.video.score import Score

MAX_BYTES = 1_000_000
FIRST_S = Fraction(1)
"""How long the first picture stands."""

PALETTE_STEP = 4
_CENTI = Fraction(1, 100)

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class _Rung:
    """One step down in size: pictures a second, part of the width, colours of the GIF, quality of the WebP."""

    rate: Fraction
    width: Fraction
    colours: int
    quality: int

    @property
    def work(self) -> Fraction:
        """What its size goes by, roughly: pictures times their area."""
        return self.rate * self.width * self.width


_LADDER = tuple(
    _Rung(Fraction(rate), Fraction(width, 100), colours, quality)
    for rate, width, colours, quality in (
        (Fraction(25, 2), 100, 256, 78),
        (Fraction(25, 3), 100, 192, 70),
        (Fraction(25, 3), 80, 128, 62),
        (Fraction(25, 4), 70, 96, 55),
        (5, 60, 64, 48),
        (5, 50, 48, 40),
        (4, 40, 32, 32),
        (3, 30, 16, 25),
    )
)


@dataclass(frozen=True)
class _Reel:
    """Pictures of one size (RGB), and how long each is shown, in hundredths of a second."""

    pictures: tuple[Pixels, ...]
    shown_cs: tuple[int, ...]


@dataclass(frozen=True)
class TeaserFiles:
    """A finished teaser, as both kinds of file."""

    gif: bytes
    webp: bytes


def make_teaser(score: Score, frame_at: FrameAt, poster: int, most: int = MAX_BYTES) -> TeaserFiles | None:
    """The teaser of a film, each file of at most ``most`` bytes; None if the score has none.

    ``poster`` is the frame of the first picture. Raises RenderError ``render.media`` when an encoder fails or even the
    smallest teaser is too large, and what ``frame_at`` raises.
    """
    wish = score.teaser
    if wish is None or not wish.spans:
        return None

    @cache
    def reel(rate: Fraction, width: Fraction) -> _Reel:
        return _reel(score, frame_at, poster, rate, width)

    def gif(rung: _Rung) -> bytes:
        made = reel(rung.rate, rung.width)
        return gif_bytes(made.pictures, made.shown_cs, wish.loops, rung.colours)

    def webp(rung: _Rung) -> bytes:
        made = reel(rung.rate, rung.width)
        return webp_bytes(made.pictures, made.shown_cs, wish.loops, rung.quality)

    return TeaserFiles(gif=_fitting(gif, most), webp=_fitting(webp, most))


def _fitting(make: Callable[[_Rung], bytes], most: int) -> bytes:
    """The first step of the ladder that is small enough; steps that cannot be, by the size of the last one, are not
    tried."""
    tried: tuple[_Rung, int] | None = None
    for rung in _LADDER:
        if tried is not None and rung is not _LADDER[-1]:
            before, size = tried
            if size * rung.work / before.work > most:
                continue
        data = make(rung)
        if len(data) <= most:
            return data
        tried = rung, len(data)
    raise RenderError("render.media", "Even the smallest teaser is too large for e-mail.")


def _reel(score: Score, frame_at: FrameAt, poster: int, rate: Fraction, part: Fraction) -> _Reel:
    """Poster under its mark, the moving part at ``rate`` pictures a second, and the first picture again."""
    assert score.teaser is not None
    fps = Fraction(score.fps_num, score.fps_den)
    width = max(2, int(min(score.teaser.width, score.width) * part) // 2 * 2)
    size = width, max(2, round(width * score.height / score.width / 2) * 2)
    step = max(Fraction(1), fps / rate)
    numbers: list[int] = []
    for first, end in score.teaser.spans:
        numbers += [int(first + step * count) for count in range(max(1, round((end - first) / step)))]
    opening = np.asarray(marked(Image.fromarray(rgb(frame_at(poster), size)), mark_place(score, poster)))
    moving = [rgb(frame_at(number), size) for number in numbers]
    stands = int(FIRST_S * 100)
    borders = [int(step / fps * 100 * count) for count in range(len(moving) + 1)]
    return _Reel(
        pictures=(opening, *moving, opening),
        shown_cs=(stands, *(end - start for start, end in pairwise(borders)), stands),
    )


def gif_bytes(pictures: Sequence[Pixels], shown_cs: Sequence[int], loops: int, colours: int) -> bytes:
    """RGB pictures of one size as a GIF with one palette of at most ``colours``, chosen for them.

    ``loops`` 0 is without end. Raises RenderError ``render.media``.
    """
    height, width, _ = pictures[0].shape
    # What libavformat calls loop is how often it is repeated, and -1 is not at all.
    options = {"loop": str(0 if loops == 0 else loops - 1 or -1), "final_delay": str(shown_cs[-1])}
    buffer = io.BytesIO()
    try:
        with av.open(buffer, "w", format="gif", options=options) as file:
            stream = file.add_stream("gif", rate=100)
            stream.width, stream.height, stream.pix_fmt = width, height, "pal8"
            stream.codec_context.time_base = _CENTI
            for picture in _in_palette(pictures, shown_cs, colours):
                picture.pict_type = PictureType.NONE
                file.mux(stream.encode(picture))
            file.mux(stream.encode(None))
    except av.FFmpegError as error:
        raise RenderError("render.media", "The GIF encoder failed.") from error
    return buffer.getvalue()


def _in_palette(pictures: Sequence[Pixels], shown_cs: Sequence[int], colours: int) -> Iterator[av.VideoFrame]:
    """The pictures in one palette, dithered; what does not change between two is the same in both.

    The palette is that of every fourth picture. Dots lie on a grid: diffused errors would crawl, take twice as long and
    half as many bytes again, and at this size nobody sees the difference."""
    height, width, _ = pictures[0].shape
    graph, source = _rgb_source(width, height)
    _chain(source, graph.add("palettegen", f"max_colors={colours}:stats_mode=full:reserve_transparent=1"), graph)
    for number, picture in enumerate(pictures[::PALETTE_STEP]):
        source.push(_rgb_frame(picture, number))
    (palette,) = _pulled(graph, source)
    graph, source = _rgb_source(width, height)
    wanted = graph.add_buffer(
        width=palette.width, height=palette.height, format=palette.format, time_base=_CENTI, name="palette"
    )
    use = graph.add("paletteuse", "dither=bayer:bayer_scale=5:diff_mode=rectangle")
    wanted.link_to(use, 0, 1)
    _chain(source, use, graph)
    palette.pts, palette.time_base = 0, _CENTI
    wanted.push(palette)
    wanted.push(None)
    for at, picture in zip(accumulate(shown_cs, initial=0), pictures, strict=False):
        source.push(_rgb_frame(picture, at))
    yield from _pulled(graph, source)


def _rgb_source(width: int, height: int) -> tuple[Graph, FilterContext]:
    graph = Graph()
    return graph, graph.add_buffer(width=width, height=height, format=av.VideoFormat("rgb24"), time_base=_CENTI)


def _chain(source: FilterContext, step: FilterContext, graph: Graph) -> None:
    sink = graph.add("buffersink")
    source.link_to(step)
    step.link_to(sink)
    graph.configure()


def _rgb_frame(picture: Pixels, at_cs: int) -> av.VideoFrame:
    frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
    frame.pts, frame.time_base = at_cs, _CENTI
    return frame


def _pulled(graph: Graph, source: FilterContext) -> Iterator[av.VideoFrame]:
    """What comes out of a graph once nothing more goes in."""
    source.push(None)
    while True:
        try:
            found = graph.pull()
        except (av.EOFError, av.BlockingIOError):
            return
        assert isinstance(found, av.VideoFrame)
        yield found


def webp_bytes(pictures: Sequence[Pixels], shown_cs: Sequence[int], loops: int, quality: int) -> bytes:
    """RGB pictures of one size as an animated WebP. ``loops`` 0 is without end."""
    first, *rest = (Image.fromarray(picture) for picture in pictures)
    buffer = io.BytesIO()
    first.save(
        buffer,
        "WEBP",
        save_all=True,
        append_images=rest,
        duration=[10 * shown for shown in shown_cs],
        loop=loops,
        quality=quality,
        method=2,  # 4 is twice the work for 5 % less
        kmin=0,
        kmax=0,  # no key frames on the way, which are tried beside every other picture: nobody seeks in a teaser
    )
    return buffer.getvalue()
