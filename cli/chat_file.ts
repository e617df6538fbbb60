/** @file A conversation as bytes: the messages, and the snapshot of the session that has read them. */
import * as v from "valibot";
import { WeightsError } from "../runtime/errors.ts";
import { seal, type SealedKind, unseal } from "../runtime/formats/sealed_file.ts";
import type { Model } from "../runtime/model.ts";
import type { ChatPoint } from "./chat_point.ts";

const KIND: SealedKind = { name: "saved conversation", magic: "HYMBACHA", version: 1 };

const Header = v.strictObject({
  messages: v.array(v.strictObject({ role: v.picklist(["user", "assistant"]), content: v.string() })),
  transcript: v.string(),
});

/** Writes a point of a conversation. */
export async function encodeChatPoint(
  { messages, session, transcript }: ChatPoint,
): Promise<Uint8Array<ArrayBuffer>> {
  const snapshot = await session?.snapshot() ?? new Uint8Array(0);
  return await seal(KIND, { messages, transcript }, snapshot);
}

/**
 * Reads a point of a conversation with this model.
 *
 * @throws {WeightsError} where it is damaged, or of another model
 */
export async function decodeChatPoint(bytes: Uint8Array, model: Model): Promise<ChatPoint> {
  const { header, payload } = await unseal(KIND, bytes);
  const { success, output } = v.safeParse(Header, header);
  if (!success) {
    throw new WeightsError(
      `Cannot read the ${KIND.name}: its header lacks what a header has, expected messages and transcript`,
      "Use a file that /save has written",
    );
  }
  return { ...output, session: payload.length === 0 ? null : await model.restoreSession(payload) };
}
