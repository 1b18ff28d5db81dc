import { Command } from 'commander';
import { UsherError } from '#base';
import { renderTable, siteRows, tableFormats, tableRows } from '#ports';
import type { CliContext, CommandFactory } from '../context.ts';
import { texts } from '../messages/ports.ts';
import { defaultTopology, readPlan, readPortOffset } from '../plan-file.ts';

interface Options {
  readonly format: string;
  readonly json?: true;
  readonly all?: true;
  readonly portOffset?: string;
}

/** `usher ports [TOPOLOGY]` */
export const ports: CommandFactory = (context) => {
  const text = texts(context.language);
  return new Command('ports')
    .description(text.description)
    .argument('[topology]', text.topology)
    .option('-f, --format <format>', text.format, 'text')
    .option('--json', text.json)
    .option('-a, --all', text.all)
    .option('--port-offset <n>', text.portOffset)
    .addHelpText('after', text.examples)
    .action((file: string | undefined, options: Options) =>
      run(context, file ?? defaultTopology({ orContoso: true }), options),
    );
};

function run(context: CliContext, file: string, options: Options): void {
  const text = texts(context.language);
  const wanted = options.json === true ? 'json' : options.format;
  const format = tableFormats.find((known) => known === wanted);
  if (format === undefined) {
    throw new UsherError('USHER_USAGE', text.badFormat(wanted), {
      remedy: text.badFormatRemedy(tableFormats.join(', ')),
    });
  }
  const plan = readPlan(context, file, readPortOffset(context, options.portOffset));
  const rows = tableRows(plan, { all: options.all === true });
  const site = siteRows(plan);
  if (rows.length + site.length === 0) context.complain(text.empty);
  context.print(
    renderTable(rows, {
      format,
      language: context.language,
      name: plan.topology.name,
      columns: context.columns,
      colour: context.colour,
      site,
    }),
  );
}
