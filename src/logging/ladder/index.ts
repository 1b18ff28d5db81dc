export { laddersOf } from './flow.ts';
export type { Arrow, Ladder, Lifeline } from './flow.ts';
export { ladderNames, roleName } from './names.ts';
export { ladderSvg } from './svg.ts';
export { ladderText } from './text.ts';
export type { LadderStyle } from './text.ts';
