import type { Language } from '#base';

const en = {
  description: 'put nginx or HAProxy in the place of the reverse proxy',
  render: 'print the configuration that does the same as the reverse proxy of the topology',
  topology: 'topology file (default ./topology.yaml, else the Contoso example)',
  target: 'nginx (a file for conf.d/) or haproxy (a complete configuration)',
  host: 'which reverse proxy (default the first of the topology)',
  certificate: 'its certificate chain; for HAProxy with the key (default under /etc/usher/tls/)',
  key: 'its private key, for nginx',
  ca: 'the CA the certificates of the pools come from',
  portOffset: 'the offset the deployment was started with',
  examples: `
Examples:
  usher reverse-proxy render --target nginx > /etc/nginx/conf.d/usher.conf
  usher reverse-proxy render --target haproxy topology.yaml > /etc/haproxy/haproxy.cfg`,
  badTarget: (target: string) => `--target takes nginx or haproxy, not ${JSON.stringify(target)}`,
  badTargetRemedy: 'Name one of the two.',
  none: (file: string) => `${file} has no reverse proxy`,
  noneRemedy: 'Add one under reverseProxies in the topology.',
};

const de: typeof en = {
  description: 'nginx oder HAProxy an die Stelle des Reverseproxys setzen',
  render: 'die Konfiguration ausgeben, die dasselbe tut wie der Reverseproxy der Topologie',
  topology: 'Topologiedatei (Vorgabe ./topology.yaml, sonst das Contoso-Beispiel)',
  target: 'nginx (eine Datei für conf.d/) oder haproxy (eine ganze Konfiguration)',
  host: 'welcher Reverseproxy (Vorgabe: der erste der Topologie)',
  certificate:
    'seine Zertifikatskette; für HAProxy mit dem Schlüssel (Vorgabe unter /etc/usher/tls/)',
  key: 'sein privater Schlüssel, für nginx',
  ca: 'die CA, von der die Zertifikate der Pools kommen',
  portOffset: 'der Versatz, mit dem die Umgebung gestartet wurde',
  examples: `
Beispiele:
  usher reverse-proxy render --target nginx > /etc/nginx/conf.d/usher.conf
  usher reverse-proxy render --target haproxy topology.yaml > /etc/haproxy/haproxy.cfg`,
  badTarget: (target) => `--target nimmt nginx oder haproxy, nicht ${JSON.stringify(target)}`,
  badTargetRemedy: 'Einen der beiden nennen.',
  none: (file) => `${file} hat keinen Reverseproxy`,
  noneRemedy: 'In der Topologie unter reverseProxies einen eintragen.',
};

/** Texts of `usher reverse-proxy`. */
export const texts = (language: Language): typeof en => (language === 'de' ? de : en);
