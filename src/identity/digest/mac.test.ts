import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { ShortMac } from './mac.ts';

test('The MAC of a short text is HMAC-SHA-256, whatever key and text', () => {
  const key = fc.uint8Array({ minLength: 1, maxLength: 100 });
  const texts = fc.array(fc.uint8Array({ maxLength: 80 }), { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(key, texts, (secret, several) => {
      const mac = new ShortMac(secret, 80);
      for (const bytes of several) {
        const text = Buffer.from(bytes).toString('latin1');
        assert.equal(mac.of(text), createHmac('sha256', secret).update(bytes).digest('latin1'));
      }
    }),
  );
});
