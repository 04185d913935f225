"""Prepares, in a cache, all that the channels of a template need made once and that no recipient changes: static faces,
the fonts of its pages, the footage and pictures behind its films."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from renderer import pipeline
from renderer.assets.door import AssetDoor
from renderer.render.engines import PreparedKind
from renderer.template.load import load_release
from renderer.template.model import Template
from renderer.template.release import Release

Step = Callable[[int, int], None]


def prepare(template: Template, cache: Path, kinds: Sequence[PreparedKind], progress: Step) -> None:
    """Put what ``kinds`` say into ``cache``; ``progress`` counts pieces of film.

    Raises TemplateError or RenderError for media that cannot be used, EnvironmentFault when the cache cannot be
    written.
    """
    fonts = pipeline.template_fonts(template, cache)
    page = template.config.channels.microsite
    if "webfonts" in kinds and page is not None:
        from renderer.render.microsite.webfonts import font_css

        styles = [template.release.text(path) for path in page.styles]
        for locale in template.config.locales:
            font_css(fonts, locale, styles, cache)
    if "mezzanine" in kinds:
        from renderer.render.video.groundwork import prepare_film

        prepare_film(template, fonts, AssetDoor(template.release.files), cache, progress)


def prepare_in_child(
    files: Mapping[str, bytes], cache: Path, kinds: Sequence[PreparedKind], report: Callable[..., None]
) -> None:
    """The same from a release's files, as :class:`renderer.guard.Guard` runs it."""
    prepare(load_release(Release(files)), cache, kinds, report)
