"""The intake of a batch run: a file of any size becomes requests and records that are set aside, a few hundred in a
transaction, so that memory stays flat and an intake that is killed anywhere is taken up where it was.

    open_batch ──▶ take_in ──▶ (dispatcher, workers) ──▶ balance
      the run       reads        make and render          sums

Every record of the input becomes exactly one of the two. Nothing is planned here, but the control amounts are read.
"""

from __future__ import annotations

import hashlib
import heapq
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from renderer import pipeline
from renderer.batch.model import Balance, BatchOptions, Sums
from renderer.bootstrap import Services
from renderer.errors import DearlyError, Place, ProfileError, UsageError
from renderer.ledger.batches import BatchRun
from renderer.ledger.model import Submission
from renderer.ledger.taking import Known, SetAside, Taking, being_cancelled
from renderer.orders import Order, submission
from renderer.plan.controls import Amounts, Controls, amounts_to_bytes
from renderer.profile.carry import to_text
from renderer.profile.stream import STDIN, Form, ProfileStream, RawRecord
from renderer.template.model import Channel
from renderer.template.release import Release

AT_ONCE = 500
"""Records in one transaction: it must not keep workers waiting."""

BYTES_AT_ONCE = 16 * 2**20
"""Sealed bytes after which a transaction is closed earlier: profiles may bring pictures."""

MOST_SAMPLED = 10_000
"""Records of a sample, which are kept until all of the input was read."""

KNOWN = "batch.known"
"""The code of records that are set aside because a run before has dealt with their recipient."""

Progress = Callable[[int, "tuple[int, int] | None"], None]
"""Called with the records read, and (bytes read, bytes in all) where that is known."""


def open_batch(
    services: Services,
    release: Release,
    options: BatchOptions,
    *,
    key: str | None = None,
    hold_after: int | None = None,
) -> tuple[BatchRun, bool]:
    """The run to read an input into, and whether it is new: with a ``key`` that is known it is the one that is there.
    Raises UsageError when that was started with other options, or when the run to continue cannot be continued."""
    planner = pipeline.open_release(release)
    template = planner.template
    _check_channels(options.channels, template.channels)
    if options.sample is not None and hold_after is not None:
        raise UsageError("usage.argument", "A sample is made as a whole: --sample and --hold-after do not go together.")
    if options.sample is not None and not 1 <= options.sample <= MOST_SAMPLED:
        raise UsageError("usage.argument", f"A sample has 1 to {MOST_SAMPLED} records.")
    scope = None
    if options.continues is not None:
        before = services.batches.run(options.continues)
        if before.template != template.id:
            raise UsageError("usage.run", f"The run to continue is one of the template '{before.template}'.")
        if before.state == "open":
            hint = f"dearly batch resume {before.id}"
            raise UsageError("usage.run", "The run to continue still reads its input.", hint=hint)
        if before.id in services.batches.unfinished_cancelled():
            raise being_cancelled(before.id)
        scope = before.scope
    services.releases.publish(release)
    run_id, new = services.batches.open(
        key=None if key is None else services.vault.keyed("run", "batch", key),
        template=template.id,
        release=release.files_digest,
        options=options.to_json(),
        scope=scope,
        hold_after=hold_after,
    )
    run = services.batches.run(run_id)
    if not new:
        begun = replace(BatchOptions.from_json(run.options), population=None, form=None, columns=None)
        if begun != options or run.hold_after != hold_after or run.template != template.id:
            raise UsageError(
                "usage.run",
                "A run with this key was started with another template or other options.",
                hint=f"It is {run_id}. Give another --key for another run.",
            )
    return run, new


def look_into(release: Release, source: str, form: Form | None = None) -> None:
    """See that an input can be read at all before there is a run for it, or its header where it is CSV. Nothing is read
    of standard input or of a pipe, since it would be gone. Raises UsageError."""
    stream = ProfileStream(source, pipeline.open_release(release).template.contract, form)
    path = Path(source)
    if source != STDIN and (path.is_file() or not path.exists()):
        with stream:
            pass


def take_in(
    services: Services,
    run_id: str,
    source: str,
    *,
    form: Form | None = None,
    progress: Progress = lambda _records, _bytes: None,
) -> BatchRun:
    """Read an input into its run, from where it was left: ``source`` is a file's path, or ``-`` for standard input,
    whose form must be given. When all of it is in, the run goes on by itself.

    Of a run whose input was read already, it is only seen that it is the same. Raises UsageError when it is not, when
    the input cannot be read on (then the run stays open, and can be taken up), or when the run was cancelled.
    """
    run = services.batches.run(run_id)
    if run.state == "cancelled":
        raise UsageError("usage.run", "The run was cancelled; it takes no more records.")
    return _Taker(services, run, source, form, progress).run()


