import { stringify } from 'yaml';
import { formatAddress, formatNetwork } from '#topology';
import type { Network } from '#topology';
import { protocols } from '../model.ts';
import type { RuleFile, RuleSet } from '../model.ts';
import { attachmentsOf } from '../attachments.ts';
import type { Attachment, Permit } from '../attachments.ts';
import { chunksOf, digestOf } from '../names.ts';
import { servicesOf } from '../services.ts';
import type { Service } from '../services.ts';
import { blocksOf } from '../sides.ts';
import { inexpressible, oneLine, reasonOf } from '../text.ts';
import { keys, limits } from './limits.ts';

/** Writes one file of policies a host. */
export function render(ruleSets: readonly RuleSet[]): readonly RuleFile[] {
  return ruleSets.map((ruleSet) => {
    const { device } = ruleSet;
    const attachments = attachmentsOf(ruleSet);
    const policies = attachments.flatMap((attachment, index) => policiesOf(attachment, index + 1));
    const documents = policies.map((policy) => `---\n${stringify(policy, style)}`);
    const labels = attachments.map(({ address }) => addressLabel(address)).join(', ');
    const names = [keys.host, ...new Set(attachments.map(labelKeyOf))];
    return {
      name: `${device}.networkpolicy.yaml`,
      content: `${head(device, names, labels)}${documents.join('')}`,
    };
  });
}

/** Words such as `no`, which older YAML takes for something else, are put in quotation marks. */
const style = { lineWidth: 0, compat: 'yaml-1.1' } as const;

const head = (device: string, names: readonly string[], addresses: string): string =>
  `# NetworkPolicies of ${oneLine(device)}.
#
# They select pods by the labels ${names.join(', ').replace(/, ([^,]*)$/u, ' and $1')} (here: ${addresses}).
# Policies add up: nothing another one allows these pods is taken back here. The network plug-in has
# to enforce them, and sees the addresses its own translation leaves.
#
# Check:     kubectl apply --dry-run=server -n NAMESPACE -f FILE
# Load:      kubectl apply -n NAMESPACE -f FILE
# Roll back: kubectl apply with the file of before; kubectl delete -f FILE opens everything
`;

interface Selected {
  readonly podSelector: { readonly matchLabels: Readonly<Record<string, string>> };
}

function policiesOf(attachment: Attachment, number: number): readonly object[] {
  const { device, address } = attachment;
  const selected: Selected = {
    podSelector: {
      matchLabels: {
        [keys.host]: labelOf(device),
        ...(address === undefined ? {} : { [labelKeyOf(attachment)]: addressLabel(address) }),
      },
    },
  };
  const names = new Names(device, number);
  const common = {
    [keys.host]: oneLine(device),
    ...(address === undefined ? {} : { [keys.address]: formatAddress(address) }),
  };
  const policy = (name: string, notes: Readonly<Record<string, string>>, spec: object): object => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name, annotations: { ...common, ...notes } },
    spec: { ...selected, ...spec },
  });
  const rest = {
    [keys.reason]: 'what no policy allows',
  };
  return [
    policy(names.next('deny'), rest, { policyTypes: ['Ingress', 'Egress'] }),
    ...(['in', 'out'] as const).flatMap((direction) =>
      attachment[direction].flatMap((permit) => {
        const { rule } = permit;
        const notes = {
          ...(rule.id === '' ? {} : { [keys.row]: oneLine(rule.id) }),
          [keys.reason]: reasonOf({ id: '', ...commentOf(rule.comment) }, limits.reasonLength),
        };
        return specsOf(permit, direction, attachment.both).map((spec) =>
          policy(names.next(`${direction}-${rule.id}`), notes, spec),
        );
      }),
    ),
  ];
}

const commentOf = (comment: string | undefined) => (comment === undefined ? {} : { comment });

/** A pod has one label of a name, and perhaps an address of each family. */
const labelKeyOf = ({ address, both }: Attachment): string =>
  both && address !== undefined ? `${keys.address}-ipv${address.family}` : keys.address;

