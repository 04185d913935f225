"""When a message is tried again, and how long a receiver that does not answer is left alone. Pure.

The pauses of a message are those that the Standard Webhooks specification proposes. The rests of a receiver keep a
backlog from being thrown at one that is down: while it rests, what waits for it loses no attempts.
"""

from __future__ import annotations

PAUSES_S = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""The pause after each attempt that did not get through. After the last one comes a last attempt."""

JITTER = 0.2
"""A pause is longer by up to this share, so that what failed together does not come back together."""

LONGEST_S = 86_400
"""What a receiver may ask for with ``Retry-After``."""

RESTS_S = (0, 0, 2, 5, 15, 60, 180, 300)
"""How long a receiver rests after nothing has got through so often in a row; the last counts for all that follow."""

LONGEST_REST_S = 3_600
"""How long ``Retry-After`` may keep all else from a receiver."""


def pause_s(attempts: int, asked_s: float | None, chance: float) -> float | None:
    """The pause after so many attempts, None where there are no more. ``asked_s`` is what the receiver asked for,
    ``chance`` a number from 0 to 1. A receiver may ask for a longer pause, never for a shorter one: its attempts would
    be over before it is well again."""
    if attempts > len(PAUSES_S):
        return None
    usual = PAUSES_S[attempts - 1] * (1 + JITTER * chance)
    return max(usual, min(asked_s or 0, LONGEST_S))


def rest_s(failures: int, asked_s: float | None, chance: float) -> float:
    """How long a receiver is left alone after so many failures in a row, which may be none."""
    usual = RESTS_S[max(0, min(failures, len(RESTS_S)) - 1)] * (1 + JITTER * chance)
    return max(usual, min(asked_s or 0, LONGEST_REST_S))


def hold_s(times: int, chance: float) -> float:
    """How long a receiver is left alone for a fault of ours that was found so often in a row."""
    return rest_s(RESTS_S.count(0) + times, None, chance)
