import type { BalancerRecord, ServiceRecord } from './record.ts';

/** Where the rendered configuration finds its certificate files; PEM. */
export interface ProbeFiles {
  /** Certificate chain of the balancer with its key in the same file. */
  readonly certificate: string;
  /** The CA that the members' certificates chain to. */
  readonly ca: string;
}

/** A load balancer that Usher writes configurations for. */
export interface ExportTarget {
  /** Destination NAT keeps the client's address; a proxy cannot without more than a configuration. */
  readonly destinationNat: boolean;
  /** The whole configuration, with a head that says how to load it and how to go back. */
  render(record: BalancerRecord, files: ProbeFiles): string;
  /**
   * Reads what `render` wrote.
   *
   * @throws UsherError `USHER_BALANCER_EXPORT` for anything that lacks what `render` writes
   */
  read(text: string): readonly ServiceRecord[];
  /** A service as far as this target can say it. */
  carries(service: ServiceRecord): ServiceRecord;
}
