// WebSocket with the reference client of `graphql-transport-ws`.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { deferred, follow } from './support/following.js';
import { serve } from './support/server.js';
import { ask, order, pay, stock } from './support/shop.js';

const server = await serve();
const shop = await stock(server);

/** A client that is gone after the test, and what it heard of its connection. */
function connect(t, options = {}) {
  const heard = [];
  const client = createClient({
    url: server.socketUrl,
    webSocketImpl: WebSocket,
    retryAttempts: 100,
    retryWait: () => new Promise((done) => setTimeout(done, 20)),
    ...options,
    on: {
      connected: (socket, payload) => heard.push({ socket, payload }),
      ...options.on,
    },
  });
  t.after(() => client.dispose());
  return { client, heard };
}

/** All results of an operation that ends by itself. */
async function results(client, payload) {
  const all = [];
  for await (const result of client.iterate(payload)) all.push(result);
  return all;
}

test('a query has one result, with the position that it reflects', async (t) => {
  const { client } = connect(t);
  const [result, ...more] = await results(client, {
    query: 'query($id: ID!) { order(id: $id) { status } }',
    variables: { id: shop.orderId },
  });
  assert.deepEqual(result.data, { order: { status: 'PLACED' } });
  assert.match(result.extensions.log.position, /^\d+$/);
  assert.deepEqual(more, []);
});

test('a mutation is carried out', async (t) => {
  const { client } = connect(t);
  const [result] = await results(client, {
    query: `mutation($id: ID!) {
      renameProduct(input: { productId: $id, name: "Green tea" }) { product { name } events { type } errors { code } }
    }`,
    variables: { id: shop.productId },
  });
  assert.deepEqual(result.data, {
    renameProduct: { product: { name: 'Green tea' }, events: [{ type: 'ProductRenamed' }], errors: [] },
  });
});

test('a subscription answers what was recorded and then what is recorded', async (t) => {
  const { client } = connect(t);
  const types = [];
  let orderId;
  for await (const { data } of client.iterate({ query: 'subscription { events(after: "0") { type streamId } }' })) {
    types.push(data.events.type);
    if (!orderId) orderId = await order(server, shop);
    if (data.events.streamId === orderId) break;
  }
  assert.deepEqual(types.slice(0, 4), ['UserCreated', 'ProductCreated', 'OrderPlaced', 'StockReserved']);
  assert.equal(types.at(-1), 'OrderPlaced');
});

test('the acknowledgement holds the head of the log', async (t) => {
  const { client, heard } = connect(t);
  const [{ data }] = await results(client, { query: '{ log { head hash } }' });
  assert.deepEqual(heard[0].payload, { log: { position: data.log.head, hash: data.log.hash } });
});

test('a ping of the client is answered with its payload', async (t) => {
  const pong = deferred();
  connect(t, {
    lazy: false,
    keepAlive: 10,
    on: { pong: (received, payload) => received && pong.resolve(payload) },
  });
  assert.equal(await pong.promise, undefined);
});

test('what is not executed is an error of the operation, and the connection stays', async (t) => {
  const { client, heard } = connect(t, { lazy: false });
  const code = async (query, variables) => {
    const errors = await results(client, { query, variables }).then(
      () => assert.fail(`${query} was executed`),
      (errors) => errors,
    );
    return errors[0].extensions.code;
  };
  assert.equal(await code('{'), 'GRAPHQL_PARSE_FAILED');
  assert.equal(await code('{ unheardOf }'), 'GRAPHQL_VALIDATION_FAILED');
  assert.equal(await code('query($id: ID!) { order(id: $id) { id } }'), 'BAD_USER_INPUT');
  assert.equal(await code('query A { log { id } } query B { log { id } }'), 'OPERATION_RESOLUTION_FAILURE');
  assert.equal((await results(client, { query: '{ log { head } }' })).length, 1);
  assert.equal(heard.length, 1);
});

test('a subscription that cannot begin has one result, which says why', async (t) => {
  const { client } = connect(t);
  const [{ data, errors }, ...more] = await results(client, { query: 'subscription { order(id: "unheard of") { id } }' });
  assert.equal(data ?? null, null);
  assert.equal(errors[0].extensions.code, 'BAD_USER_INPUT');
  assert.deepEqual(errors[0].path, ['order']);
  assert.deepEqual(more, []);
});

test('a client that was cut off goes on after the last event it saw, without a gap and none twice', async (t) => {
  const { client, heard } = connect(t);
  const { seen, until } = follow(client);
  await until(1);
  const { log } = await ask(server, '{ log { head } }');
  await until(Number(log.head));
  heard.at(-1).socket.terminate();
  await pay(server, await order(server, shop));
  await until(Number(log.head) + 3);
  heard.at(-1).socket.terminate();
  await pay(server, await order(server, shop));
  await until(Number(log.head) + 6);
  assert.equal(heard.length, 3);
  assert.deepEqual(seen, seen.map((_, index) => index + 1));
});

test('a client comes back by itself to a server that was restarted, and misses nothing', async (t) => {
  const closed = [];
  const { client } = connect(t, { shouldRetry: () => true, on: { closed: (event) => closed.push(event.code) } });
  const { seen, until } = follow(client);
  const { log } = await ask(server, '{ log { head } }');
  await until(Number(log.head));
  assert.equal(await server.stop(), 0);
  await server.again();
  await order(server, shop);
  await until(Number(log.head) + 2);
  assert.equal(closed[0], 1012);
  assert.deepEqual(seen, seen.map((_, index) => index + 1));
});
