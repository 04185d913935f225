"""Films are cut where something personal begins and ends, at the least cost, and every scene on its own."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st

from renderer.render.video.cuts import CHUNK_PRICE, SceneSpan, Stretch, cost_of, cut, film_cuts, limits
from renderer.render.video.visible import Span, union

FPS = Fraction(25)
LEAST, MOST = limits(FPS)


def spans(frames: int) -> st.SearchStrategy[tuple[Span, ...]]:
    """Spans in order that lie within a number of frames."""
    one = st.tuples(st.integers(0, frames - 1), st.integers(1, frames)).filter(lambda span: span[0] < span[1])
    return st.lists(one, max_size=5).map(union)


def earlier_rule(stretch: Stretch) -> tuple[int, ...]:
    """How films were cut before: at each edge that leaves chunks of 0.5 s, long chunks in equal parts of up to 4 s."""
    most, kept, borders = int(4 * FPS), [0], [0]
    for border in sorted({frame for span in stretch.personal for frame in span}):
        if border - kept[-1] >= LEAST and stretch.frames - border >= LEAST:
            kept.append(border)
    for start, stop in pairwise([*kept, stretch.frames]):
        parts = -(-(stop - start) // most)
        borders += [start + (stop - start) * part // parts for part in range(1, parts + 1)]
    return tuple(borders)


@st.composite
def stretches(draw: st.DrawFn) -> Stretch:
    frames = draw(st.integers(1, 400))
    return Stretch(frames, draw(st.integers(0, min(30, frames))), draw(spans(frames)))


@st.composite
def films(draw: st.DrawFn) -> tuple[int, list[SceneSpan], tuple[Span, ...]]:
    scenes: list[SceneSpan] = []
    for _ in range(draw(st.integers(1, 5))):
        frames = draw(st.integers(2, 250))
        room = min(scenes[-1].end - scenes[-1].first, frames) // 2 if scenes else 0
        overlap = draw(st.integers(0, min(room, 20)))
        first = scenes[-1].end - overlap if scenes else 0
        scenes.append(SceneSpan(first, first + frames, overlap))
    return scenes[-1].end, scenes, draw(spans(scenes[-1].end))


@given(films())
def test_chunks_cover_the_film_once_and_have_the_lengths_that_are_allowed(
    film: tuple[int, list[SceneSpan], tuple[Span, ...]],
) -> None:
    frames, scenes, personal = film
    borders = film_cuts(frames, scenes, personal, FPS)
    assert borders[0] == 0 and borders[-1] == frames
    lengths = [stop - start for start, stop in pairwise(borders)]
    assert all(length >= LEAST for length in lengths) or len(lengths) == 1
    assert all(length <= MOST for length in lengths)


@given(stretches())
@example(Stretch(200, 0, ((50, 120),)))
def test_no_other_rule_cuts_a_stretch_at_less_cost(stretch: Stretch) -> None:
    best = cost_of(stretch, cut(stretch, LEAST, MOST))
    assert best <= cost_of(stretch, earlier_rule(stretch)) or stretch.frames < 2 * LEAST
    if stretch.frames <= MOST:
        assert best <= cost_of(stretch, (0, stretch.frames))


@given(st.integers(1, 14), st.integers(0, 6), spans(14))
def test_the_borders_are_the_best_of_all_there_are(frames: int, pair: int, personal: tuple[Span, ...]) -> None:
    stretch = Stretch(
        frames, min(pair, frames), union((max(0, a), min(b, frames)) for a, b in personal if a < min(b, frames))
    )
    least, most = 2, 6

    def every(start: int) -> list[tuple[int, ...]]:
        if start == frames:
            return [(frames,)]
        stops = range(start + least, min(start + most, frames) + 1)
        return [(start, *rest) for stop in stops for rest in every(stop)]

    ways = every(0) if frames >= 2 * least else [(0, frames)]
    assert cost_of(stretch, cut(stretch, least, most)) == min(cost_of(stretch, way) for way in ways)


@given(films(), st.data())
def test_a_scene_is_cut_alike_whatever_stands_around_it(
    film: tuple[int, list[SceneSpan], tuple[Span, ...]], data: st.DataObject
) -> None:
    """Put other scenes before and after one: its borders move along and stay the same."""
    frames, scenes, personal = film
    if any(scene.end - scene.first - 40 < LEAST for scene in scenes):
        return  # stretches too short for a chunk join their neighbours
    before, after = (data.draw(st.integers(60, 200)) for _ in range(2))
    moved = [
        SceneSpan(0, before),
        *(SceneSpan(scene.first + before, scene.end + before, scene.overlap) for scene in scenes),
        SceneSpan(frames + before, frames + before + after),
    ]
    elsewhere = data.draw(spans(before))
    shifted = [(first + before, end + before) for first, end in personal]
    more = film_cuts(frames + before + after, moved, [*elsewhere, *shifted], FPS)
    assert [border - before for border in more if before <= border <= frames + before] == list(
        film_cuts(frames, scenes, personal, FPS)
    )


def test_borders_lie_at_the_edges_of_what_is_personal() -> None:
    assert cut(Stretch(400, 0, ((50, 120), (240, 300))), LEAST, MOST) == (0, 50, 120, 240, 300, 400)


def test_a_border_that_costs_more_than_it_saves_is_not_made() -> None:
    short = CHUNK_PRICE - 1
    assert cut(Stretch(100, 0, ((short, 100),)), LEAST, MOST) == (0, 100)
    assert cut(Stretch(100, 0, ((LEAST, 100),)), LEAST, MOST) == (0, LEAST, 100)


def test_a_remainder_shorter_than_a_chunk_goes_with_its_neighbour() -> None:
    borders = cut(Stretch(MOST + 3), LEAST, MOST)
    assert len(borders) == 3 and borders[2] - borders[1] >= LEAST
    assert cut(Stretch(90, 0, ((20, 85),)), LEAST, MOST) == (0, 20, 90)


def test_a_transition_is_kept_apart_from_the_long_rest_of_a_scene() -> None:
    """What shows two scenes is shared only by films that have both, one after the other."""
    assert cut(Stretch(140, 10), LEAST, MOST) == (0, LEAST, 140)


def test_a_film_shorter_than_a_chunk_is_one() -> None:
    assert film_cuts(5, [SceneSpan(0, 5)], [(1, 3)], FPS) == (0, 5)


def test_a_scene_that_ends_later_for_somebody_is_cut_alike_until_then() -> None:
    long, longer = (cut(Stretch(frames, 0, ((30, 60),)), LEAST, MOST) for frames in (330, 340))
    assert long[:-2] == longer[:-2] and len(long) == len(longer) == 5
