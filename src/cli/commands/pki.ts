import { Command, Option } from 'commander';
import { UsherError } from '#base';
import { roleName } from '#logging';
import { findHost, hostsOf, type Topology } from '#topology';
import {
  bringsItsOwn,
  ensurePki,
  importCertificate,
  inventory,
  issueHost,
  poolSecret,
  reasonNames,
  requestCertificate,
  revokeCertificates,
  type Inventory,
  type PkiReport,
  type RevocationReason,
} from '#trust';
import type { CliContext, CommandFactory } from '../context.ts';
import { texts } from '../messages/pki.ts';
import { columns } from '../columns.ts';
import { defaultTopology, readPlan } from '../plan-file.ts';

/** `usher pki init|issue|renew|revoke|show|import|request` */
export const pki: CommandFactory = (context) => {
  const text = texts(context.language);
  const command = new Command('pki').description(text.description).addHelpText('after', text.about);
  for (const build of [init, show, issue, renew, revoke, request, bring]) {
    command.addCommand(build(context));
  }
  return command;
};

const init: CommandFactory = (context) => {
  const text = texts(context.language);
  return new Command('init')
    .description(text.init.description)
    .argument('[topology]', text.topology)
    .addHelpText('after', text.init.help)
    .action(async (file: string | undefined) => {
      const topology = topologyOf(context, file);
      const report = await ensurePki(stateOf(context), topology, new Date());
      await poolSecret(stateOf(context));
      printReport(context, topology, report);
    });
};

const issue: CommandFactory = (context) => {
  const text = texts(context.language);
  return new Command('issue')
    .description(text.issue.description)
    .argument('<host>', text.host)
    .argument('[topology]', text.topology)
    .option('--force', text.issue.force)
    .addHelpText('after', text.issue.help)
    .action(async (host: string, file: string | undefined, options: { force?: boolean }) => {
      const topology = topologyOf(context, file);
      await issueHost(stateOf(context), topology, host, new Date(), {
        replaceForeign: options.force ?? false,
      });
      context.print(text.issued(host));
    });
};

const renew: CommandFactory = (context) => {
  const text = texts(context.language);
  return new Command('renew')
    .description(text.renew.description)
    .argument('[topology]', text.topology)
    .option('--all', text.renew.all)
    .addHelpText('after', text.renew.help)
    .action(async (file: string | undefined, options: { all?: boolean }) => {
      const topology = topologyOf(context, file);
      const report = await ensurePki(stateOf(context), topology, new Date(), {
        all: options.all ?? false,
      });
      printReport(context, topology, report);
    });
};

const revoke: CommandFactory = (context) => {
  const text = texts(context.language);
  const reason = new Option('--reason <reason>', text.revoke.reason)
    .choices(reasonNames)
    .default('unspecified' satisfies RevocationReason);
  return new Command('revoke')
    .description(text.revoke.description)
    .argument('[host]', text.revoke.host)
    .option('--serial <hex>', text.revoke.serial)
    .addOption(reason)
    .addHelpText('after', text.revoke.help)
    .action(
      async (
        host: string | undefined,
        options: { serial?: string; reason: RevocationReason },
      ): Promise<void> => {
        const target =
          host !== undefined && options.serial === undefined
            ? { fqdn: host }
            : host === undefined && options.serial !== undefined
              ? { serial: options.serial }
              : undefined;
        if (target === undefined) {
          throw new UsherError('USHER_USAGE', text.revoke.needsTarget, {
            remedy: 'usher pki revoke HOST | usher pki revoke --serial HEX',
          });
        }
        const done = await revokeCertificates(stateOf(context), target, options.reason, new Date());
        for (const each of done) context.print(text.revoked(each.subject, each.serial));
        context.complain(done.length === 0 ? text.alreadyRevoked : text.reload);
      },
    );
};

const show: CommandFactory = (context) => {
  const text = texts(context.language);
  return new Command('show')
    .description(text.show.description)
    .argument('[topology]', text.show.topology)
    .option('--host <fqdn>', text.show.onlyHost)
    .option('--json', text.show.json)
    .option('--check', text.show.check)
    .addHelpText('after', text.show.help)
    .action(
      async (
        file: string | undefined,
        options: { host?: string; json?: boolean; check?: boolean },
      ) => {
        // Looking writes nothing: what "usher up" runs without a topology can be looked at without one.
        const { topology } = readPlan(context, file ?? defaultTopology({ orContoso: true }));
        const whole = await inventory(stateOf(context), topology, new Date());
        const wanted = options.host?.toLowerCase();
        if (wanted !== undefined && findHost(topology, wanted) === undefined) {
          throw new UsherError('USHER_UNKNOWN_HOST', text.show.unknownHost(wanted), {
            remedy: hostsOf(topology)
              .map(({ fqdn }) => fqdn)
              .join(', '),
          });
        }
        const shown = {
          ...whole,
          hosts: whole.hosts.filter((host) => wanted === undefined || host.fqdn === wanted),
        };
        context.print(
          options.json === true ? JSON.stringify(shown, null, 2) : renderInventory(context, shown),
        );
        const wrong = shown.hosts.length === 0 || shown.hosts.some((host) => host.state !== 'good');
        if (options.check === true && wrong) context.exit(1);
      },
    );
};

