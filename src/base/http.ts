import type * as Http from 'node:http';

/**
 * Node's HTTP, for its functions; types come from `node:http`. An import of that module reads everything it
 * exports, and so loads a second HTTP client nobody uses here: 40 ms of every start.
 */
export function http(): typeof Http {
  return process.getBuiltinModule('node:http');
}
