export { sipsPort } from './defaults.ts';
export { nextHops } from './hops.ts';
export * from './load.ts';
export * from './model.ts';
export * from './plan.ts';
export { remoteAdministration, siteTraffic } from './site.ts';
export type { SiteTraffic } from './site.ts';
export { portNamed } from './service-names.ts';
export * from './table/index.ts';
