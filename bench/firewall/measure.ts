/*
 * One measurement in a process of its own, so that its memory is its own; prints JSON. Run by main.ts:
 * `node measure.ts audit SHAPE SIZE changed|reworded` or `node measure.ts compile`.
 */
import { audit, nftables, policyOf } from '#firewall';
import { loadPlan } from '#ports';
import { topologyText } from './deployment.ts';
import { changed, reworded, ruleSetOf, rulesOf, shapeNames } from './shapes.ts';

/** CPU seconds of one call, garbage collection included, and what it returned. */
function timed<Out>(work: () => Out): { readonly seconds: number; readonly result: Out } {
  const start = process.cpuUsage();
  const result = work();
  const { user, system } = process.cpuUsage(start);
  return { seconds: (user + system) / 1e6, result };
}

/** Peak resident memory of this process in MB. */
const peak = (): number => process.resourceUsage().maxRSS / 1024;

function measureAudit(shape: string, size: number, how: string) {
  const name = shapeNames.find((each) => each === shape);
  if (name === undefined) throw new Error(`no shape ${shape}`);
  const rules = rulesOf(name, how === 'reworded' ? size / 2 : size);
  const others = how === 'reworded' ? reworded(changed(rules)) : changed(rules);
  const [asked, inForce] = [ruleSetOf(rules), ruleSetOf(others)];
  const { seconds, result } = timed(() => audit(asked, inForce));
  const { missing, excess, shadowed } = result;
  const found = [missing.length, excess.length, shadowed.length];
  return { seconds, megabytes: peak(), found };
}

function measureCompile() {
  const text = topologyText();
  const read = timed(() => loadPlan(text, 'bench.yaml'));
  const loaded = read.result;
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.faults.slice(0, 1)));
  const rules = timed(() => policyOf(loaded.plan));
  const written = timed(() => nftables.render(rules.result, {}));
  return {
    read: read.seconds,
    rules: rules.seconds,
    written: written.seconds,
    devices: rules.result.length,
    legs: loaded.plan.legs.length,
    megabytes: peak(),
  };
}

const [what, shape = '', size = '', how = ''] = process.argv.slice(2);
const outcome = what === 'compile' ? measureCompile() : measureAudit(shape, Number(size), how);
process.stdout.write(JSON.stringify(outcome));
