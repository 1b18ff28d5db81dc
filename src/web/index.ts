export { webFaults, webRequests, type WebRequestSeen } from './channels.ts';
export { HttpSocket, type HttpSocketLimits, type HttpSocketOptions } from './http-socket.ts';
export type { InterServerHealth, InterServerUser } from './inter-server/answer.ts';
export { InterServerClient, type InterServerClientOptions } from './inter-server/client.ts';
export { defaultLimits as defaultWebLimits, type WebLimits } from './limits.ts';
export { WebServer, type WebServerOptions } from './server.ts';
export { siteSteps } from './site/answer.ts';
