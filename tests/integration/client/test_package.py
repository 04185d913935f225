"""What the Python client is: a package of its own that says nothing of people."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from dearly import client as public
from tests.http_house import HttpHouse
from tests.small_template import profile_with

ROOT = Path(__file__).resolve().parents[3]
SECRET_NAME = "Zebulon Quatermain"

pytestmark = pytest.mark.integration


def test_it_needs_nothing_of_the_renderer_and_says_nothing_of_people(house: HttpHouse) -> None:
    """A process of its own, with the client's folder and the two libraries: it hands in, and what it logs and raises
    has no word of the profile."""
    code = f"""
import logging, sys
logging.basicConfig(level=logging.DEBUG, stream=sys.stdout)
from dearly.client import *
from dearly.client import Client, Refused
with Client({house.url!r}, {house.all!r}) as dearly:
    profile = {profile_with(customer__name=SECRET_NAME)!r}
    dearly.submit("small", profile, "alone-1", channels=["statement"])
    list(dearly.submit_many([dict(request_id="alone-2", template="small", profile=profile)]))
    try:
        dearly.submit("small", {{**profile, {SECRET_NAME!r}: 1}}, "alone-3")
    except Refused as error:
        print(repr(error), error.faults)
    print(repr(dearly))
rooms = {{name.partition(".")[0] for name in sys.modules}}
assert not rooms & {{"renderer", "workers", "fastapi", "pydantic", "celery"}}, rooms
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env={"PYTHONPATH": str(ROOT / "client")},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert "profile.unknown" in done.stdout and "POST" in done.stdout
    for secret in (SECRET_NAME, "Zebulon", house.all, house.all.rpartition("_")[2]):
        assert secret not in done.stdout + done.stderr


def test_public_names_are_all_there_and_the_licence_is_the_projects() -> None:
    assert {*public.__all__} >= {value for value in vars(public) if isinstance(vars(public)[value], type)
                                and vars(public)[value].__module__.startswith("dearly.errors")}  # fmt: skip
    assert all(hasattr(public, one) for one in public.__all__)
    assert (ROOT / "client/LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()
