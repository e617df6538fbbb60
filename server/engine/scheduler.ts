/**
 * @file Who computes next. Work comes as groups of tasks (the sequences of one request); groups wait in a bounded queue, first come,
 * first served, and the tasks of those that run take turns, one step (one token, or one piece of a prompt) each. What the tasks of
 * a round have to do in common can be done before they take their turns.
 */
import { EventLoopTurns } from "../../runtime/event_loop.ts";

/** Something that advances step by step. */
export interface Task {
  /** Whether its reader is behind: it is left out until {@linkcode Scheduler.wake}. */
  readonly isPaused: boolean;
  /** One step. Gives the tasks that take its place: itself, none when it is done, several when it splits. */
  step(): Promise<readonly Task[]>;
}

/** Tasks that begin together. */
export interface TaskGroup {
  /** Tasks that it will have at most. */
  readonly slots: number;
  /** Whether nobody waits for it any more; then it does not have to wait for its turn. */
  readonly isCancelled: boolean;
  /** Its first tasks, when there is room. */
  begin(): readonly Task[];
  /** Takes an error that a step threw; its tasks are not stepped again. */
  fail(error: unknown): Promise<void>;
}

interface Running {
  readonly group: TaskGroup;
  tasks: readonly Task[];
  readonly since: number;
}

/** How much a scheduler takes on. */
export interface SchedulerLimits {
  /** Tasks that run at a time. */
  readonly maxTasks: number;
  /** Groups that wait. */
  readonly maxQueued: number;
}

/** Does beforehand what the steps of these tasks have in common; an error fails the groups of all. */
export type Prepare = (tasks: readonly Task[]) => void;

/** A guess at a group's seconds before there was one. */
const FIRST_GUESS_SECONDS = 2;
const MAX_RETRY_SECONDS = 60;

/** Runs groups of tasks in turns. */
export class Scheduler {
  readonly #limits: SchedulerLimits;
  readonly #prepare: Prepare;
  readonly #queue: TaskGroup[] = [];
  readonly #running: Running[] = [];
  #isLooping = false;
  #wake: (() => void) | null = null;
  #meanSeconds = FIRST_GUESS_SECONDS;

  /** @param prepare called with the tasks of each round */
  constructor(limits: SchedulerLimits, prepare: Prepare = () => {}) {
    this.#limits = limits;
    this.#prepare = prepare;
  }

  /** Groups that wait. */
  get queued(): number {
    return this.#queue.length;
  }

  /** Slots in use. */
  get active(): number {
    return this.#running.reduce((sum, { group }) => sum + group.slots, 0);
  }

  /** Whether a group of so many slots would be taken: there is room to run it, or to wait. */
  accepts(slots: number): boolean {
    const isNext = this.#queue.length === 0 && this.active + slots <= this.#limits.maxTasks;
    return isNext || this.#queue.length < this.#limits.maxQueued;
  }

  /** Seconds until a group that is turned away now would probably be taken: 1 to 60. */
  get retryAfter(): number {
    const rounds = (this.#queue.length + 1) / Math.max(1, this.#running.length);
    return Math.min(MAX_RETRY_SECONDS, Math.max(1, Math.ceil(rounds * this.#meanSeconds)));
  }

  /** Enters a group; false where the queue is full. */
  enqueue(group: TaskGroup): boolean {
    if (!this.accepts(group.slots)) return false;
    this.#queue.push(group);
    this.#admit();
    if (this.#isLooping) this.wake();
    else void this.#run();
    return true;
  }

  /** Looks again at paused tasks and at cancelled groups. */
  wake(): void {
    this.#wake?.();
    this.#wake = null;
  }

  /** Rounds of one step for each task that is not paused, until there is no task. */
  async #run(): Promise<void> {
    this.#isLooping = true;
    using turns = new EventLoopTurns();
    while (this.#admit(), this.#running.length > 0) {
      const ready = this.#running.flatMap((running) => running.tasks.map((task) => ({ running, task })))
        .filter(({ task }) => !task.isPaused);
      if (ready.length === 0) await new Promise<void>((resolve) => this.#wake = resolve);
      else await this.#round(ready, turns);
    }
    this.#isLooping = false;
  }

  async #round(ready: readonly { running: Running; task: Task }[], turns: EventLoopTurns): Promise<void> {
    try {
      this.#prepare(ready.map(({ task }) => task));
    } catch (error) {
      for (const { running } of ready) await this.#fail(running, error);
    }
    for (const { running, task } of ready) {
      if (!running.tasks.includes(task)) continue; // its group failed in this round
      await this.#step(running, task);
      await turns.turn();
    }
  }

  async #step(running: Running, task: Task): Promise<void> {
    try {
      const successors = await task.step();
      running.tasks = running.tasks.flatMap((other) => other === task ? successors : [other]);
      if (running.tasks.length === 0) this.#end(running);
    } catch (error) {
      await this.#fail(running, error);
    }
  }

  async #fail(running: Running, error: unknown): Promise<void> {
    if (running.tasks.length === 0) return;
    running.tasks = [];
    await running.group.fail(error);
    this.#end(running);
  }

  #end(running: Running): void {
    this.#running.splice(this.#running.indexOf(running), 1);
    this.#meanSeconds += ((performance.now() - running.since) / 1000 - this.#meanSeconds) / 8;
  }

  /** Starts groups while there is room; in order, so that a large one is not passed by forever. */
  #admit(): void {
    for (let i = 0; i < this.#queue.length;) {
      const group = this.#queue[i];
      const hasRoom = i === 0 && this.active + group.slots <= this.#limits.maxTasks;
      if (!hasRoom && !group.isCancelled) {
        i++;
        continue;
      }
      this.#queue.splice(i, 1);
      this.#running.push({ group, tasks: group.begin(), since: performance.now() });
    }
  }
}
