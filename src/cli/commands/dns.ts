import { Command } from 'commander';
import { systemClock, UsherError } from '#base';
import { proveDns, recordsFor, type DnsRecord, type DomainProof } from '#proof';
import { dnsResolver, formatEndpoint, type Resolver } from '#sip';
import type { CliContext, CommandFactory } from '../context.ts';
import { texts } from '../messages/dns.ts';
import { paint } from '../paint.ts';
import { defaultTopology, readPlan, readPortOffset } from '../plan-file.ts';

interface Options {
  readonly check?: true;
  readonly server?: string;
  readonly json?: true;
  readonly portOffset?: string;
}

/** `usher dns [TOPOLOGY]` */
export const dns: CommandFactory = (context) => {
  const text = texts(context.language);
  return new Command('dns')
    .description(text.description)
    .argument('[topology]', text.topology)
    .option('-c, --check', text.check)
    .option('--server <address>', text.server)
    .option('--json', text.json)
    .option('--port-offset <n>', text.portOffset)
    .addHelpText('after', text.examples)
    .action((file: string | undefined, options: Options) =>
      run(context, file ?? defaultTopology({ orContoso: true }), options),
    );
};

async function run(context: CliContext, file: string, options: Options): Promise<void> {
  const text = texts(context.language);
  const { check, server, json } = options;
  if (server !== undefined && check !== true) {
    throw new UsherError('USHER_USAGE', text.serverWithoutCheck, {
      remedy: text.serverWithoutCheckRemedy,
    });
  }
  const plan = readPlan(context, file, readPortOffset(context, options.portOffset));
  const records = recordsFor(plan);
  if (records.length === 0) context.complain(text.noEdge);
  if (check !== true) {
    context.print(json === true ? JSON.stringify({ records }, null, 2) : zoneOf(records));
    return;
  }
  const domains =
    records.length === 0 ? [] : await proveDns(plan, resolverAt(context, server), systemClock);
  const ok = domains.every((domain) => domain.ok);
  if (json === true) context.print(JSON.stringify({ ok, domains }, null, 2));
  else for (const domain of domains) context.print(describe(context, domain));
  context.exit(ok ? 0 : 1);
}

function resolverAt({ language }: CliContext, server: string | undefined): Resolver {
  if (server === undefined) return dnsResolver();
  try {
    return dnsResolver([server]);
  } catch (cause) {
    const text = texts(language);
    throw new UsherError('USHER_USAGE', text.badServer(server), {
      remedy: text.badServerRemedy,
      cause,
    });
  }
}

function zoneOf(records: readonly DnsRecord[]): string {
  const widest = Math.max(0, ...records.map(({ name }) => name.length));
  return records
    .map(({ name, type, data }) => `${name.padEnd(widest)}  IN ${type.padEnd(5)}  ${data}`)
    .join('\n');
}

function describe(context: CliContext, proof: DomainProof): string {
  const text = texts(context.language);
  const ink = paint(context.colour);
  const { domain, ok, by, places, astray, failure } = proof;
  const found = places.length > 0 && by !== undefined ? text.by[by] : text.nothing;
  const head = `${ok ? ink.good('✔') : ink.bad('✘')} ${domain}  ${failure ?? found}`;
  const lines = places.map((place) => {
    const line = `    ${formatEndpoint(place)}  ${place.host}`;
    return astray.includes(place) ? `${line}  ${ink.bad(text.astray)}` : line;
  });
  return [head, ...lines].join('\n');
}
