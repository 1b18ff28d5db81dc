import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';

/** Which domains each domain may import. What is not written here is forbidden. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  base: [],
  topology: ['base'],
  ports: ['base', 'topology'],
  trust: ['base', 'topology', 'ports'],
  sip: ['base'],
  identity: ['base', 'topology', 'sip'],
  director: ['base', 'topology', 'ports', 'trust', 'sip', 'identity'],
  // A Front End is a Director that homes users (reference 1.1): it admits and refuses them the same way.
  'front-end': ['base', 'topology', 'ports', 'trust', 'sip', 'identity', 'director'],
  edge: ['base', 'topology', 'ports', 'trust', 'sip'],
  // Its published sockets are the web sites' HTTP sockets.
  'reverse-proxy': ['base', 'topology', 'ports', 'trust', 'web'],
  web: ['base', 'topology', 'ports', 'trust', 'identity'],
  balancer: ['base', 'topology', 'ports', 'trust', 'sip'],
  logging: ['base', 'topology', 'ports', 'trust', 'sip'],
  firewall: ['base', 'topology', 'ports'],
  host: [
    'base',
    'topology',
    'ports',
    'trust',
    'sip',
    'identity',
    'director',
    'front-end',
    'edge',
    'reverse-proxy',
    'web',
    'balancer',
    'logging',
  ],
  proof: ['base', 'topology', 'ports', 'trust', 'sip', 'identity', 'logging'],
  // The same topology in network namespaces: it lays wires, loads rules and starts hosts.
  lab: ['base', 'topology', 'ports', 'firewall', 'host', 'proof'],
  cli: [
    'base',
    'topology',
    'ports',
    'trust',
    'sip',
    'identity',
    'reverse-proxy',
    'balancer',
    'logging',
    'firewall',
    'host',
    'proof',
    'lab',
  ],
};

/** Parts that do no I/O and read no clock: time, randomness and files come in as arguments. */
const pure: readonly string[] = [
  'src/topology/**/*.ts',
  'src/ports/**/*.ts',
  'src/sip/message/**/*.ts',
  'src/sip/overload/**/*.ts',
  'src/sip/resolve/locate.ts',
  'src/sip/transaction/**/*.ts',
  'src/*/policy/**/*.ts',
  'src/logging/ladder/**/*.ts',
  'src/firewall/**/*.ts',
  'src/lab/plan/**/*.ts',
];

const crossing = /(?:\bfrom|\bimport)\s*\(?\s*['"]#([\w-]+)['"]/gu;
const effects =
  /\b(?:from|import)\s*\(?\s*['"]node:(?:net|tls|dgram|dns|fs|fs\/promises|http|https|child_process|worker_threads|sqlite)['"]|\bDate\.now\(|\bMath\.random\(|\bset(?:Timeout|Interval|Immediate)\(/u;

/** Tests, what only they use (`*.fixture.ts`) and suites several of them share. */
const forTests = /\.(?:test|fixture|compliance)\.ts$/u;

/** Source files of a pattern that are part of the product. */
const sources = (pattern: string): string[] =>
  globSync(pattern).filter((path) => !forTests.test(path));

test('every domain has its line in the table', () => {
  const domains = globSync('src/*/index.ts').map((path) => path.split('/')[1]);
  assert.deepEqual(new Set(domains), new Set(Object.keys(mayImport)));
});

test('every domain has its name in the imports map of package.json', () => {
  const manifest: unknown = JSON.parse(readFileSync('package.json', 'utf8'));
  assert.ok(typeof manifest === 'object' && manifest !== null && 'imports' in manifest);
  const expected = Object.keys(mayImport).map((domain) => [
    `#${domain}`,
    `./src/${domain}/index.ts`,
  ]);
  assert.deepEqual(manifest.imports, Object.fromEntries(expected));
});

for (const [domain, allowed] of Object.entries(mayImport)) {
  test(`${domain} imports ${allowed.join(', ') || 'no other domain'}`, () => {
    for (const file of sources(`src/${domain}/**/*.{ts,tsx}`)) {
      for (const [, target] of readFileSync(file, 'utf8').matchAll(crossing)) {
        assert.ok(target !== undefined && allowed.includes(target), `${file} imports #${target}`);
      }
    }
  });
}

for (const pattern of pure) {
  test(`${pattern} does no I/O and reads no clock`, () => {
    for (const file of sources(pattern)) {
      const found = effects.exec(readFileSync(file, 'utf8'));
      assert.equal(found, null, `${file}: ${found?.[0]}`);
    }
  });
}

test('the product imports nothing that is there for tests', () => {
  for (const file of sources('src/**/*.{ts,tsx}')) {
    const found = /from '[^']+\.(?:test|fixture|compliance)\.ts'/u.exec(readFileSync(file, 'utf8'));
    assert.equal(found, null, `${file}: ${found?.[0]}`);
  }
});

test('no port number of the table stands outside src/ports and the examples', () => {
  // The catalogue is the one place that knows them; everything else asks the plan.
  const numbers = /(?<![\w.\-#])(?:80|443|444|8080|4443|5061|50001|50002|50003)(?![\w.%])/u;
  const files = globSync('src/**/*.ts').filter(
    (path) => !path.startsWith('src/ports/') && !path.endsWith('.test.ts'),
  );
  for (const file of files) {
    for (const [index, line] of readFileSync(file, 'utf8').split('\n').entries()) {
      // Prose may name the row it is about; code may not.
      const code = line.replace(/^\s*(?:\/\/|\/?\*).*$/u, '').replace(/\s\/\/ .*$/u, '');
      assert.ok(!numbers.test(code), `${file}:${index + 1}: ${line.trim()}`);
    }
  }
});

test('no source file is longer than 400 lines', () => {
  for (const file of globSync('src/**/*.{ts,tsx}')) {
    if (file.endsWith('.test.ts')) continue;
    const lines = readFileSync(file, 'utf8').split('\n').length - 1;
    assert.ok(lines <= 400, `${file} has ${lines} lines`);
  }
});

/** Packages the program of a host loads with its modules; what they need only when asked is not among them. */
function packagesOf(file: string, seen: Set<string>): readonly string[] {
  if (seen.has(file)) return [];
  seen.add(file);
  const text = readFileSync(file, 'utf8').replace(/^(?:im|ex)port type .*?;$/gmsu, '');
  // The code of its role is imported by name when the host is built; other imports on demand are relative.
  const imports = /(?:\bfrom |^import |\bimport\((?='#))'([^']+)'/gmu;
  return [...text.matchAll(imports)].flatMap(([, name = '']) => {
    if (name.startsWith('node:')) return [];
    if (name.startsWith('#')) return packagesOf(`src/${name.slice(1)}/index.ts`, seen);
    return name.startsWith('.') ? packagesOf(join(dirname(file), name), seen) : [name];
  });
}

test('a host process loads no library but that of its log: fifteen start in seconds', () => {
  const seen = new Set<string>();
  assert.deepEqual(packagesOf('src/host/main.ts', seen), ['pino']);
  assert.ok(seen.has('src/director/server.ts'), 'roles are seen');
});
