export { proxiedRequests, proxyFaults, type ProxiedRequest } from './channels.ts';
export { defaultLimits as defaultReverseProxyLimits, type ReverseProxyLimits } from './limits.ts';
export { renderHaproxy } from './render/haproxy.ts';
export { renderNginx } from './render/nginx.ts';
export type { CertificatePaths } from './render/settings.ts';
export { routesOf, type Route } from './routes.ts';
export { ReverseProxyServer, type ReverseProxyOptions } from './server.ts';
