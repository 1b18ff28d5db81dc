/** A number below the bound; equal seeds give equal numbers. */
export type Dice = (below: number) => number;

/** The generator of Numerical Recipes, a few steps in. */
export function dice(seed: number): Dice {
  let state = seed >>> 0;
  const next: Dice = (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  for (let step = 0; step < 3; step += 1) next(1);
  return next;
}
