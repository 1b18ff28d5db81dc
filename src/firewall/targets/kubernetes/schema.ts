import { z } from 'zod';

const text = z.string().max(10_000);
const labels = z.record(z.string().max(400), text);

const expression = z.strictObject({
  key: text,
  operator: z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist']),
  values: z.array(text).max(1000).optional(),
});

const selector = z.strictObject({
  matchLabels: labels.optional(),
  matchExpressions: z.array(expression).max(1000).optional(),
});

const peer = z.strictObject({
  ipBlock: z.strictObject({ cidr: text, except: z.array(text).max(10_000).optional() }).optional(),
  namespaceSelector: selector.optional(),
  podSelector: selector.optional(),
});

const portNumber = z.int().min(1).max(65_535);

const port = z.strictObject({
  protocol: z.enum(['TCP', 'UDP', 'SCTP']).default('TCP'),
  port: z.union([portNumber, text]).optional(),
  endPort: portNumber.optional(),
});

const ports = z.array(port).max(10_000).optional();
const peers = z.array(peer).max(100_000).optional();

/** A NetworkPolicy of `networking.k8s.io/v1`, every field of its spec known. */
export const policySchema = z.object({
  apiVersion: z.literal('networking.k8s.io/v1'),
  kind: z.literal('NetworkPolicy'),
  metadata: z.object({
    name: text,
    namespace: text.optional(),
    annotations: labels.optional(),
  }),
  spec: z.strictObject({
    podSelector: selector,
    policyTypes: z
      .array(z.enum(['Ingress', 'Egress']))
      .max(2)
      .optional(),
    ingress: z
      .array(z.strictObject({ from: peers, ports }))
      .max(10_000)
      .optional(),
    egress: z
      .array(z.strictObject({ to: peers, ports }))
      .max(10_000)
      .optional(),
  }),
});

export type NetworkPolicy = z.infer<typeof policySchema>;
export type Peer = z.infer<typeof peer>;
export type Port = z.infer<typeof port>;
export type Selector = z.infer<typeof selector>;
