import { hostAndPort } from '#base';
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
 * The rules of a reverse proxy as an nginx configuration for the `http` context (one file in
 * `conf.d/`). The same routes, names, checks and time-outs as `ReverseProxyServer`.
 *
 * nginx 1.21 or newer. Each member's certificate is checked for the pool's name, which all of them
 * carry, since nginx knows one name a location.
 */
export function renderNginx(
  plan: Plan,
  reverseProxy: string,
  paths: Partial<CertificatePaths> = {},
): string {
  const settings = settingsOf(plan, reverseProxy, paths);
  const { routes } = settings;
  return [
    `# ${settings.fqdn}: rendered by Usher from the topology; change that, not this.`,
    '',
    ...routes.flatMap((route) => [
      ...upstream(route, 'plain', settings),
      ...upstream(route, 'secure', settings),
    ]),
    ...fallback(settings),
    ...routes.flatMap((route) => [
      ...server(route, 'plain', settings),
      ...server(route, 'secure', settings),
    ]),
  ].join('\n');
}

function upstream(
  route: Route,
  kind: 'plain' | 'secure',
  settings: ProxySettings,
): readonly string[] {
  if (route[kind].length === 0 || settings[kind].length === 0) return [];
  const { hops } = upstreamOf(route, kind, settings);
  return [
    `upstream ${identifier(route.pool, kind)} {`,
    // One client stays with one member; a single address is never taken out.
    ...(hops.length > 1 ? ['    hash $remote_addr consistent;'] : []),
    ...hops.map(
      (hop) =>
        `    server ${hostAndPort(hop.address, hop.port)}${hops.length > 1 ? ' fail_timeout=10s' : ' max_fails=0'};`,
    ),
    '    keepalive 64;',
    '}',
    '',
  ];
}

const headLimits: readonly string[] = [
  '    client_header_timeout 10s;',
  '    large_client_header_buffers 4 8k;',
];

/** What is asked for by another name is not here. */
function fallback(settings: ProxySettings): readonly string[] {
  return [
    'server {',
    ...settings.plain.map((endpoint) => `    listen ${endpoint} default_server;`),
    ...settings.secure.map((endpoint) => `    listen ${endpoint} ssl default_server;`),
    ...(settings.secure.length === 0 ? [] : certificate(settings)),
    '    server_name _;',
    '    server_tokens off;',
    // Until nginx has read which server is meant, it goes by the limits of this one.
    ...headLimits,
    '    return 404;',
    '}',
    '',
  ];
}

function server(
  route: Route,
  kind: 'plain' | 'secure',
  settings: ProxySettings,
): readonly string[] {
  const published = settings[kind];
  if (published.length === 0 || route[kind].length === 0) return [];
  const scheme = kind === 'secure' ? 'https' : 'http';
  return [
    'server {',
    ...published.map((endpoint) => `    listen ${endpoint}${kind === 'secure' ? ' ssl' : ''};`),
    ...(kind === 'secure' ? certificate(settings) : []),
    `    server_name ${route.names.join(' ')};`,
    '    server_tokens off;',
    `    client_max_body_size ${settings.bodyBytes};`,
    ...headLimits,
    '    keepalive_timeout 30s;',
    '    location / {',
    '        if ($http_upgrade) { return 501; }',
    // nginx goes by the host of an absolute form and would hand on another Host beside it.
    '        if ($request ~ "^[^ ]+ [^/]") { return 400; }',
    `        proxy_pass ${scheme}://${identifier(route.pool, kind)};`,
    `        proxy_bind ${upstreamOf(route, kind, settings).source};`,
    '        proxy_http_version 1.1;',
    '        proxy_set_header Host $http_host;',
    '        proxy_set_header Connection "";',
    '        proxy_set_header X-Forwarded-For $remote_addr;',
    '        proxy_set_header X-Forwarded-Proto $scheme;',
    ...['X-Forwarded-Host', 'X-Forwarded-Port', 'X-Real-IP', 'Forwarded'].map(
      (name) => `        proxy_set_header ${name} "";`,
    ),
    '        proxy_buffering off;',
    '        proxy_request_buffering off;',
    `        proxy_connect_timeout ${settings.connectTimeout}s;`,
    `        proxy_read_timeout ${settings.upstreamTimeout}s;`,
    `        proxy_send_timeout ${settings.upstreamTimeout}s;`,
    '        proxy_next_upstream error timeout;',
    '        proxy_redirect off;',
    ...(kind === 'secure' ? nameCheck(route, settings) : []),
    '    }',
    '}',
    '',
  ];
}

function certificate(settings: ProxySettings): readonly string[] {
  return [
    `    ssl_certificate ${settings.paths.certificate};`,
    `    ssl_certificate_key ${settings.paths.key};`,
    '    ssl_protocols TLSv1.2 TLSv1.3;',
  ];
}

function nameCheck(route: Route, settings: ProxySettings): readonly string[] {
  return [
    '        proxy_ssl_verify on;',
    '        proxy_ssl_verify_depth 4;',
    `        proxy_ssl_trusted_certificate ${settings.paths.ca};`,
    '        proxy_ssl_server_name on;',
    `        proxy_ssl_name ${route.pool};`,
    '        proxy_ssl_protocols TLSv1.2 TLSv1.3;',
  ];
}
