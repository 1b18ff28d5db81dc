import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { cannot, TestLab } from './support/lab.ts';

const lab = new TestLab('s');
after(() => lab.close());

test(
  'two sites in both address families have every row open in each, and nothing else',
  { skip: cannot ?? false },
  async () => {
    const up = await lab.usher(['up', 'examples/two-sites.yaml']);
    assert.equal(up.status, 0, up.err);
    const { status, out } = await lab.usher(['verify']);
    assert.equal(status, 0, out);
    assert.match(out, /(\d+) of \1 rows open/u);
    assert.match(out, /let pass what the table asks for and nothing else/u);
    assert.match(out, /met through the Edge/u);
  },
);
