/** The words every target speaks, for the folders below this one. */
export * from '../model/addresses.ts';
export * from '../model/intervals.ts';
export * from '../model/match.ts';
export * from '../model/rule.ts';
export * from '../model/target.ts';
