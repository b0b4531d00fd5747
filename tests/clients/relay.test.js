// Relay: its compiler takes the schema, and the server takes what it compiles.
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createClient } from 'graphql-sse';
import { serve } from './support/server.js';
import { ask, stock } from './support/shop.js';
import { HERE, SCHEMA, run, scratch } from './support/tools.js';

const project = scratch();
cpSync(join(HERE, 'relay'), project, { recursive: true });
cpSync(SCHEMA, join(project, 'schema.graphql'));
mkdirSync(join(project, 'artifacts'));
const compiled = await run('relay-compiler', ['--noWatchman'], { cwd: project, env: { NO_COLOR: '1' } });

const text = (name) => {
  const source = readFileSync(join(project, 'artifacts', `${name}.graphql.js`), 'utf8');
  return JSON.parse(/^ +"text": (".*")$/m.exec(source)[1]);
};

test('a project of fragments, pages, a mutation and a subscription is compiled without a complaint', () => {
  assert.equal(compiled.code, 0, compiled.output);
  assert.match(compiled.output, /Done/);
  assert.doesNotMatch(compiled.output, /warn|error/i);
});

test('what was compiled is answered', async () => {
  const server = await serve();
  const { userId, orderId } = await stock(server);

  const { user } = await ask(server, text('shopUserQuery'), { id: userId });
  assert.equal(user.orders.edges[0].node.id, orderId);
  assert.equal(user.orders.pageInfo.hasNextPage, false);
  const next = { userId, after: user.orders.edges[0].cursor, first: 10 };
  assert.deepEqual((await ask(server, text('shopOrdersRefetchQuery'), next)).user.orders.edges, []);

  const { payOrder } = await ask(server, text('shopPayMutation'), { input: { orderId, paymentReference: 'till-1' } });
  assert.equal(payOrder.order.status, 'PAID');
  const { node } = await ask(server, text('shopNodeQuery'), { id: orderId, asOf: '4' });
  assert.equal(node.status, 'PLACED');

  const query = text('shopOrderSubscription');
  for await (const { data } of createClient({ url: server.url }).iterate({ query, variables: { id: orderId } })) {
    assert.equal(data.order.status, 'PAID');
    break;
  }
});
