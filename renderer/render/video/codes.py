"""QR codes of a plan's addresses, drawn in whole pixels: dark on light, with a quiet zone (ISO/IEC 18004)."""

from __future__ import annotations

import segno

from renderer.render.video.layering import SceneWork, box_rect, placed
from renderer.render.video.score import Q, QrContent, ScoreLayer
from renderer.template.graphics import QrLayer

QUIET = 4
"""Modules of ground around the code (ISO/IEC 18004, section 9.1)."""
SMALLEST_MODULE = 3
"""Pixels. A code with smaller modules does not survive an encoder and a camera."""


def qr_layer(work: SceneWork, layer: QrLayer) -> ScoreLayer:
    """The code of a link in the largest square of the layer's box."""
    link = work.plan.links.get(layer.link)
    if link is None:
        raise work.fail(
            "render.layout",
            layer,
            f"this plan has no link '{layer.link}'.",
            "Show the layer only with a block or scene whose rule needs the facts in that link (shown_with).",
        )
    if link.sensitivity == "secret":
        raise work.fail(
            "render.layout", layer, f"the link '{layer.link}' holds something secret.", "Anybody can read a code."
        )
    try:
        code = segno.make(link.href, error=layer.recovery, micro=False, boost_error=True)
    except segno.DataOverflowError as error:
        raise work.fail("render.overflow", layer, "its address is too long for any code.") from error
    rows = tuple("".join("1" if dark else "0" for dark in row) for row in code.matrix)
    left, top, right, bottom = box_rect(work, layer)
    side = min(right - left, bottom - top) // Q
    module = side // (len(rows) + 2 * QUIET)
    if module < SMALLEST_MODULE:
        raise work.fail(
            "render.overflow",
            layer,
            f"the code has {len(rows)} modules a side, too many to be read at this size.",
            "Enlarge the box, shorten the address, or ask for less recovery.",
        )
    x, y = ((left + right) // Q - side) // 2, ((top + bottom) // Q - side) // 2
    content = QrContent(
        rows=rows,
        module_q=module * Q,
        colour=work.look.colour(layer.colour),
        ground=work.look.colour(layer.ground),
        radius_q=min(work.stage.length(layer.radius_px), QUIET * module * Q),
    )
    return placed(work, layer, (x * Q, y * Q, (x + side) * Q, (y + side) * Q), content, (link,))
