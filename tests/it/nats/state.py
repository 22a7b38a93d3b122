"""What the state of PEER is tried with by hand, beside `flow`, with a client that is not ours.

state.py URL BUCKET: lists, writes, reads, changes and deletes documents; ends with 0 when all of it was as expected.
"""

import asyncio
import json
import sys

import nats
from nats.js.errors import KeyDeletedError, KeyNotFoundError, KeyWrongLastSequenceError


async def missing(bucket, key):
    try:
        await bucket.get(key)
    except (KeyNotFoundError, KeyDeletedError):
        return True
    return False


async def meta(bucket):
    key = "peer.spec.test-spec.meta"
    value = {
        "spec_name": "test-spec",
        "created_at": "2026-11-26T06:00:00Z",
        "current_cycle": 1,
        "current_phase": "plan",
        "cycles": {"1": {"instruction": "test-instruction", "status": "running", "started_at": "2026-11-26T06:00:00Z"}},
    }
    await bucket.put(key, json.dumps(value).encode())
    assert json.loads((await bucket.get(key)).value) == value
    assert key in await bucket.keys()
    await bucket.delete(key)
    assert await missing(bucket, key)


async def cycle(bucket):
    key = "peer.spec.test-spec.cycle.1"
    value = {
        "cycle_number": 1,
        "instruction": "test-instruction",
        "started_at": "2026-11-26T06:00:00Z",
        "phases": {"plan": {"status": "complete", "output": {"steps": ["Step 1", "Step 2"]}}},
        "status": {"current_phase": "execute", "progress_percent": 25},
    }
    first = await bucket.create(key, json.dumps(value).encode())
    seen = await bucket.get(key)
    assert (seen.revision, json.loads(seen.value)) == (first, value)
    value["phases"]["execute"] = {"status": "complete", "output": {"files_created": ["file1.md", "file2.md"]}}
    value["status"] = {"current_phase": "express", "progress_percent": 50}
    second = await bucket.update(key, json.dumps(value).encode(), last=first)
    assert second > first
    try:
        await bucket.update(key, b"lost", last=first)
        raise AssertionError("a write over an old revision was taken")
    except KeyWrongLastSequenceError:
        pass
    history = await bucket.history(key)
    assert [entry.revision for entry in history] == [first, second]
    assert list(json.loads((await bucket.get(key)).value)["phases"]) == ["plan", "execute"]
    await bucket.delete(key)


async def errors(bucket):
    assert await missing(bucket, "peer.spec.non-existent.meta")
    key = "peer.spec.test-invalid.meta"
    await bucket.put(key, b"invalid json\n")
    try:
        json.loads((await bucket.get(key)).value)
        raise AssertionError("it was read as JSON")
    except ValueError:
        pass
    await bucket.delete(key)


async def watch(bucket):
    key = "peer.spec.test-watch.meta"
    watcher = await bucket.watch("peer.spec.test-watch.>")
    assert await watcher.updates(timeout=10) is None, "nothing is there yet"
    revisions = [await bucket.put(key, str(n).encode()) for n in range(3)]
    seen = [await watcher.updates(timeout=10) for _ in revisions]
    assert [(entry.key, entry.revision) for entry in seen] == [(key, revision) for revision in revisions]
    await watcher.stop()
    await bucket.delete(key)


async def main(url, name):
    client = await nats.connect(url)
    bucket = await client.jetstream().key_value(name)
    status = await bucket.status()
    assert status.history == 50, status
    there = set(await bucket.keys())
    assert {"peer.instruction.create-spec.meta", "peer.instruction.create-spec.cycle.1"} <= there, there
    for part in (meta, cycle, errors, watch):
        await part(bucket)
    assert set(await bucket.keys()) == there
    await client.close()


asyncio.run(main(*sys.argv[1:]))
