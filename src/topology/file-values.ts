import { z } from 'zod';

/** An object whose unknown keys are faults, described for editors. */
export function section<Shape extends z.core.$ZodShape>(shape: Shape, description: string) {
  return z.strictObject(shape).meta({ description });
}

/** A length of time; fractions are allowed. */
export function seconds(from: number, to: number) {
  const error = `a number of seconds from ${from} to ${to}`;
  return z.number({ error }).min(from, { error }).max(to, { error });
}

/** A count of something. */
export function wholeNumber(from: number, to: number, what: string) {
  const error = `a whole number of ${what} from ${from} to ${to}`;
  return z.int({ error }).min(from, { error }).max(to, { error });
}

/** The largest limit: more than any process can serve. */
const mostRequests = 1_000_000;

/** A rate limit. */
export function requestsPerSecond() {
  const error = `a number of requests a second from 1 to ${mostRequests}`;
  return z.number({ error }).min(1, { error }).max(mostRequests, { error });
}
