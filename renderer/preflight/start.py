"""The starter template: a small one that works, under a new name. Its files' comments teach what each part is."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

from renderer.errors import EnvironmentFault, UsageError

STARTER = Path(__file__).parent / "starter"
MAX_NAME = 60
_HEAD = "id: starter\ntitle: Starter\n"


def template_id(name: str) -> str:
    """The id that a name becomes: ``Summer letter`` gives ``summer-letter``. Raises UsageError for a name without a
    letter of the Latin alphabet."""
    plain = "".join(one for one in unicodedata.normalize("NFKD", name.lower()) if not unicodedata.combining(one))
    found = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    if not re.match("[a-z]", found) or max(len(found), len(name) - MAX_NAME) > MAX_NAME or not name.isprintable():
        raise UsageError(
            "usage.argument",
            "This cannot become a template's id.",
            hint=f"An id is lower-case letters and digits, joined by '-': it begins with a letter, at most {MAX_NAME}.",
        )
    return found


def title(name: str) -> str:
    """The title that a name becomes: the name itself, or the words of an id."""
    said = name.strip()
    if re.fullmatch(r"[a-z0-9]+([-_][a-z0-9]+)*", said):
        said = re.sub("[-_]", " ", said)
    return said[:1].upper() + said[1:]


def start(name: str, folder: Path) -> list[str]:
    """Write the starter template into ``folder``, which must not exist yet, and return the paths of its files.

    Raises UsageError when something is there already or the name cannot become an id, and EnvironmentFault when the
    folder cannot be written.
    """
    head = f"id: {template_id(name)}\ntitle: {_quoted(title(name))}\n"
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        raise UsageError(
            "usage.argument",
            "There is a folder of that name already, and it stays as it is.",
            hint="Choose another name, or another place with --out.",
        ) from None
    except OSError as error:
        raise _refused(error) from error
    written = []
    try:
        for source in sorted(path for path in STARTER.rglob("*") if path.is_file()):
            relative = source.relative_to(STARTER)
            text = source.read_text("utf-8")
            if relative.as_posix() == "template.yaml":
                assert _HEAD in text, "the starter's own name stands in the lines that are rewritten"
                text = text.replace(_HEAD, head)
            target = folder / relative
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, "utf-8")
            written.append(relative.as_posix())
    except OSError as error:
        raise _refused(error) from error
    return written


def _quoted(text: str) -> str:
    """A text as YAML: as it stands where that is safe, else in double quotes."""
    if re.fullmatch(r"[A-Za-z][A-Za-z0-9 ]*", text) and text.lower() not in ("yes", "no", "true", "false", "null"):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _refused(error: OSError) -> EnvironmentFault:
    return EnvironmentFault(
        "environment.disk",
        f"The template's folder cannot be written: {error.strerror}.",
        hint="Name another place with --out.",
    )
