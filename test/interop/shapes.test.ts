import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { starterDefaults, starterTopology, type StarterFacts } from '#topology';
import { lowPortsAreFree } from './support/deployment.ts';
import { Program } from './support/process.ts';

const launcher = fileURLToPath(new URL('../../bin/usher.js', import.meta.url));
const example = (name: string): string =>
  readFileSync(new URL(`../../examples/${name}.yaml`, import.meta.url), 'utf8');

/** Contoso on addresses of its own: sockets others opened on the example's stay out of the proof. */
const contoso = example('contoso')
  .replaceAll('127.10.', '127.14.')
  .replaceAll('127.20.0.', '127.14.20.');

/** Replaces what has to be there: an example that changed must not turn a shape into another. */
function replace(text: string, found: string, by: string): string {
  assert.ok(text.includes(found), `the topology has no ${JSON.stringify(found)}`);
  return text.replace(found, by);
}

const withOption = (name: string): string => replace(contoso, `${name}: false`, `${name}: true`);

const hardwareHomePool = (text: string): string =>
  replace(
    text,
    'loadBalancing: dns # clients and servers find the members by name',
    'loadBalancing: hardware\n    vip: 127.14.2.10\n    balancer: lb01.contoso.net',
  );

const withoutDirector = (text: string): string => {
  const [start = '', end = ''] = text.split(
    / {2}# The Director pool:[^]*(?= {2}# The home pools:)/u,
  );
  return replace(start + end, 'nextHop: dirpool01.contoso.net', 'nextHop: fepool01.contoso.net');
};

const withoutBalancer = (text: string): string =>
  text.replace(/^balancers:[^]*(?=^# Host names of the simple URLs)/mu, '');

const withoutEdge = (text: string): string =>
  text.replace(/^# Lets remote users in[^]*(?=^# Publishes)/mu, '');

const withoutProxy = (text: string): string =>
  text.replace(/^# Publishes[^]*(?=^balancers:)/mu, '');

/** What `usher init` writes, on loopback addresses of its own. */
const starter = (facts: Partial<StarterFacts>): string =>
  starterTopology(
    { ...starterDefaults, inside: '127.15.0.0/16', outside: '127.15.20.0/24', ...facts },
    'en',
  );

interface Shape {
  readonly topology: string;
  /** Rows that only this shape has, or has like this. */
  readonly rows: readonly RegExp[];
}

const moved = `
ports: { sip: 6061, webExternal: 5443, interServer: 5444, logControl: 51001, accessEdge: 8443 }
`;

const shapes: Readonly<Record<string, Shape>> = {
  'a single Director': {
    topology: example('single-director'),
    rows: [/DS-06 .* → Director .*open/u],
  },
  'Directors balanced by DNS, with a VIP for web traffic': {
    topology: example('dns-balanced'),
    rows: [/DD-05 .* → Director.VIP .*open/u, /DD-06 .* → Director .*open/u],
  },
  'what usher init writes for hardware balancing': {
    topology: starter({}),
    rows: [/DH-06 .* → Director.VIP .*open/u],
  },
  'what usher init writes for DNS balancing': {
    topology: starter({ balancing: 'dns', frontEnds: 1 }),
    rows: [/DD-06 .* → Director .*open/u],
  },
  'what usher init writes for one Director': {
    topology: starter({ balancing: 'none', directors: 1, frontEnds: 3 }),
    rows: [/DS-06 .* → Director .*open/u],
  },
  'internal clients that sign in at the Director': {
    topology: withOption('internalClientsSignInAtDirector'),
    rows: [/IS37 .*internal client → Director.VIP .*OPTIONS → 200 OK/u],
  },
  'log collection from the administration networks only': {
    topology: withOption('loggingFromAdministrationOnly'),
    rows: [/DH-07 .*log controller → Director .*open/u],
  },
  'inter-server traffic towards the Directors': {
    topology: withOption('interServerToDirector'),
    rows: [/IS34 .*Front End → Director.VIP .*open/u],
  },
  'ports of its own': {
    topology: contoso + moved,
    rows: [
      /DH-02 +HTTPS\/1?5443 .*open/u,
      /DH-03 +HTTPS\/1?5444 .*open/u,
      /DH-06 +SIP\/1?6061 .*OPTIONS → 200 OK/u,
      /DH-07 +CLS\/[56]1001 .*open/u,
      /EX06 +SIP\/1?8443 .*OPTIONS → 200 OK/u,
    ],
  },
  'a home pool behind a hardware VIP': {
    topology: hardwareHomePool(contoso),
    rows: [/IS03c@fepool01\.contoso\.net .*internal client → Front End.VIP .*OPTIONS → 200 OK/u],
  },
  'an Edge in front of a home pool without a Director': {
    topology: withoutBalancer(withoutDirector(contoso)),
    rows: [/FE-P2 .*Edge \(inside\) → Front End .*OPTIONS → 200 OK/u],
  },
  'an Edge in front of a home pool behind a hardware VIP, without a Director': {
    topology: hardwareHomePool(withoutDirector(contoso)),
    rows: [/FE-P2 .*open/u, /IS03c@?\S* .* → Front End.VIP .*OPTIONS → 200 OK/u],
  },
  'internal clients only, without Edge and reverse proxy': {
    topology: withoutProxy(withoutEdge(withOption('internalClientsSignInAtDirector'))),
    rows: [/IS37 .*OPTIONS → 200 OK/u, /met inside/u],
  },
  'Directors no SIP flow leads to': {
    topology: withoutEdge(contoso),
    rows: [/DH-05 .*open/u, /met inside/u],
  },
};

describe('every shape of topology comes up and proves itself', () => {
  let directory = '';
  let offset = 0;
  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'usher-shapes-'));
    offset = (await lowPortsAreFree()) ? 0 : 10_000;
  });
  after(() => rmSync(directory, { recursive: true, force: true }));

  const proves = async (file: string, rows: readonly RegExp[]): Promise<void> => {
    await using up = new Program(process.execPath, [
      launcher,
      'up',
      file,
      '--once',
      '--lang',
      'en',
      '--state',
      `${file}.state`,
      '--port-offset',
      String(offset),
    ]);
    await up.see(/the table is (?:NOT )?proven/u, 60);
    assert.equal(await up.ended(), 0, up.output);
    assert.match(up.output, /✔ (\d+) of \1 rows open/u);
    assert.match(up.output, /✔ \S+ and \S+ met (?:inside|through the Edge)/u);
    for (const row of rows) assert.match(up.output, row);
  };

  for (const [index, [name, { topology, rows }]] of Object.entries(shapes).entries()) {
    test(name, async () => {
      const file = join(directory, `${index}.yaml`);
      writeFileSync(file, topology);
      await proves(file, rows);
    });
  }

  test('what usher init writes from answers that come through a pipe, once and not again', async () => {
    const file = join(directory, 'asked.yaml');
    const ask = (): Program => new Program(process.execPath, [launcher, 'init', '--out', file]);
    const answers = ['example.org', '', 'dns', '3', '1', '127.17.0.0/16', '127.17.20.0/24', '', ''];
    await using init = ask();
    for (const answer of answers) init.type(answer);
    assert.equal(await init.ended(), 0, init.output);
    await using again = ask();
    assert.equal(await again.ended(), 2, again.output);
    await proves(file, [/DD-06 .* → Director .*open/u, /alice@example\.org/u]);
  });
});
