/** Runs the model on one thread and on two; prints how many ran, why, and whether their logits are the same bits. */
import { loadModel } from "@hymba/runtime";
import { compareThreads } from "./compare_threads.js";

console.log(JSON.stringify(await compareThreads(loadModel)));
