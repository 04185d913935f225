"""What an estimate counts by: distinct names on disk, frames that change, units, and how costs are kept."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from renderer.preflight.cost import DEFAULT, ChunkKind, load_cost, save_cost
from renderer.preflight.survey import survey
from renderer.preflight.tally import Tally
from renderer.render.video.encode import EncodeProfile, encode_chunk
from renderer.render.video.score import Score
from tests import film_samples as samples

# Some differ only in the first half of their bytes, some only in the second.
NAMES = st.integers(0, 12).map(lambda number: bytes([number % 3, *[0] * 14, number // 3]))


@given(st.lists(st.tuples(NAMES, st.integers(0, 3)), max_size=120))
@settings(max_examples=40, deadline=None)
def test_distinct_names_are_counted_as_a_set_would(uses: list[tuple[bytes, int]]) -> None:
    with Tally() as tally:
        for name, kind in uses:
            tally.add(name, kind)
        found = tally.distinct()
    times = Counter(name for name, _ in uses)
    lowest = {name: min(kind for other, kind in uses if other == name) for name in times}
    assert found.names == Counter(lowest.values())
    assert found.once == Counter(lowest[name] for name, count in times.items() if count == 1)
    assert found.twice == Counter(lowest[name] for name, count in times.items() if count == 2)
    assert found.uses == Counter(kind for _, kind in uses)


def test_a_tally_leaves_nothing_on_disk(tmp_path: Path) -> None:
    with Tally(tmp_path) as tally:
        tally.add(bytes(16), 1)
        assert list(tmp_path.iterdir())
        assert tally.distinct().names == {1: 1}
    assert not list(tmp_path.iterdir())


def film() -> Score:
    """The sample film: a counter, entrances, growing bars, and moments in which nothing moves."""
    return samples.score(board=samples.storyboard(), film=samples.FORMAT)


def test_frames_that_repeat_are_told_without_drawing_them() -> None:
    score = film()
    frame_at = samples.composer(score).array
    profile = EncodeProfile(width=score.width, height=score.height, fps=Fraction(score.fps_num, score.fps_den))
    repeated = 0
    for use in survey(score, "16:9").chunks:
        frames = [frame_at(number).copy() for number in range(use.key.first, use.key.end)]
        changing = 1 + sum(bool((one != other).any()) for one, other in pairwise(frames))
        assert use.kind.changing == pytest.approx(changing, abs=2), use.kind
        assert use.kind.frames == len(frames)
        repeated += encode_chunk(frames, profile).repeated
    assert repeated > 10, "or the test would prove little"


def test_the_cause_is_the_personal_layer_that_is_seen_longest_and_what_moves_meanwhile() -> None:
    disc = {
        "kind": "shape", "id": "disc", "shape": "ellipse", "fill": "accent", "box": samples.box(900, 300, 200, 200),
        "keyframes": {"position": [{"at_s": 0, "value": [0, 0]}, {"at_s": 2, "value": [100, 0], "easing": "linear"}]},
    }  # fmt: skip
    short = samples.text_layer("short", box=samples.box(96, 420, 900, 120), in_s=1.6)
    (cause,) = survey(samples.one_scene(samples.text_layer("name", in_s=0.4), short, disc), "16:9").causes
    assert (cause.cause.layer, cause.cause.shows, cause.cause.mover) == ("name", "name", "disc")
    assert (cause.layer_s, cause.personal_s, cause.scene_s) == (1.6, 1.6, 2.0)
    assert cause.changing_s == pytest.approx(1.6, abs=0.05)
    (still,) = survey(samples.one_scene(samples.text_layer("name", in_s=0.4)), "16:9").causes
    assert still.cause.mover is None and still.changing_s <= 0.1
    assert survey(samples.one_scene(samples.text_layer("words", copy="title")), "16:9").causes == ()


def test_a_chunk_that_changes_more_costs_more() -> None:
    def kind(frames: int, changing: int, megapixels: float = 1) -> ChunkKind:
        return ChunkKind("16:9", "one", True, frames, changing, megapixels)

    assert DEFAULT.chunk_s(kind(100, 100)) > 3 * DEFAULT.chunk_s(kind(100, 10))
    assert DEFAULT.chunk_s(kind(50, 50, 4)) == pytest.approx(4 * DEFAULT.chunk_s(kind(50, 50)))
    assert DEFAULT.chunk_bytes(kind(100, 100)) > DEFAULT.chunk_bytes(kind(100, 10))


def test_measured_costs_are_kept_and_torn_ones_are_not_used(tmp_path: Path) -> None:
    path = tmp_path / "costs" / "small.json"
    assert load_cost(path) is None
    save_cost(DEFAULT, path)
    assert load_cost(path) == DEFAULT
    path.write_text(path.read_text("utf-8")[:-20], "utf-8")
    assert load_cost(path) is None
