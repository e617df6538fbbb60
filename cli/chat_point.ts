/** @file A moment of a conversation, to go on from. */
import type { ChatMessage } from "../runtime/chat.ts";
import type { Session } from "../runtime/session.ts";

/** A point of a conversation: what was said, and a session that has read the transcript, the beginning of what was said as text. */
export interface ChatPoint {
  readonly messages: readonly ChatMessage[];
  /** Null: nothing is read yet, or it has to be read again. */
  readonly session: Session | null;
  readonly transcript: string;
}