/** One rule of a policy; many peers become several policies. */
function specsOf(
  { rule, match, peers }: Permit,
  direction: 'in' | 'out',
  both: boolean,
): readonly object[] {
  const family = peers.v4.length > 0 ? 4 : 6;
  // Policies select pods, whichever of their addresses is meant: the peers have to say the family.
  const blocks =
    blocksOf(peers, family) ?? (both ? [{ family, value: 0n, prefix: 0 } as const] : undefined);
  const [type, list, side] =
    direction === 'in'
      ? (['Ingress', 'ingress', 'from'] as const)
      : (['Egress', 'egress', 'to'] as const);
  const services = servicesOf({ ...rule, match }).flatMap((service) =>
    service.protocol === undefined ? [] : [portOf(service, rule.id)],
  );
  const ports = services.length === 0 ? {} : { ports: services };
  const chunks = blocks === undefined ? [undefined] : chunksOf(blocks, limits.peersOfAPolicy);
  return chunks.map((chunk) => ({
    policyTypes: [type],
    [list]: [
      {
        // Without a list of peers it is anybody.
        ...(chunk === undefined ? {} : { [side]: chunk.map(peerOf) }),
        ...ports,
      },
    ],
  }));
}

const peerOf = (block: Network): object => ({ ipBlock: { cidr: formatNetwork(block) } });

const protocolWords: ReadonlyMap<number, string> = new Map([
  [protocols.tcp, 'TCP'],
  [protocols.udp, 'UDP'],
  [protocols.sctp, 'SCTP'],
]);

function portOf({ protocol = -1, sourcePort, destinationPort }: Service, id: string): object {
  const word = protocolWords.get(protocol);
  if (word === undefined) {
    throw inexpressible({ id }, `protocol ${protocol}; a NetworkPolicy has TCP, UDP and SCTP`);
  }
  if (sourcePort !== undefined) {
    throw inexpressible({ id }, 'source ports; a NetworkPolicy knows none');
  }
  if (destinationPort === undefined) return { protocol: word };
  const { from, until } = destinationPort;
  if (from === 0) throw inexpressible({ id }, 'port 0; a NetworkPolicy begins with 1');
  return {
    protocol: word,
    port: from,
    ...(until === from + 1 ? {} : { endPort: until - 1 }),
  };
}

/** A label's value: letters, digits, `.`, `_` and `-`, a letter or digit at both ends. */
function labelOf(text: string): string {
  const fits = /^[A-Za-z\d](?:[\w.-]*[A-Za-z\d])?$/u.test(text);
  return fits && text.length <= limits.labelLength ? text : `host-${digestOf(text)}`;
}

/** An address as a label; of IPv6 all eight groups, with `-` between. */
function addressLabel(address: Network | undefined): string {
  if (address === undefined) return 'none';
  if (address.family === 4) return formatAddress(address);
  const digits = address.value.toString(16).padStart(32, '0');
  return (digits.match(/.{4}/gu) ?? []).join('-');
}

/** Names of objects: lower case, RFC 1123, each once. */
class Names {
  readonly #start: string;
  readonly #taken = new Set<string>();

  constructor(device: string, number: number) {
    const plain = device.toLowerCase().replace(/[^a-z\d-]+/gu, '-');
    const start = plain.replace(/^-+|-+$/gu, '').slice(0, 150);
    this.#start = `usher-${start === '' ? digestOf(device) : start}-${number}`;
  }

  next(end: string): string {
    const plain = `${this.#start}-${end.toLowerCase().replace(/[^a-z\d]+/gu, '-')}`
      .slice(0, limits.nameLength - 8)
      .replace(/-+$/u, '');
    let name = plain;
    for (let count = 2; this.#taken.has(name); count += 1) name = `${plain}-${count}`;
    this.#taken.add(name);
    return name;
  }
}
