/** A stream that keeps what is written to it. */
export class MemorySink extends WritableStream<Uint8Array<ArrayBuffer>> {
  /** Length of the longest piece, in bytes. */
  longestPiece = 0;
  closed = false;
  aborted: unknown = undefined;
  readonly #pieces: Uint8Array<ArrayBuffer>[];

  constructor() {
    const pieces: Uint8Array<ArrayBuffer>[] = [];
    super({
      write: (piece) => {
        pieces.push(piece.slice());
        this.longestPiece = Math.max(this.longestPiece, piece.length);
      },
      close: () => {
        this.closed = true;
      },
      abort: (reason) => {
        this.aborted = reason;
      },
    });
    this.#pieces = pieces;
  }

  /** Everything written so far. */
  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return new Uint8Array(await new Blob(this.#pieces).arrayBuffer());
  }
}
