"""Charts as inline SVG, for the page and for print: bars or a line from a series, row bars, a ring.

In: facts of the plan (positions as exact Decimals, every text made there). Out: markup. Nothing is formatted here, and
nothing is scripted or styled inline: shapes carry classes for the page's CSS, and presentation attributes with the
brand's light colours for WeasyPrint, whose SVG renderer does not see the page's style sheet.

Right to left, the horizontal axis is mirrored: time runs from right to left and the value axis stands on the right. All
anchors are physical, because ``text-anchor`` follows ``direction`` in browsers and not in WeasyPrint; a text with
right-to-left letters is isolated instead. The layout gives the table twin from the same fact.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import count
from math import ceil, cos, pi, sin
from typing import Literal

from markupsafe import Markup, escape

from renderer.plan.model import Direction, Fact, Point, Series
from renderer.render.chart_shapes import (
    BOLD,
    GAP,
    Plot,
    amount_of,
    bar_path,
    element,
    has_rtl,
    marked,
    number,
    text_width,
    y_of,
)

FALLBACK = {
    "ink": "#1a1a1a",
    "ink-soft": "#555555",
    "line": "#dddddd",
    "accent": "#0b6e69",
    "accent-soft": "#cfe3e1",
    "card": "#ffffff",
    "up": "#b5402f",
    "down": "#2f7d4f",
}


@dataclass
class Drawing:
    """Draws for one page: its direction, colours (by token, sRGB hex) and font, and ids that are unique in the page."""

    direction: Direction
    colours: Mapping[str, str] = field(default_factory=dict)
    font_family: str = "sans-serif"
    _ids: count[int] = field(default_factory=lambda: count(1))

    def colour(self, token: str) -> str:
        return self.colours.get(token, FALLBACK[token])

    def chart(
        self,
        fact: Fact,
        *,
        kind: Literal["bars", "line"] = "bars",
        width: int = 640,
        height: int = 260,
        size: int = 13,
        title: str = "",
        desc: str = "",
        faint: float | None = None,
    ) -> Markup:
        """A series as a chart of ``width`` by ``height`` units with texts of ``size`` units.

        It scales with its box; for a phone make it narrow (340) so that texts stay legible. Marked points stand out and
        carry their value. ``title`` and ``desc`` name it for those who do not see it. With ``faint`` the bars without a
        mark are the accent at that opacity: on paper the pale tint of the screen would vanish.
        """
        series = fact.value
        if not isinstance(series, Series):
            raise TypeError("a chart needs a series")
        plot = Plot.fit(series, width, height, size, self.direction == "rtl")
        marks = marked(series.points)
        shapes = [*self._grid(plot, series), *self._x_labels(plot, series.points, marks)]
        shapes += self._bars(plot, series.points, faint) if kind == "bars" else self._line(plot, series.points, marks)
        shapes.append(
            element(
                "line",
                x1=plot.left,
                x2=plot.right,
                y1=plot.zero,
                y2=plot.zero,
                stroke=self.colour("ink-soft"),
                stroke_width=1,
                class_="chart-base",
            )
        )
        shapes += [self._value_label(plot, index, series.points, kind) for index in marks]
        name = f"chart-{next(self._ids)}"
        labels = f'<title id="{name}-title">{escape(title)}</title>' if title else ""
        labels += f'<desc id="{name}-desc">{escape(desc)}</desc>' if desc else ""
        named = " ".join(f"{name}-{part}" for part, text in (("title", title), ("desc", desc)) if text)
        aria = f'role="img" aria-labelledby="{named}"' if named else 'aria-hidden="true"'
        return Markup(
            f'<svg class="chart chart-{kind}" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
            f'direction="ltr" {aria} font-family="{escape(self.font_family)}" font-size="{size}">'
            f"{labels}{''.join(shapes)}</svg>"
        )

    def bars(
        self,
        facts: Sequence[Fact],
        *,
        kind: Literal["compare", "waterfall"] = "compare",
        mark: str = "",
        total: str = "",
        base: str = "",
        width: int | None = None,
        height: int = 10,
    ) -> dict[str, Markup]:
        """One horizontal bar for each fact, by fact id, all on one scale; the figures stand beside them as text.

        ``compare``: each from zero; the fact named by ``mark`` in the accent colour. ``waterfall``: each from where the
        one before ended; the fact named by ``total`` from zero; the one named by ``base`` is a level, not a change.
        Without ``width`` bars fill their box (percentages).
        """
        spans: list[tuple[Fact, Decimal, Decimal]] = []
        reached = Decimal(0)
        for fact in facts:
            amount = amount_of(fact)
            start = reached if kind == "waterfall" and fact.id != total else Decimal(0)
            spans.append((fact, start, start + amount))
            reached = start + amount
        low = min((min(start, end) for _, start, end in spans), default=Decimal(0))
        high = max((max(start, end) for _, start, end in spans), default=Decimal(0))
        low, high = min(low, Decimal(0)), max(high, Decimal(0))
        scale = high - low or Decimal(1)
        drawn: dict[str, Markup] = {}
        for fact, start, end in spans:
            if kind == "compare":
                token, role = ("accent", "mark") if fact.id == mark else ("ink-soft", "plain")
            elif fact.id == total:
                token, role = "ink", "total"
            elif fact.id == base:
                token, role = "ink-soft", "base"
            else:
                token, role = ("up", "up") if end >= start else ("down", "down")
            share = float((min(start, end) - low) / scale)
            part = float(abs(end - start) / scale)
            origin = float((Decimal(0) - low) / scale)
            drawn[fact.id] = self._row_bar(share, part, origin, token, role, width, height)
        return drawn

    def ring(self, fact: Fact, *, size: int = 96, stroke: int = 10) -> Markup:
        """The share ``fact.ratio`` as a ring that starts at the top and runs in reading direction."""
        ratio = min(1.0, max(0.0, float(Decimal(fact.ratio)))) if fact.ratio is not None else 0.0
        middle, radius = size / 2, (size - stroke) / 2
        track = element(
            "circle",
            cx=middle,
            cy=middle,
            r=radius,
            fill="none",
            stroke=self.colour("accent-soft"),
            stroke_width=stroke,
            class_="ring-track",
        )
        common: dict[str, str | float] = {
            "fill": "none",
            "stroke": self.colour("accent"),
            "stroke_width": stroke,
            "class_": "ring-part",
        }
        if ratio >= 0.9995:
            part = element("circle", cx=middle, cy=middle, r=radius, **common)
        elif ratio <= 0:
            part = ""
        else:
            turn = -1 if self.direction == "rtl" else 1
            angle = 2 * pi * ratio
            x, y = middle + turn * radius * sin(angle), middle - radius * cos(angle)
            large, sweep = int(ratio > 0.5), int(turn > 0)
            start = f"M{number(middle)} {number(stroke / 2)}"
            path = f"{start}A{number(radius)} {number(radius)} 0 {large} {sweep} {number(x)} {number(y)}"
            part = element("path", d=path, stroke_linecap="round", **common)
        return Markup(
            f'<svg class="ring" viewBox="0 0 {size} {size}" width="{size}" height="{size}" '
            f'aria-hidden="true">{track}{part}</svg>'
        )

    # ------------------------------------------------------------ parts

    def _grid(self, plot: Plot, series: Series) -> list[str]:
        shapes = []
        for tick in series.ticks:
            y = plot.y(Decimal(tick.value))
            shapes.append(
                element(
                    "line",
                    x1=plot.left,
                    x2=plot.right,
                    y1=y,
                    y2=y,
                    stroke=self.colour("line"),
                    stroke_width=1,
                    class_="chart-grid",
                )
            )
            x, anchor = (plot.right + GAP, "start") if plot.mirrored else (plot.left - GAP, "end")
            shapes.append(self._text(tick.text, x, y + plot.size * 0.35, anchor, "ink-soft", "chart-tick"))
        return shapes

    def _x_labels(self, plot: Plot, points: Sequence[Point], marks: Sequence[int]) -> list[str]:
        """Labels below the points; so many are left out, counted from a marked one, that none touch."""
        widest = max((text_width(point.x.text, plot.size) for point in points), default=0.0)
        step = max(1, ceil((widest + GAP) / plot.slot))
        anchor = marks[-1] if marks else len(points) - 1
        shapes = []
        for index, point in enumerate(points):
            if (anchor - index) % step:
                continue
            half = text_width(point.x.text, plot.size) * BOLD / 2
            x = min(max(plot.x(index), half), plot.width - half)
            token, role, weight = (
                ("ink", "chart-x chart-x-mark", 600) if index in marks else ("ink-soft", "chart-x", 400)
            )
            y = plot.bottom + plot.size * 1.5
            shapes.append(self._text(point.x.text, x, y, "middle", token, role, weight))
        return shapes

    def _bars(self, plot: Plot, points: Sequence[Point], faint: float | None = None) -> list[str]:
        shapes = []
        thick = max(2.0, min(plot.slot * 0.64, 40.0))
        for index, point in enumerate(points):
            value = y_of(point)
            if value is None:
                continue
            y = plot.y(value)
            if abs(plot.zero - y) < 1.5:
                y = plot.zero - 1.5 if value >= 0 else plot.zero + 1.5
            token, role = ("accent", "chart-bar chart-bar-mark") if point.mark else ("accent-soft", "chart-bar")
            path = bar_path(plot.x(index) - thick / 2, thick, plot.zero, y)
            if faint is None or point.mark:
                shapes.append(element("path", d=path, fill=self.colour(token), class_=role))
            else:
                shapes.append(element("path", d=path, fill=self.colour("accent"), fill_opacity=faint, class_=role))
        return shapes

    def _line(self, plot: Plot, points: Sequence[Point], marks: Sequence[int]) -> list[str]:
        runs: list[list[tuple[float, float]]] = [[]]
        for index, point in enumerate(points):
            value = y_of(point)
            if value is None:
                runs.append([])
            else:
                runs[-1].append((plot.x(index), plot.y(value)))
        shapes = []
        for run in filter(None, runs):
            if len(run) > 1:
                path = "M" + "L".join(f"{number(x)} {number(y)}" for x, y in run)
                shapes.append(
                    element(
                        "path",
                        d=path,
                        fill="none",
                        stroke=self.colour("accent"),
                        stroke_width=2.5,
                        stroke_linecap="round",
                        stroke_linejoin="round",
                        class_="chart-curve",
                    )
                )
            else:
                shapes.append(
                    element("circle", cx=run[0][0], cy=run[0][1], r=3, fill=self.colour("accent"), class_="chart-dot")
                )
        for index in marks:
            value = y_of(points[index])
            if value is not None:
                shapes.append(
                    element(
                        "circle",
                        cx=plot.x(index),
                        cy=plot.y(value),
                        r=5,
                        fill=self.colour("accent"),
                        stroke=self.colour("card"),
                        stroke_width=2,
                        class_="chart-dot chart-dot-mark",
                    )
                )
        return shapes

    def _value_label(self, plot: Plot, index: int, points: Sequence[Point], kind: str) -> str:
        """The value above a marked point; over higher neighbours it goes above them, with a line down to its own."""
        point = points[index]
        value = y_of(point)
        if value is None:
            return ""
        half = text_width(point.y.text, plot.size + 1) * BOLD / 2
        x = min(max(plot.x(index), half), plot.width - half)
        own = plot.y(value)
        if value < 0:
            return self._text(point.y.text, x, own + 6 + plot.size, "middle", "ink", "chart-value", 600, plot.size + 1)
        near = [own]
        for other, neighbour in enumerate(points):
            amount = y_of(neighbour)
            if amount is not None and abs(plot.x(other) - x) < half + plot.slot * 0.4:
                near.append(plot.y(amount))
        away = 7.0 if kind == "bars" else 13.0
        y = max(min(near) - away, plot.size + 1)
        leader = ""
        if own - y > away + 4:
            leader = element(
                "line",
                x1=plot.x(index),
                x2=plot.x(index),
                y1=y + 4,
                y2=own - (3 if kind == "bars" else 8),
                stroke=self.colour("accent"),
                stroke_width=1,
                class_="chart-leader",
            )
        halo = element(
            "rect",
            x=x - half - 2,
            y=y - plot.size - 1,
            width=2 * half + 4,
            height=plot.size + 6,
            fill=self.colour("card"),
            class_="chart-halo",
        )
        return leader + halo + self._text(point.y.text, x, y, "middle", "ink", "chart-value", 600, plot.size + 1)

    def _text(
        self,
        text: str,
        x: float,
        y: float,
        anchor: str,
        token: str,
        role: str,
        weight: int = 400,
        size: int | None = None,
    ) -> str:
        isolated = f"\u2068{text}\u2069" if has_rtl(text) else text
        attributes: dict[str, str | float] = {
            "x": x,
            "y": y,
            "text_anchor": anchor,
            "fill": self.colour(token),
            "class_": role,
        }
        if weight != 400:
            attributes["font_weight"] = weight
        if size is not None:
            attributes["font_size"] = size
        return element("text", str(escape(isolated)), **attributes)

    def _row_bar(
        self, share: float, part: float, origin: float, token: str, role: str, width: int | None, height: int
    ) -> Markup:
        if self.direction == "rtl":
            share, origin = 1 - share - part, 1 - origin
        unit = 100.0 if width is None else float(width)
        sign = "%" if width is None else ""
        left, long = share * unit, max(part * unit, unit * 0.005) if part else 0.0
        zero = element(
            "rect",
            x=f"{number(min(origin * unit, unit * 0.997))}{sign}",
            y=0,
            width=1,
            height=height,
            fill=self.colour("line"),
            class_="rowbar-zero",
        )
        fill = element(
            "rect",
            x=f"{number(min(left, unit - long))}{sign}",
            y=0,
            width=f"{number(long)}{sign}",
            height=height,
            rx=2,
            fill=self.colour(token),
            class_=f"rowbar-part rowbar-{role}",
        )
        box = (
            f'width="100%" height="{height}"'
            if width is None
            else f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
        )
        return Markup(f'<svg class="rowbar" {box} aria-hidden="true">{zero}{fill}</svg>')
