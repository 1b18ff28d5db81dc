export * from './addresses.ts';
export * from './intervals.ts';
export * from './match.ts';
export * from './rule.ts';
export * from './target.ts';
export * from './unfold.ts';
