import { Command } from 'commander';
import { UsherError } from '#base';
import { renderHaproxy, renderNginx, type CertificatePaths } from '#reverse-proxy';
import type { CliContext, CommandFactory } from '../context.ts';
import { texts } from '../messages/reverse-proxy.ts';
import { defaultTopology, readPlan, readPortOffset } from '../plan-file.ts';

interface Options extends Partial<CertificatePaths> {
  readonly target?: string;
  readonly host?: string;
  readonly portOffset?: string;
}

const renderers = { nginx: renderNginx, haproxy: renderHaproxy } as const;

/** `usher reverse-proxy render [TOPOLOGY]` */
export const reverseProxy: CommandFactory = (context) => {
  const text = texts(context.language);
  const render = new Command('render')
    .description(text.render)
    .argument('[topology]', text.topology)
    .requiredOption('--target <program>', text.target)
    .option('--host <fqdn>', text.host)
    .option('--certificate <file>', text.certificate)
    .option('--key <file>', text.key)
    .option('--ca <file>', text.ca)
    .option('--port-offset <n>', text.portOffset)
    .addHelpText('after', text.examples)
    .action((file: string | undefined, options: Options) =>
      run(context, file ?? defaultTopology({ orContoso: true }), options),
    );
  return new Command('reverse-proxy')
    .description(text.description)
    .addHelpText('after', text.examples)
    .addCommand(render);
};

function run(context: CliContext, file: string, options: Options): void {
  const { target = '', host, portOffset, certificate, key, ca } = options;
  const text = texts(context.language);
  if (target !== 'nginx' && target !== 'haproxy') {
    throw new UsherError('USHER_USAGE', text.badTarget(target), { remedy: text.badTargetRemedy });
  }
  const plan = readPlan(context, file, readPortOffset(context, portOffset));
  const fqdn = host ?? plan.topology.reverseProxies[0]?.fqdn;
  if (fqdn === undefined) {
    throw new UsherError('USHER_USAGE', text.none(file), { remedy: text.noneRemedy });
  }
  const paths = {
    ...(certificate === undefined ? {} : { certificate }),
    ...(key === undefined ? {} : { key }),
    ...(ca === undefined ? {} : { ca }),
  };
  context.print(renderers[target](plan, fqdn, paths));
}
