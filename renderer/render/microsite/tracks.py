"""The film's texts as the page shows them: WebVTT read back into chapters, and files as data: URIs.

A page opened from disk may not read other files into ``<track>``, so captions and chapters travel inside the page.
"""

from __future__ import annotations

import base64
import html
import re
from dataclasses import dataclass

_TIMING = re.compile(r"(?:(\d+):)?(\d\d):(\d\d)\.(\d\d\d)[ \t]+-->[ \t]+(?:\d+:)?\d\d:\d\d\.\d\d\d")
_TAG = re.compile(r"<[^>]*>")


@dataclass(frozen=True, kw_only=True)
class Cue:
    """One cue of a WebVTT file: where it starts (milliseconds) and its plain text."""

    start_ms: int
    text: str

    @property
    def clock(self) -> str:
        """The start as people read it on a player: minutes and seconds, or hours before them."""
        seconds = self.start_ms // 1000
        minutes, seconds = divmod(seconds, 60)
        hours, minutes = divmod(minutes, 60)
        return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"

    @property
    def seconds(self) -> str:
        """The start in seconds, for a media fragment (W3C Media Fragments URI 1.0, section 4.2.1)."""
        return f"{self.start_ms // 1000}.{self.start_ms % 1000:03}"


def read_cues(vtt: str) -> tuple[Cue, ...]:
    """The cues of a WebVTT text in order: tags dropped, character references resolved, lines joined by spaces."""
    cues = []
    for block in re.split(r"\n{2,}", vtt.replace("\r\n", "\n").replace("\r", "\n")):
        lines = block.strip("\n").split("\n")
        for place, line in enumerate(lines[:2]):
            timing = _TIMING.match(line)
            if timing:
                hours, minutes, seconds, thousandths = (int(part or 0) for part in timing.groups())
                start_ms = ((hours * 60 + minutes) * 60 + seconds) * 1000 + thousandths
                text = " ".join(" ".join(lines[place + 1 :]).split())
                cues.append(Cue(start_ms=start_ms, text=html.unescape(_TAG.sub("", text))))
                break
    return tuple(cues)


@dataclass(frozen=True, kw_only=True)
class Passage:
    """A part of a transcript: its heading, which may be empty, and its lines."""

    title: str
    lines: tuple[str, ...]


def read_transcript(text: str) -> tuple[Passage, ...]:
    """The passages of a plain transcript; a line over a rule of dashes is a heading."""
    passages: list[tuple[str, list[str]]] = [("", [])]
    lines = [line.strip() for line in text.splitlines()]
    for line, below in zip(lines, [*lines[1:], ""], strict=False):
        if line and below and not below.strip("-"):
            passages.append((line, []))
        elif line.strip("-"):
            passages[-1][1].append(line)
    return tuple(Passage(title=title, lines=tuple(said)) for title, said in passages if title or said)


def data_uri(data: bytes, media_type: str) -> str:
    """``data`` as an address that holds it."""
    return f"data:{media_type};base64,{base64.b64encode(data).decode('ascii')}"
