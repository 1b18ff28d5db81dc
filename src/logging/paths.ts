/** Paths of each listener; an agent answers no other. */
export const paths = {
  start: '/v1/scenarios/start',
  stop: '/v1/scenarios/stop',
  update: '/v1/scenarios/update',
  flush: '/v1/flush',
  status: '/v1/status',
  search: '/v1/search',
  follow: '/v1/follow',
} as const;
