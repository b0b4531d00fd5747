// Server-sent events with the reference client, each operation on a connection of its own.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { test } from 'node:test';
import { createClient } from 'graphql-sse';
import { serve } from './support/server.js';
import { ask, order, pay, stock } from './support/shop.js';

const server = await serve();
const shop = await stock(server);
const client = createClient({ url: server.url });

async function results(payload) {
  const all = [];
  for await (const result of client.iterate(payload)) all.push(result);
  return all;
}

test('a query has one result', async () => {
  const all = await results({ query: 'query($id: ID!) { order(id: $id) { status } }', variables: { id: shop.orderId } });
  assert.deepEqual(all.map(({ data }) => data), [{ order: { status: 'PLACED' } }]);
});

test('a mutation is carried out', async () => {
  const [{ data }] = await results({
    query: 'mutation($id: ID!) { receiveStock(input: { productId: $id, quantity: 2 }) { product { stock } errors { code } } }',
    variables: { id: shop.productId },
  });
  assert.deepEqual(data, { receiveStock: { product: { stock: 99 }, errors: [] } });
});

test('a subscription answers what was recorded and then what is recorded', async () => {
  const { log } = await ask(server, '{ log { head } }');
  const seen = [];
  for await (const { data } of client.iterate({ query: 'subscription { events(after: "0") { position } }' })) {
    seen.push(Number(data.events.position));
    if (seen.at(-1) === Number(log.head)) await pay(server, await order(server, shop));
    if (seen.at(-1) === Number(log.head) + 3) break;
  }
  assert.deepEqual(seen, seen.map((_, index) => index + 1));
});

test('what is not executed is told inside the stream', async () => {
  const code = async (payload) => {
    const [{ data, errors }, ...more] = await results(payload);
    assert.equal(data, undefined);
    assert.deepEqual(more, []);
    return errors[0].extensions.code;
  };
  assert.equal(await code({ query: '{' }), 'GRAPHQL_PARSE_FAILED');
  assert.equal(await code({ query: 'subscription { unheardOf }' }), 'GRAPHQL_VALIDATION_FAILED');
  assert.equal(await code({ query: 'query($id: ID!) { order(id: $id) { id } }' }), 'BAD_USER_INPUT');
});

test('a request that is none is an ordinary answer', async () => {
  const response = await fetch(server.url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Accept: 'text/event-stream' },
    body: '{}',
  });
  assert.equal(response.status, 400);
  assert.match(response.headers.get('content-type'), /^application\/json/);
  assert.equal((await response.json()).errors[0].extensions.code, 'BAD_REQUEST');
});

test('a stream that is connected again goes on after the last id, without a gap and none twice', async () => {
  const query = 'subscription { events(after: "0") { position } }';
  const before = await listen(query, 2);
  assert.match(before[1].id, /^2:[0-9a-f]{64}$/);
  await order(server, shop);
  const { log } = await ask(server, '{ log { head } }');
  const after = await listen(query, Number(log.head) - 2, before[1].id);
  assert.deepEqual(
    [...before, ...after].map(({ data }) => Number(data.data.events.position)),
    Array.from({ length: Number(log.head) }, (_, index) => index + 1),
  );
});

test('a stream of another log is not gone on with', async () => {
  const [{ data }] = await listen('subscription { events(after: "0") { position } }', 1, `2:${'0'.repeat(64)}`);
  assert.equal(data.errors[0].extensions.code, 'LOG_DIVERGED');
});

/** The first `count` events of a stream; the reference client shows no ids, so this reads them off the wire. */
async function listen(query, count, lastEventId) {
  const asking = request(server.url, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      Accept: 'text/event-stream',
      ...(lastEventId && { 'Last-Event-ID': lastEventId }),
    },
  });
  asking.end(JSON.stringify({ query }));
  const [response] = await once(asking, 'response');
  const events = [];
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) {
    const blocks = (text + chunk).split('\n\n');
    text = blocks.pop();
    events.push(...blocks.filter((block) => !block.startsWith(':')).map(read));
    if (events.length >= count) break;
  }
  return events.slice(0, count);
}

function read(block) {
  const { id, event, data } = Object.fromEntries(block.split('\n').map((line) => line.split(/: (.*)/s)));
  return { id, event, data: data && JSON.parse(data) };
}
