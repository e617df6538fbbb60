import { assert, assertEquals } from "@std/assert";
import { Scheduler, type Task, type TaskGroup } from "../../server/engine/scheduler.ts";

/** A group of one task that takes `steps` steps and writes its name at each. */
class Named implements TaskGroup, Task {
  readonly slots: number;
  isCancelled = false;
  isPaused = false;
  failure: unknown = null;
  readonly done: Promise<void>;
  readonly #log: string[];
  readonly #name: string;
  #left: number;
  #finish = (): void => {};

  constructor(log: string[], name: string, steps: number, slots = 1) {
    this.#log = log;
    this.#name = name;
    this.#left = steps;
    this.slots = slots;
    this.done = new Promise((resolve) => this.#finish = resolve);
  }

  begin(): readonly Task[] {
    return [this];
  }

  async step(): Promise<readonly Task[]> {
    await Promise.resolve();
    this.#log.push(this.#name);
    if (--this.#left > 0) return [this];
    this.#finish();
    return [];
  }

  fail(error: unknown): Promise<void> {
    this.failure = error;
    this.#finish();
    return Promise.resolve();
  }
}

Deno.test("Scheduler gives each task one step a round", async () => {
  const log: string[] = [];
  const scheduler = new Scheduler({ maxTasks: 3, maxQueued: 0 });
  const groups = ["a", "b", "c"].map((name, i) => new Named(log, name, 2 + i));
  groups.forEach((group) => assert(scheduler.enqueue(group)));
  await Promise.all(groups.map(({ done }) => done));
  assertEquals(log.join(""), "aabcbcbcc");
});

Deno.test("Scheduler lets a newcomer in between two rounds", async () => {
  const log: string[] = [];
  const scheduler = new Scheduler({ maxTasks: 2, maxQueued: 0 });
  const long = new Named(log, "a", 6), short = new Named(log, "b", 2);
  const step = long.step.bind(long);
  long.step = () => {
    if (log.length === 3) scheduler.enqueue(short);
    return step();
  };
  scheduler.enqueue(long);
  await Promise.all([long.done, short.done]);
  assertEquals(log.join(""), "aaaaabab");
});

Deno.test("Scheduler runs what fits, queues in order, and turns away what is beyond the queue", async () => {
  const log: string[] = [];
  const scheduler = new Scheduler({ maxTasks: 1, maxQueued: 2 });
  const groups = ["a", "b", "c", "d"].map((name) => new Named(log, name, 2));
  assertEquals(groups.map((group) => scheduler.enqueue(group)), [true, true, true, false]);
  assertEquals([scheduler.active, scheduler.queued], [1, 2]);
  assert(scheduler.retryAfter >= 1 && scheduler.retryAfter <= 60);
  await groups[2].done;
  assertEquals(log.join(""), "aabbcc");
});

Deno.test("Scheduler takes a group without a queue while there is room", async () => {
  const scheduler = new Scheduler({ maxTasks: 1, maxQueued: 0 });
  const [first, second] = [new Named([], "a", 1), new Named([], "b", 1)];
  assertEquals([scheduler.enqueue(first), scheduler.enqueue(second)], [true, false]);
  await first.done;
});

Deno.test("Scheduler does not let small groups pass a large one forever", async () => {
  const log: string[] = [];
  const scheduler = new Scheduler({ maxTasks: 2, maxQueued: 9 });
  const groups = [
    new Named(log, "a", 2),
    new Named(log, "L", 1, 2),
    new Named(log, "b", 1),
    new Named(log, "c", 1),
  ];
  groups.forEach((group) => scheduler.enqueue(group));
  await Promise.all(groups.map(({ done }) => done));
  assertEquals(log.join(""), "aaLbc");
});

Deno.test("Scheduler leaves a paused task out until it is woken, and runs the others", async () => {
  const log: string[] = [];
  const scheduler = new Scheduler({ maxTasks: 2, maxQueued: 0 });
  const slow = new Named(log, "s", 3), fast = new Named(log, "f", 5);
  slow.isPaused = true;
  scheduler.enqueue(slow);
  scheduler.enqueue(fast);
  await fast.done;
  assertEquals(log.join(""), "fffff");
  slow.isPaused = false;
  scheduler.wake();
  await slow.done;
  assertEquals(log.join(""), "fffffsss");
});

Deno.test("Scheduler hands a cancelled group on at once, without room", async () => {
  const log: string[] = [];
  const scheduler = new Scheduler({ maxTasks: 1, maxQueued: 3 });
  const first = new Named(log, "a", 1), second = new Named(log, "b", 1), third = new Named(log, "c", 1);
  first.isPaused = true;
  [first, second, third].forEach((group) => scheduler.enqueue(group));
  third.isCancelled = true;
  scheduler.wake();
  await third.done;
  assertEquals(log.join(""), "c");
  first.isPaused = false;
  scheduler.wake();
  await second.done;
  assertEquals(log.join(""), "cab");
});

Deno.test("Scheduler tells a group of its task's error, and goes on with the others", async () => {
  const log: string[] = [];
  const scheduler = new Scheduler({ maxTasks: 2, maxQueued: 0 });
  const broken = new Named(log, "x", 3), sound = new Named(log, "a", 3);
  broken.step = () => Promise.reject(new Error("broken"));
  scheduler.enqueue(broken);
  scheduler.enqueue(sound);
  await Promise.all([broken.done, sound.done]);
  assertEquals((broken.failure as Error).message, "broken");
  assertEquals(log.join(""), "aaa");
  assertEquals([scheduler.active, scheduler.queued], [0, 0]);
});

Deno.test("Scheduler prepares each round with the tasks that will step in it", async () => {
  const log: string[] = [];
  const rounds: number[] = [];
  const scheduler = new Scheduler({ maxTasks: 3, maxQueued: 0 }, (tasks) => {
    rounds.push(tasks.length);
    log.push("|");
  });
  const groups = [2, 2, 3].map((steps, i) => new Named(log, "abc"[i], steps));
  groups[2].isPaused = true;
  groups.forEach((group) => scheduler.enqueue(group));
  await groups[1].done;
  groups[2].isPaused = false;
  scheduler.wake();
  await groups[2].done;
  assertEquals(log.join(""), "|a|ab|b|c|c|c");
  assertEquals(rounds, [1, 2, 1, 1, 1, 1]);
});

Deno.test("Scheduler fails every group of a round that cannot be prepared, and takes new ones", async () => {
  const log: string[] = [];
  const scheduler = new Scheduler({ maxTasks: 2, maxQueued: 1 }, ({ length }) => {
    if (length === 2) throw new Error("lost");
  });
  const [first, second, third] = ["a", "b", "c"].map((name) => new Named(log, name, 2));
  [first, second, third].forEach((group) => scheduler.enqueue(group));
  await Promise.all([first.done, second.done]);
  await third.done;
  assertEquals([first, second].map(({ failure }) => (failure as Error).message), ["lost", "lost"]);
  await new Promise((resolve) => setTimeout(resolve, 0)); // for the end of the round
  assertEquals([third.failure, log.join("")], [null, "acc"]);
  assertEquals([scheduler.active, scheduler.queued], [0, 0]);
});

Deno.test("Scheduler replaces a task by what it splits into", async () => {
  const log: string[] = [];
  const scheduler = new Scheduler({ maxTasks: 3, maxQueued: 0 });
  const parts = ["1", "2", "3"].map((name) => new Named(log, name, 2));
  const whole: TaskGroup & Task = {
    slots: 3,
    isCancelled: false,
    isPaused: false,
    begin: () => [whole],
    step: () => Promise.resolve(parts),
    fail: () => Promise.resolve(),
  };
  scheduler.enqueue(whole);
  await Promise.all(parts.map(({ done }) => done));
  assertEquals(log.join(""), "123123");
});
