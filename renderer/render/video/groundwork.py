"""What all films of a template share and somebody has to make first: its footage and pictures, prepared.

In: a template. Out: mezzanines in a cache, in every format and of every scene, whoever it may be chosen for. Backdrops
stand in the storyboard and know nothing of a plan, so no recipient is needed to find them.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

from renderer.assets.door import AssetDoor
from renderer.assets.fonts import FontSet
from renderer.errors import DearlyError
from renderer.render.video.backdrops import media_backdrop
from renderer.render.video.score import ScoreBackdrop
from renderer.render.video.scoring import film_look, score_backdrop
from renderer.template.formats import in_format
from renderer.template.model import Template
from renderer.units import canonical_json

_ANY_LENGTH = 2
"""Frames of a scene: what is prepared does not depend on it."""


def prepare_film(
    template: Template, fonts: FontSet, assets: AssetDoor, cache: Path, progress: Callable[[int, int], None]
) -> None:
    """Prepare all footage and pictures that any film of ``template`` may show behind its layers.

    Raises what :func:`~.backdrops.media_backdrop` raises, with the scene; nothing for a template without a film.
    """
    video, board = template.config.channels.video, template.storyboard
    if video is None or board is None:
        return
    wanted: dict[bytes, tuple[ScoreBackdrop, str, int, int]] = {}
    for name, size in video.formats.items():
        drawn = in_format(board, name, video.margins(name))
        look = film_look(template, drawn, fonts)
        for scene in drawn.scenes:
            backdrop = score_backdrop(scene.backdrop, look, lambda ref: assets.get(ref).digest, rtl=False)
            if backdrop.media is not None:
                key = canonical_json([backdrop.kind, backdrop.digest, backdrop.settings, size.width, size.height])
                wanted.setdefault(key, (backdrop, scene.id, size.width, size.height))
    for done, (backdrop, scene_id, width, height) in enumerate(wanted.values()):
        progress(done, len(wanted))
        try:
            media_backdrop(
                backdrop,
                frames=_ANY_LENGTH,
                width=width,
                height=height,
                fps=Fraction(video.fps),
                assets=assets,
                cache=cache,
            )
        except DearlyError as error:
            raise error.at(scene=scene_id, channel="video") from error.__cause__
    progress(len(wanted), len(wanted))