@dataclass(frozen=True, kw_only=True)
class _Read:
    """One record that was read. ``item`` is the request that it becomes, None where it has ``faults``; ``recipient`` a
    keyed digest, None where the key could not be read."""

    raw: RawRecord
    amounts: Amounts
    recipient: str | None
    item: Submission | None
    faults: tuple[DearlyError, ...]

    @property
    def bytes(self) -> int:
        return len(self.raw.text or "") + (len(self.item.sealed) if self.item is not None else 0)


class _Chain:
    """A digest over records, one after the other, that can be told at every place."""

    def __init__(self) -> None:
        self._at = b""

    def add(self, raw: RawRecord) -> None:
        text = (raw.text if raw.text is not None else "too large").encode("utf-8", "surrogatepass")
        self._at = hashlib.sha256(self._at + hashlib.sha256(text).digest()).digest()

    def told(self, services: Services) -> str:
        return services.vault.keyed("input", self._at.hex())


class _Taker:
    def __init__(self, services: Services, run: BatchRun, source: str, form: Form | None, progress: Progress) -> None:
        self._services = services
        self._run = run
        self._progress = progress
        self._options = BatchOptions.from_json(run.options)
        planner = pipeline.open_release(services.releases.get(run.release))
        self._template = planner.template
        self._contract = planner.template.contract
        self._recipient_path = next(field.path for field in self._contract.fields.values() if field.role == "recipient")
        self._controls = Controls(planner)
        self._as_of = None if self._options.as_of is None else date.fromisoformat(self._options.as_of)
        self._channels: Sequence[Channel] = self._options.channels or planner.template.channels
        self._stream = ProfileStream(source, self._contract, form or self._options.form)
        self._chain = _Chain()
        self._records = run.records
        self._balance = Balance.from_json(run.totals)

    def run(self) -> BatchRun:
        with self._stream:
            self._options = replace(self._options, form=self._stream.form, columns=self._stream.columns)
            if self._options.sample is None:
                self._take(self._rest())
            else:
                self._take(self._sampled(self._options.sample))
        self._services.batches.seal(self._run.id, self._records)
        return self._services.batches.run(self._run.id)

    # ---- Which records

    def _rest(self) -> Iterator[RawRecord]:
        """The records after those that were read before, which must be the same as then."""
        seen = 0
        for raw in self._stream:
            if seen == self._run.records:
                self._check_same()
            self._chain.add(raw)
            seen += 1
            if seen > self._run.records:
                if self._run.state != "open":
                    raise self._other("it has more records")
                yield raw
            elif seen % AT_ONCE == 0:
                self._progress(seen, self._stream.progress())
        if seen < self._run.records:
            raise self._other("it has fewer records")
        if seen == self._run.records:
            self._check_same()

    def _sampled(self, size: int) -> Iterator[RawRecord]:
        """So many records, drawn evenly from all of the input, in its order: those whose number, hashed with the seed,
        is lowest. So the same input and seed give the same ones again, and the input is read once."""
        drawn: list[tuple[int, int, RawRecord]] = []
        seen = 0
        for raw in self._stream:
            self._chain.add(raw)
            seen += 1
            rank = hashlib.blake2b(f"{self._options.seed} {raw.record}".encode(), digest_size=8).digest()
            place = -int.from_bytes(rank, "big")
            if len(drawn) < size:
                heapq.heappush(drawn, (place, raw.record, raw))
            elif place > drawn[0][0]:
                heapq.heapreplace(drawn, (place, raw.record, raw))
            if seen % AT_ONCE == 0:
                self._progress(0, self._stream.progress())
        self._check_same()
        self._options = replace(self._options, population=seen)
        chosen = sorted((record, raw) for _, record, raw in drawn)
        if len(chosen) < self._run.records or (self._run.state != "open" and len(chosen) != self._run.records):
            raise self._other("it has other records")
        for _, raw in chosen[self._run.records :]:
            yield raw

    def _check_same(self) -> None:
        if self._run.records and self._chain.told(self._services) != self._run.input_digest:
            raise self._other("it begins with other records")

    def _other(self, how: str) -> UsageError:
        return UsageError(
            "usage.run",
            f"This is not the input that the run was started with: {how}.",
            place=Place(file=self._stream.name),
            hint="Give the same input again; for another one start a run of its own, with another --key.",
        )

    # ---- Into the ledger

    def _take(self, records: Iterator[RawRecord]) -> None:
        pending: list[_Read] = []
        size = 0
        try:
            for raw in records:
                read = self._examined(raw)
                pending.append(read)
                size += read.bytes
                if len(pending) == AT_ONCE or size > BYTES_AT_ONCE:
                    self._put(pending)
                    pending, size = [], 0
        except UsageError:  # it cannot be read on; what was read stands
            if pending and self._run.state == "open":
                self._put(pending)
            raise
        if pending:
            self._put(pending)

    def _examined(self, raw: RawRecord) -> _Read:
        """A record held to the contract, with its amounts, ready to be put in."""
        found = self._contract.examine(self._stream.data(raw), raw.record, self._stream.images)
        profile, options, vault = found.profile, self._options, self._services.vault
        amounts = self._controls.read(profile, as_of=self._as_of, seed=options.seed, sound=found.sound)
        item = None
        if not found.faults:
            order = Order(
                profile=to_text(profile),
                record=raw.record,
                images=profile.images,
                as_of=options.as_of,
                locale=options.locale,
                seed=options.seed,
            )
            item = submission(
                vault,
                order,
                recipient=profile.recipient,
                idempotency=("batch", self._run.scope, profile.recipient),
                template=self._run.template,
                release=self._run.release,
                channels=self._channels,
                priority=options.level,
                record=raw.record,
                notify=options.notify,
                amounts=amounts_to_bytes(amounts) if self._controls.ids else None,
            )
        return _Read(
            raw=raw,
            amounts=amounts,
            recipient=vault.keyed("recipient", profile.recipient) if profile.recipient else None,
            item=item,
            faults=tuple(fault.at(line=raw.line) for fault in found.faults),
        )

    def _put(self, pending: Sequence[_Read]) -> None:
        """One transaction: requests, records set aside, and how far the input was read."""
        records = self._records + len(pending)
        sums = Sums(self._balance, self._controls.ids)
        with self._services.batches.taking(self._run.id, self._records) as taking:
            aside = self._sorted(taking, pending)
            rows = []
            for read, faults in zip(pending, aside, strict=True):
                sums.come_in(read.amounts)
                if faults:
                    sums.end("set_aside", read.amounts)
                    rows.append(self._aside(read, faults))
            taking.set_aside(rows)
            # Somebody may have been forgotten since; their sum is not of this process's making.
            balance = replace(sums.balance(), erased=Balance.from_json(taking.totals).erased)
            taking.move(
                records=records,
                digest=self._chain.told(self._services),
                totals=json.dumps(balance.to_json()),
                options=self._options.to_json(),
            )
        self._records, self._balance = records, balance
        self._progress(records, self._stream.progress())

    def _sorted(self, taking: Taking, pending: Sequence[_Read]) -> list[tuple[DearlyError, ...]]:
        """Put in what becomes a request; of each record why it is set aside, if it is."""
        known = taking.known({read.recipient for read in pending if read.item is not None and read.recipient})
        here: dict[str, int] = {}
        items: dict[int, Submission] = {}
        aside: list[tuple[DearlyError, ...]] = []
        for place, read in enumerate(pending):
            faults = read.faults
            if read.item is not None and read.recipient is not None:
                earlier = known.get(read.recipient, [])
                first = here.get(read.recipient) or next(
                    (one.record for one in earlier if one.run_id == self._run.id), None
                )
                if first is not None:
                    faults = (self._duplicate(read, first),)
                elif any(not one.over for one in earlier):
                    faults = (self._known(read),)
                else:
                    here[read.recipient] = read.raw.record
                    items[place] = self._after(read.item, earlier)
            aside.append(faults)
        put = taking.put(list(items.values()))
        for place, item in items.items():
            if item.id not in put:  # another run of the scope was faster
                aside[place] = (self._known(pending[place]),)
        return aside

    def _after(self, item: Submission, earlier: Sequence[Known]) -> Submission:
        """A request in the place of one that failed or was cancelled: what makes it the same one is that it comes after
        just that one."""
        if not earlier:
            return item
        return replace(item, idempotency=self._services.vault.keyed("idempotency", item.idempotency, earlier[-1].id))

    def _duplicate(self, read: _Read, first: int) -> ProfileError:
        message = f"Record {first} has the same recipient; a run has one request for each."
        return ProfileError("profile.duplicate", message, place=self._place(read))

    def _known(self, read: _Read) -> ProfileError:
        message = "The recipient has a request in a run that this one continues."
        return ProfileError("batch.known", message, place=self._place(read))

    def _place(self, read: _Read) -> Place:
        return Place(record=read.raw.record, line=read.raw.line, field=self._recipient_path)

    def _aside(self, read: _Read, faults: Sequence[DearlyError]) -> SetAside:
        vault, name = self._services.vault, f"{self._run.id} {read.raw.record}"
        text = read.raw.text
        return SetAside(
            record=read.raw.record,
            line=read.raw.line,
            field=faults[0].place.field,
            code=faults[0].code,
            faults=json.dumps([fault.as_json() for fault in faults]),
            recipient=read.recipient,
            data=None if text is None else vault.seal(text.encode("utf-8", "surrogatepass"), f"record {name}"),
            amounts=vault.seal(amounts_to_bytes(read.amounts), f"amounts {name}") if read.amounts else None,
        )


def _check_channels(asked: Sequence[Channel] | None, offered: Sequence[Channel]) -> None:
    missing = [channel for channel in asked or () if channel not in offered]
    if missing:
        raise UsageError(
            "usage.argument",
            f"The template does not make the channel '{missing[0]}'.",
            hint="It makes " + ", ".join(offered) + ".",
        )
