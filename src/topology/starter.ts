import { describeFault, UsherError } from '#base';
import type { Language } from '#base';
import { firstOf, formatAddress, formatNetwork, parseNetwork } from './address.ts';
import type { Network } from './address.ts';
import { isHostName } from './file.ts';
import { parseTopology } from './parse.ts';
import type { StarterFacts } from './starter-facts.ts';
import { starterWords } from './starter-words.ts';

function refuse(fact: string, found: string | number, allowed: string): never {
  throw new UsherError('USHER_BAD_FACT', `${fact}: ${found} cannot be used.`, {
    remedy: `Give ${allowed}.`,
  });
}

function domainOf(fact: string, text: string): string {
  return isHostName(text) ? text.toLowerCase() : refuse(fact, text, 'a domain such as contoso.com');
}

function countOf(fact: string, count: number, most: number): number {
  return Number.isInteger(count) && count >= 1 && count <= most
    ? count
    : refuse(
        fact,
        Number.isNaN(count) ? 'what was given' : count,
        `a whole number from 1 to ${most}`,
      );
}

function networkOf(fact: string, text: string, longest: number): Network {
  const network = parseNetwork(text);
  if (network !== undefined && network.family === 4 && network.prefix <= longest) {
    return firstOf(network);
  }
  return refuse(fact, text, `an IPv4 block of /${longest} or larger, such as 10.10.0.0/16`);
}

/** The address `offset` places into a block. */
function inside(network: Network, offset: number): string {
  return formatAddress({ family: network.family, value: network.value + BigInt(offset) });
}

const twoDigits = (number: number): string => String(number).padStart(2, '0');

/** Addresses of one kind of server lie together: the third octet tells the kind. */
const place = { directors: 0x1_00, frontEnds: 0x2_00, edge: 0x8_0b, reverseProxy: 0x9_0b } as const;
/** Last octets within a pool's network. */
const balancerHost = 5;
const vipHost = 10;
const firstHost = 11;
const outsideEdge = 11;
const outsideProxy = 21;

function memberLines(
  network: Network,
  base: number,
  count: number,
  name: (index: number) => string,
) {
  return Array.from({ length: count }, (_, index) => {
    const address = inside(network, base + firstHost + index);
    return `      - { fqdn: ${name(index + 1)}, address: ${address} }`;
  });
}

/** A value with the comment behind it. */
const noted = (text: string, comment: string): string => `${text} # ${comment}`;

/**
 * Writes a commented topology that loads without fault. Throws `USHER_BAD_FACT` when a fact cannot
 * be used.
 */
export function starterTopology(facts: StarterFacts, language: Language): string {
  const words = starterWords(language);
  const sip = domainOf('SIP domain', facts.sipDomain);
  const servers = domainOf('server domain', facts.serverDomain);
  const directors = countOf('Directors', facts.directors, facts.balancing === 'none' ? 1 : 10);
  const frontEnds = countOf('Front Ends', facts.frontEnds, 12);
  const within = networkOf('inside network', facts.inside, 16);
  const outer = networkOf('outside network', facts.outside, 24);
  const clients = networkOf('network of internal clients', facts.clients, 32);
  const administration = networkOf('administration network', facts.administration, 32);
  const balanced = facts.balancing !== 'none';
  const blockAt = (offset: number): string => `${inside(within, offset)}/24`;
  const pool = `dirpool01.${servers}`;
  const vipLines = [
    `    vip: ${inside(within, place.directors + vipHost)}`,
    noted(`    balancer: lb01.${servers}`, words.balancer),
    noted('    engine: embedded', words.engine),
    noted('    nat: source', words.nat),
  ];
  const lines = [
    '# yaml-language-server: $schema=./schema/topology.schema.json',
    ...words.head(sip).map((line) => `# ${line}`.trimEnd()),
    '',
    `name: ${sip}`,
    '',
    `# ${words.domains}`,
    `sipDomains: [${sip}]`,
    '',
    `# ${words.networks}`,
    'networks:',
    `  internalClients: [${formatNetwork(clients)}]`,
    `  administration: [${formatNetwork(administration)}]`,
    '',
    'pools:',
    `  # ${words.directors}`,
    `  - fqdn: ${pool}`,
    '    role: director',
    noted(`    loadBalancing: ${facts.balancing}`, words.balancing[facts.balancing]),
    noted(`    network: ${blockAt(place.directors)}`, words.network),
    ...(balanced ? vipLines : []),
    '    web:',
    // With DNS balancing the pool name leads to the members, so the web site needs its own.
    noted(
      `      internal: ${facts.balancing === 'dns' ? `webdir.${servers}` : pool}`,
      words.internalWeb,
    ),
    noted(`      external: webdirext.${sip}`, words.externalWeb),
    '    members:',
    ...memberLines(
      within,
      place.directors,
      directors,
      (index) => `dir${twoDigits(index)}.${servers}`,
    ),
    '',
    `  # ${words.frontEnds}`,
    `  - fqdn: fepool01.${servers}`,
    '    role: frontEnd',
    `    loadBalancing: ${frontEnds > 1 ? 'dns' : 'none'}`,
    `    network: ${blockAt(place.frontEnds)}`,
    '    web:',
    `      internal: webint.${servers}`,
    `      external: webext.${sip}`,
    '    members:',
    ...memberLines(
      within,
      place.frontEnds,
      frontEnds,
      (index) => `fe${twoDigits(index)}.${servers}`,
    ),
    '',
    `# ${words.edges}`,
    'edges:',
    `  - fqdn: edge01.${servers}`,
    noted(`    address: ${inside(within, place.edge)}`, words.inside),
    `    nextHop: ${pool}`,
    '    external:',
    noted(`      address: ${inside(outer, outsideEdge)}`, words.outside),
    `      fqdns: [sip.${sip}]`,
    '',
    `# ${words.proxies}`,
    'reverseProxies:',
    `  - fqdn: rp01.${servers}`,
    noted(`    address: ${inside(within, place.reverseProxy)}`, words.inside),
    '    external:',
    noted(`      address: ${inside(outer, outsideProxy)}`, words.outside),
    '',
    ...(balanced
      ? [
          `# ${words.balancers}`,
          'balancers:',
          `  - { fqdn: lb01.${servers}, address: ${inside(within, place.directors + balancerHost)} }`,
          '',
        ]
      : []),
    `# ${words.simpleUrls}`,
    'simpleUrls:',
    `  meet: [meet.${sip}]`,
    `  dialin: dialin.${sip}`,
    `  admin: admin.${sip}`,
    '',
    `# ${words.options}`,
    'options:',
    `  # ${words.signIn}`,
    '  internalClientsSignInAtDirector: false',
    `  # ${words.logging}`,
    '  loggingFromAdministrationOnly: false',
    `  # ${words.interServer}`,
    '  interServerToDirector: false',
    '',
  ];
  return withoutFault(lines.join('\n'));
}

/** Facts that are fine each by itself may not go together, such as networks that overlap. */
function withoutFault(text: string): string {
  const [fault] = parseTopology(text, 'the topology').faults;
  if (fault === undefined) return text;
  throw new UsherError('USHER_BAD_FACT', `The facts do not go together: ${describeFault(fault)}`, {
    remedy: 'Give networks that do not overlap, and different domains and names.',
  });
}
