"""Prepared files: whole or not there, and nothing of a killed writer stays."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import BinaryIO

import pytest

from renderer.render.video.cache import ABANDONED_S, UNFINISHED, write_once


def fill(file: BinaryIO) -> None:
    file.write(b"whole")


def test_what_fails_leaves_nothing(tmp_path: Path) -> None:
    def broken(file: BinaryIO) -> None:
        file.write(b"half")
        raise ValueError

    with pytest.raises(ValueError):
        write_once(tmp_path / "a" / "x", broken)
    assert list((tmp_path / "a").iterdir()) == []


def test_the_first_to_finish_keeps_the_file(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"first")
    write_once(tmp_path / "x", fill)
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("x", b"first")]


def test_a_killed_writer_s_file_goes_and_a_living_one_s_stays(tmp_path: Path) -> None:
    dead, alive = tmp_path / f"{UNFINISHED}dead", tmp_path / f"{UNFINISHED}alive"
    for file in (dead, alive):
        file.write_bytes(b"half")
    then = time.time() - ABANDONED_S - 1
    os.utime(dead, (then, then))
    write_once(tmp_path / "x", fill)
    assert sorted(file.name for file in tmp_path.iterdir()) == [alive.name, "x"]
