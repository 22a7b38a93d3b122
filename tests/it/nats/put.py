"""put.py URL BUCKET KEY TEXT: writes a document as somebody would by hand."""

import asyncio
import sys

import nats


async def main(url, bucket, key, text):
    client = await nats.connect(url)
    await (await client.jetstream().key_value(bucket)).put(key, text.encode())
    await client.close()


asyncio.run(main(*sys.argv[1:]))
