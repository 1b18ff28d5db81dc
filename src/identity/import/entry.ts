/** A text of the file and where it stands; lines and columns from 1. */
export interface Placed {
  readonly text: string;
  readonly line: number;
  readonly column: number;
}

/** One user as the file has it: fields by name, not yet looked at. */
export interface Entry {
  readonly line: number;
  readonly column: number;
  /** `2` for the third user of a list; empty for CSV, where the line says it all. */
  readonly path: string;
  readonly fields: ReadonlyMap<string, Placed>;
}

/** Something that keeps a file from being read as a list of users at all. */
export interface Obstacle {
  readonly line: number;
  readonly column: number;
  readonly path: string;
  readonly code: string;
  readonly found: string;
  readonly allowed: string;
}

/** What a reader of one format makes of a file. */
export interface Reading {
  readonly entries: readonly Entry[];
  readonly obstacles: readonly Obstacle[];
}
