/** Levels of the Centralized Logging Service, gravest first; each includes the ones before it. */
export const levels = ['Fatal', 'Error', 'Warning', 'Info', 'Verbose', 'Debug'] as const;
export type Level = (typeof levels)[number];

/** 0 for `Fatal` to 5 for `Debug`; the number the store keeps. */
export function levelRank(level: Level): number {
  return levels.indexOf(level);
}

/** True when a threshold of `threshold` lets `level` through. */
export function includesLevel(threshold: Level, level: Level): boolean {
  return levelRank(level) <= levelRank(threshold);
}
