"""The HTTP API under hands that mean no good: every address with generated input, against a real server on loopback.

What must hold: no answer of the 500s but the 503 that says that no worker lives, no answer that the description lacks,
and no call that works without a key.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings, strategies

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the tool's own, about itself
    import schemathesis
    from schemathesis import GenerationMode
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi import checks as rules

from tests.http_house import HttpHouse, http_house

EXAMPLES = 60

RULES: list[Any] = [
    not_a_server_error,
    rules.status_code_conformance,
    rules.content_type_conformance,
    rules.response_schema_conformance,
    rules.response_headers_conformance,
    rules.unsupported_method,
    rules.allow_header_conformance,
    rules.ignored_auth,
    rules.missing_required_header,
    rules.negative_data_rejection,
]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HttpHouse]:
    folder = tmp_path_factory.mktemp("fuzz")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "renderer.api.caller.MISSED_BURST", 1_000_000
        )  # a good part of the calls shows no key, or another
        with http_house(folder, f"sqlite:///{folder}/ledger.sqlite", api_rate=100_000, api_burst=1_000_000) as made:
            yield made


@pytest.fixture(scope="module")
def ids(house: HttpHouse) -> dict[str, list[str]]:
    """Requests, runs and templates that are there."""
    done, waiting = (house.submit(name).json["id"] for name in ("done", "waiting"))
    house.make(done)
    run = house.services.intake.open_run("batch", template="small", hold_after=1)
    return {"requests": [done, waiting], "runs": [run], "templates": ["small"]}


@pytest.fixture(scope="module")
def schema(house: HttpHouse) -> Any:
    found = schemathesis.openapi.from_url(f"{house.url}/v1/openapi.json")
    found.config.update(headers={"Authorization": f"Bearer {house.all}"})
    return found


@schemathesis.serializer(
    "application/jsonl", "application/x-ndjson", "application/jsonlines", "application/x-jsonlines"
)
def as_lines(_context: Any, value: Any) -> bytes:
    """A body of one line, and of one that is no JSON."""
    return json.dumps(value).encode() + b"\n{\n"


@schemathesis.deserializer("application/jsonl")
def last_line(_context: Any, answer: Any) -> Any:
    """Each line is JSON; the last one is held against the schema, as any would be."""
    return [json.loads(line) for line in answer.content.splitlines()][-1]


def operations() -> list[tuple[str, str]]:
    """Every method of every address, as the description in the documentation has them."""
    found = json.loads((Path(__file__).parents[2] / "docs/api.openapi.json").read_text("utf-8"))
    return [(path, method.upper()) for path, methods in found["paths"].items() for method in methods]


@pytest.mark.slow
@pytest.mark.parametrize(("path", "method"), operations())
def test_every_address(path: str, method: str, schema: Any, ids: dict[str, list[str]]) -> None:
    """With input that the description allows and input that it does not, with ids that are made up and with those of
    something that is there."""
    operation = schema[path][method]
    there = ids.get(path.split("/")[2] if path.count("/") > 2 else "", [])
    modes = [GenerationMode.POSITIVE, *([GenerationMode.NEGATIVE] if may_be_wrong(operation) else [])]
    cases = {mode: operation.as_strategy(generation_mode=mode) for mode in modes}

    @given(data=strategies.data())
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
        derandomize=True,
        database=None,
    )
    def calls(data: strategies.DataObject) -> None:
        mode = data.draw(strategies.sampled_from(modes))
        case = data.draw(cases[mode])
        if there and mode.is_positive and (known := data.draw(strategies.sampled_from([None, *there]))):
            case.path_parameters["id"] = known
        answer = case.call(timeout=30)
        if path == "/readyz" and answer.status_code == 503:
            assert answer.json()["workers"] == 0
            return
        # Of a stream the first answer tells that all of it is read; what is wrong with a line is told in its place.
        checks = (
            RULES
            if not path.endswith(":stream")
            else [one for one in RULES if one is not rules.negative_data_rejection]
        )
        case.validate_response(answer, checks=checks)

    calls()


def may_be_wrong(operation: Any) -> bool:
    """Whether there is anything that can be wrong with a call."""
    return bool(list(operation.iter_parameters()) or operation.body)
