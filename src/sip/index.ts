export * from './channels.ts';
export * from './message/index.ts';
export { Buckets } from './overload/buckets.ts';
export { UseExchange } from './overload/use-exchange.ts';
export { isOfDialog, saysEmergency } from './overload/priority.ts';
export { RateLimiter, rateOf } from './overload/rate.ts';
export type { Rate } from './overload/rate.ts';
export { continueChain, runChain } from './proxy/chain.ts';
export { loop, maxForwards } from './proxy/deciders.ts';
export type {
  Destination,
  ForwardPlan,
  NamedDecider,
  Outcome,
  OwnAnswer,
  RequestContext,
  ResponseHeaders,
  SipHop,
  Target,
} from './proxy/model.ts';
export { dnsResolver } from './resolve/dns.ts';
export { locate } from './resolve/locate.ts';
export type { Located, Naptr, Place, Resolver, Srv } from './resolve/locate.ts';
export { SipServer } from './server.ts';
export type { SipReload, SipServerDump, SipServerOptions } from './server.ts';
export { dialledLabel, formatEndpoint } from './transport/connection.ts';
export type { Connection, Endpoint, Peer } from './transport/connection.ts';
export { defaultSipLimits } from './transport/limits.ts';
export type { SipLimits } from './transport/limits.ts';
export type { SipAdmission, SipListener } from './transport/listener.ts';
