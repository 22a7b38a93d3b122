"""Watches a bucket from its first write on, and prints every revision of every key, a JSON object a line.

watch.py URL BUCKET: says `watching`, and goes on until its stdin ends; then it gives what was written until then. `ends`
tells whether this write is a whole, or the last of an atomic batch: only then does anybody see it without the others.
At each write it also reads all documents as they are at that moment: they must be JSON whenever they are looked at.
"""

import asyncio
import json
import sys

import nats


async def main(url, name):
    client = await nats.connect(url)
    stream = client.jetstream()
    bucket = await stream.key_value(name)
    start = f"$KV.{name}."
    seen = asyncio.Event()
    last = 0

    async def note(message):
        nonlocal last
        headers = message.headers or {}
        last = message.metadata.sequence.stream
        key = message.subject[len(start) :]
        ends = "Nats-Batch-Id" not in headers or "Nats-Batch-Commit" in headers
        print(json.dumps({"revision": last, "key": key, "value": json.loads(message.data), "ends": ends}), flush=True)
        for other in await bucket.keys():
            json.loads((await bucket.get(other)).value)
        seen.set()

    await stream.subscribe(start + ">", ordered_consumer=True, cb=note)
    print("watching", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    end = (await stream.stream_info(f"KV_{name}")).state.last_seq
    while last < end:
        await asyncio.wait_for(seen.wait(), 30)
        seen.clear()
    await client.close()


asyncio.run(main(*sys.argv[1:]))