const bring: CommandFactory = (context) => {
  const text = texts(context.language);
  return new Command('import')
    .description(text.import.description)
    .argument('<host>', text.host)
    .argument('[topology]', text.topology)
    .requiredOption('--certificate <file>', text.import.certificate)
    .option('--key <file>', text.import.key)
    .option('--force', text.import.force)
    .addHelpText('after', text.import.help)
    .action(
      async (
        host: string,
        file: string | undefined,
        options: { certificate: string; key?: string; force?: boolean },
      ) => {
        const { certificate, findings } = await importCertificate(
          stateOf(context),
          topologyOf(context, file),
          host,
          options,
          new Date(),
          { force: options.force ?? false },
        );
        context.print(text.imported(host, day(certificate.notAfter)));
        for (const finding of findings) {
          context.complain(`${text.warning}: ${finding.message}. ${finding.remedy}`);
        }
      },
    );
};

const request: CommandFactory = (context) => {
  const text = texts(context.language);
  return new Command('request')
    .description(text.request.description)
    .argument('<host>', text.host)
    .argument('[topology]', text.topology)
    .option('--fresh', text.request.fresh)
    .addHelpText('after', text.request.help)
    .action(async (host: string, file: string | undefined, options: { fresh?: boolean }) => {
      const topology = topologyOf(context, file);
      const made = await requestCertificate(stateOf(context), topology, host, {
        fresh: options.fresh ?? false,
      });
      context.print(made.request.trimEnd());
      context.complain(made.pending ? text.pending(made.file) : text.requested(made.file));
    });
};

function stateOf(context: CliContext): string {
  return context.state ?? '.usher';
}

function topologyOf(context: CliContext, file: string | undefined): Topology {
  return readPlan(context, file ?? defaultTopology({ orContoso: false })).topology;
}

function printReport(context: CliContext, topology: Topology, report: PkiReport): void {
  const text = texts(context.language);
  if (bringsItsOwn(topology)) return context.print(text.outside);
  if (report.created) context.print(text.created);
  for (const fqdn of report.issued) context.print(text.issued(fqdn));
  for (const { fqdn, state } of report.kept) {
    context.complain(text.kept(fqdn, state));
    context.complain(`  ${text.remedy(state, fqdn, '')}`);
  }
  if (!report.created && report.issued.length === 0 && report.kept.length === 0) {
    context.print(text.nothing);
  }
}

function renderInventory(context: CliContext, shown: Inventory): string {
  const text = texts(context.language);
  const { ca, revocations, hosts } = shown;
  const authorities = ca.certificates.map(
    (each) => `${each.subject}, ${text.until} ${day(each.notAfter)}, sha256 ${each.sha256}`,
  );
  const list =
    revocations.thisUpdate === undefined
      ? text.noList
      : text.revokedCount(
          revocations.revoked.length,
          revocations.nextUpdate === undefined ? '–' : day(revocations.nextUpdate),
        );
  // One host alone shows all its names; in the table of all the first two tell it apart.
  const room = hosts.length === 1 ? Infinity : 2;
  const rows = hosts.map((host) => {
    const names = host.certificate?.names ?? [];
    const more = names.length > room ? ` ${text.more(names.length - room)}` : '';
    return [
      host.fqdn,
      roleName(host.role, context.language),
      host.certificate === undefined ? '–' : day(host.certificate.notAfter),
      text.states[host.state],
      `${names.slice(0, room).join(' ')}${more}`,
    ];
  });
  const remarks = hosts
    .filter((host) => host.state !== 'good')
    .flatMap((host) => [
      `${host.fqdn}: ${text.states[host.state]} (${host.file})`,
      `  ${text.remedy(host.state, host.fqdn, host.file)}`,
    ]);
  return [
    `${text.ca}: ${authorities.join('; ') || text.noCa} (${ca.file})`,
    `${text.list}: ${list} (${revocations.file})`,
    '',
    ...columns([text.columns, ...rows]),
    ...(remarks.length === 0 ? [] : ['', ...remarks]),
  ].join('\n');
}

function day(date: Date): string {
  return date.toISOString().slice(0, 10);
}
