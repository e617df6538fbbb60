import { assertEquals, assertRejects } from "@std/assert";
import { EventChannel } from "../../server/engine/event_channel.ts";

async function collect(channel: EventChannel<number>): Promise<number[]> {
  const all: number[] = [];
  for await (const event of channel) all.push(event);
  return all;
}

Deno.test("EventChannel gives events in order, those before the reader came included", async () => {
  const channel = new EventChannel<number>({ capacity: 2 });
  channel.push(1);
  const all = collect(channel);
  await Promise.resolve();
  channel.push(2);
  channel.push(3);
  channel.close();
  assertEquals(await all, [1, 2, 3]);
});

Deno.test("EventChannel is full from its capacity on, and says when there is room again", async () => {
  let drained = 0;
  const channel = new EventChannel<number>({ capacity: 2, onDrain: () => drained++ });
  const full = [1, 2, 3].map((event) => {
    channel.push(event);
    return channel.isFull;
  });
  assertEquals(full, [false, true, true]);
  const reader = channel[Symbol.asyncIterator]();
  const seen = [];
  for (let i = 0; i < 3; i++) seen.push([(await reader.next()).value, channel.isFull, drained]);
  assertEquals(seen, [[1, true, 0], [2, false, 1], [3, false, 1]]);
  channel.close();
  assertEquals((await reader.next()).done, true);
});

Deno.test("EventChannel throws its error behind the events that were there", async () => {
  const channel = new EventChannel<number>({ capacity: 2 });
  channel.push(1);
  channel.fail(new TypeError("broken"));
  const reader = channel[Symbol.asyncIterator]();
  assertEquals(await reader.next(), { done: false, value: 1 });
  await assertRejects(() => reader.next(), TypeError, "broken");
});

Deno.test("EventChannel tells when its reader leaves, and takes nothing more", async () => {
  let left = 0;
  const channel = new EventChannel<number>({ capacity: 1, onLeave: () => left++ });
  channel.push(1);
  channel.push(2);
  for await (const _ of channel) break;
  channel.push(3);
  assertEquals([left, channel.isFull], [1, false]);
});

Deno.test("EventChannel tells once that it is closed, whether its reader is there or not", () => {
  let closed = 0;
  const channel = new EventChannel<number>({ capacity: 1, onClose: () => closed++ });
  channel.close();
  channel.fail(new Error("too late"));
  assertEquals(closed, 1);
});

Deno.test("EventChannel does not take the end for the reader's leaving", async () => {
  let left = 0;
  const channel = new EventChannel<number>({ capacity: 1, onLeave: () => left++ });
  channel.close();
  assertEquals([await collect(channel), left], [[], 0]);
});
