// The WebSocket sub-protocol of before, with the client it came from.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { SubscriptionClient } from 'subscriptions-transport-ws';
import WebSocket from 'ws';
import { serve } from './support/server.js';
import { ask, stock } from './support/shop.js';

const server = await serve();
const shop = await stock(server);

/** A client that is gone after the test. */
function connect(t, options = {}) {
  const client = new SubscriptionClient(server.socketUrl, options, WebSocket);
  t.after(() => client.close());
  return client;
}

/** All results of an operation that ends by itself. */
function results(client, payload) {
  return new Promise((done, error) => {
    const all = [];
    client.request(payload).subscribe({ next: (result) => all.push(result), error, complete: () => done(all) });
  });
}

test('a query has one result', async (t) => {
  const all = await results(connect(t), {
    query: 'query($id: ID!) { order(id: $id) { status } }',
    variables: { id: shop.orderId },
  });
  assert.deepEqual(all.map(({ data }) => data), [{ order: { status: 'PLACED' } }]);
});

test('a mutation is carried out', async (t) => {
  const [{ data }] = await results(connect(t), {
    query: 'mutation($id: ID!) { receiveStock(input: { productId: $id, quantity: 2 }) { product { stock } errors { code } } }',
    variables: { id: shop.productId },
  });
  assert.deepEqual(data, { receiveStock: { product: { stock: 99 }, errors: [] } });
});

test('a subscription answers what was recorded and then what is recorded', async (t) => {
  const client = connect(t);
  const { log } = await ask(server, '{ log { head } }');
  const seen = [];
  await new Promise((done, error) => {
    client.request({ query: 'subscription { events(after: "0") { position } }' }).subscribe({
      next({ data }) {
        seen.push(data.events.position);
        if (data.events.position === log.head) renameProduct().catch(error);
        if (Number(data.events.position) > Number(log.head)) done();
      },
      error,
    });
  });
  assert.deepEqual(seen, seen.map((_, index) => `${index + 1}`));
});

test('what is not executed is an error, and the connection stays', async (t) => {
  const client = connect(t);
  await assert.rejects(results(client, { query: '{ unheardOf }' }), { message: /unheardOf/ });
  assert.equal((await results(client, { query: '{ log { head } }' })).length, 1);
});

test('the acknowledgement holds the head of the log', async (t) => {
  const client = connect(t, { lazy: false });
  const [payload] = await new Promise((done) => client.onConnected((...heard) => done(heard)));
  const { log } = await ask(server, '{ log { head hash } }');
  assert.deepEqual(payload, { log: { position: log.head, hash: log.hash } });
});

test('it can be switched off', async () => {
  const modern = await serve('--no-legacy-ws');
  // The upgrade answers no sub-protocol, which ends the handshake for a client that offered one.
  const [error] = await once(new WebSocket(modern.socketUrl, 'graphql-ws'), 'error');
  assert.match(error.message, /no subprotocol/);
});

function renameProduct() {
  return ask(server, 'mutation($id: ID!) { renameProduct(input: { productId: $id, name: "Green tea" }) { errors { code } } }', {
    id: shop.productId,
  });
}
