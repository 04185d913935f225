"""What a preview leaves on the disk."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.chaos.house import until
from tests.queue_house import ROOT
from tests.small_template import write
from workers.leash import sweep_work

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120)]


def test_the_folder_of_a_preview_that_was_killed_is_removed_like_a_workers(tmp_path: Path) -> None:
    work = tmp_path / "home/work"
    with subprocess.Popen(
        [sys.executable, "-m", "renderer.cli.main", "preview", str(write(tmp_path / "template"))],
        env={**os.environ, "DEARLY_HOME": str(tmp_path / "home")},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as preview:
        try:
            assert preview.stdout is not None and preview.stdout.readline()
            sweep_work(work)
            assert len(list(work.iterdir())) == 1  # it lives
        finally:
            preview.kill()

    def swept() -> bool:
        sweep_work(work)
        return list(work.iterdir()) == []

    until(swept, lambda: str(list(work.iterdir())))
