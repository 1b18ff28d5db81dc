import { describe, test } from 'node:test';
import { engineNamed } from '#balancer';
import { engineCompliance } from '../../src/balancer/engine.compliance.ts';
import { needs } from '../interop/support/programs.ts';
import { notOurs } from './support/namespace.ts';

const skip = notOurs() || needs(['haproxy', 'haproxy'], ['setpriv', 'util-linux']);

if (skip === false)
  engineCompliance('haproxy', engineNamed('haproxy'), { concurrency: 4, cut: 'end' });
else describe('the haproxy engine', () => test('does what every engine has to do', { skip }));
