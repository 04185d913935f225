"""An engine for tests and benchmarks of the machinery: nothing is decided, and files are whatever is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from renderer.bootstrap import Progress
from renderer.orders import MadePlan, Order, Taken
from renderer.render.model import RenderResult
from renderer.template.model import Channel
from renderer.template.release import Release
from renderer.units import digest


class AsItStands:
    """A profile is the plan, as it stands. Which files a channel has is said by whoever inherits this."""

    def take(self, release: Release, profile: str) -> Taken:
        raise NotImplementedError

    def plan(self, release: Release, order: Order) -> MadePlan:
        return MadePlan(data=order.profile, digest=digest(order.profile.encode()))

    def render(
        self,
        release: Release,
        plan: MadePlan,
        channel: Channel,
        out: Path,
        made: Sequence[RenderResult],
        progress: Progress,
        use: str,
    ) -> RenderResult:
        return self.files(plan, channel, out, use)

    def files(self, plan: MadePlan, channel: Channel, out: Path, use: str) -> RenderResult:
        """One channel, as :meth:`renderer.bootstrap.Engine.render` gives it."""
        raise NotImplementedError
