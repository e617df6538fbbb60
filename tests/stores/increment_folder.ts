/** A process that counts in a folder store: `increment_folder.ts FOLDER TIMES`. */
import { FolderSessionStore } from "../../server/stores/folder_store.ts";
import { increment } from "./counter.ts";

const [folder, times] = Deno.args;
await increment(await FolderSessionStore.open(folder), "n", Number(times));
