import { describe, test } from 'node:test';
import { engineNamed } from '#balancer';
import { engineCompliance } from '../../src/balancer/engine.compliance.ts';
import { needs } from '../interop/support/programs.ts';
import { notOurs } from './support/namespace.ts';

const skip = notOurs() || needs(['nft', 'nftables'], ['conntrack', 'conntrack']);

if (skip === false)
  engineCompliance('nftables', engineNamed('nftables'), { concurrency: 1, cut: 'ECONNRESET' });
else describe('the nftables engine', () => test('does what every engine has to do', { skip }));
