"""A template without its film: the same words, rules and layouts, rendered in a second."""

from __future__ import annotations

import io
from pathlib import Path

from ruamel.yaml import YAML

from renderer.template.release import Release


def without_film(release: Release) -> Release:
    """The release with the channel ``video`` taken out of its ``template.yaml``."""
    yaml = YAML()
    config = yaml.load(release.text("template.yaml"))
    config["channels"].pop("video", None)
    out = io.StringIO()
    yaml.dump(config, out)
    return Release({**release.files, "template.yaml": out.getvalue().encode()})


def write_folder(release: Release, folder: Path) -> Path:
    """The release as a template's folder."""
    for name, data in release.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder
