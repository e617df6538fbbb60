/** @file The form in which the page's files ship. */

/** A file, compressed. */
export interface PageFile {
  /** Its content type. */
  readonly type: string;
  /** Its content, gzipped, in base64. */
  readonly gzip: string;
}
