// GraphQL over HTTP by the audits of its reference implementation.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serverAudits } from 'graphql-http';
import { serve } from './support/server.js';

const server = await serve();
const audits = serverAudits({ url: server.url });

test('all of the 61 audits are run', () => {
  assert.equal(audits.length, 61);
});

for (const audit of audits) {
  test(`${audit.id}: ${audit.name}`, async () => {
    const { status, reason } = await audit.fn();
    assert.equal(status, 'ok', reason);
  });
}
