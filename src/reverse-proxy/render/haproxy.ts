import { hostAndPort, hostInUri } from '#base';
import type { Plan } from '#ports';
import type { Route } from '../routes.ts';
import {
  identifier,
  settingsOf,
  upstreamOf,
  type CertificatePaths,
  type ProxySettings,
} from './settings.ts';

/**
 * The rules of a reverse proxy as a complete HAProxy configuration, version 2.4 or newer. The same
 * routes, names, checks and time-outs as `ReverseProxyServer`; `certificate` must hold the key, too.
 */
export function renderHaproxy(
  plan: Plan,
  reverseProxy: string,
  paths: Partial<CertificatePaths> = {},
): string {
  const settings = settingsOf(plan, reverseProxy, {
    certificate: `/etc/usher/tls/${reverseProxy.toLowerCase()}.pem`,
    ...paths,
  });
  return [
    `# ${settings.fqdn}: rendered by Usher from the topology; change that, not this.`,
    ...preamble(settings),
    ...frontend('plain', settings),
    ...frontend('secure', settings),
    ...settings.routes.flatMap((route) => [
      ...backend(route, 'plain', settings),
      ...backend(route, 'secure', settings),
    ]),
  ].join('\n');
}

function preamble(settings: ProxySettings): readonly string[] {
  return [
    'global',
    '    maxconn 10000',
    '    ssl-default-bind-options ssl-min-ver TLSv1.2',
    '    ssl-default-server-options ssl-min-ver TLSv1.2',
    '',
    'defaults',
    '    mode http',
    `    timeout connect ${settings.connectTimeout}s`,
    `    timeout client ${settings.upstreamTimeout}s`,
    `    timeout server ${settings.upstreamTimeout}s`,
    '    timeout http-request 10s',
    '    timeout http-keep-alive 30s',
    '    retries 3',
    '    option redispatch 1',
    '    retry-on conn-failure',
    '',
  ];
}

function frontend(kind: 'plain' | 'secure', settings: ProxySettings): readonly string[] {
  const published = settings[kind];
  if (published.length === 0) return [];
  const routes = settings.routes.filter((route) => route[kind].length > 0);
  return [
    `frontend published_${kind}`,
    ...published.map(
      (endpoint) =>
        `    bind ${endpoint}${kind === 'secure' ? ` ssl crt ${settings.paths.certificate}` : ''}`,
    ),
    '    http-request deny deny_status 501 if { req.hdr(upgrade) -m found }',
    `    http-request deny deny_status 413 if { req.hdr(content-length),add(0) gt ${settings.bodyBytes} }`,
    ...['X-Forwarded-Host', 'X-Forwarded-Port', 'X-Real-IP', 'Forwarded'].map(
      (name) => `    http-request del-header ${name}`,
    ),
    '    http-request set-header X-Forwarded-For %[src]',
    `    http-request set-header X-Forwarded-Proto ${kind === 'secure' ? 'https' : 'http'}`,
    ...routes.map(
      (route) =>
        `    acl is_${identifier(route.pool, kind)} req.hdr(host),field(1,:),lower -m str ${route.names.join(' ')}`,
    ),
    ...routes.map((route) => {
      const id = identifier(route.pool, kind);
      return `    use_backend ${id} if is_${id}`;
    }),
    '    default_backend nowhere',
    '',
    // Declared once, by the frontend that is always there when the other is.
    ...(kind === 'secure' || settings.secure.length === 0
      ? ['backend nowhere', '    http-request deny deny_status 404', '']
      : []),
  ];
}

function backend(
  route: Route,
  kind: 'plain' | 'secure',
  settings: ProxySettings,
): readonly string[] {
  if (route[kind].length === 0 || settings[kind].length === 0) return [];
  const { hops, source } = upstreamOf(route, kind, settings);
  return [
    `backend ${identifier(route.pool, kind)}`,
    '    balance source',
    '    hash-type consistent',
    `    source ${hostInUri(source)}`,
    ...hops.map((hop) => {
      const check =
        kind === 'secure'
          ? ` ssl verify required ca-file ${settings.paths.ca} sni str(${hop.name}) verifyhost ${hop.name}`
          : '';
      return `    server ${hop.name} ${hostAndPort(hop.address, hop.port)}${check}`;
    }),
    '',
  ];
}
