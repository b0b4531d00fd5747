// WebSocket with a client that keeps no rule: every breach has the close code that the protocol gives it.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import WebSocket from 'ws';
import { TRANSPORT, open, ready, subscribe } from './support/peer.js';
import { serve } from './support/server.js';

const HEAD = { data: { log: { head: '0' } }, extensions: { log: { position: '0' } } };
const server = await serve();

describe('a client that breaks a rule is closed with the code of the breach', { concurrency: true }, () => {
  const breaches = {
    'a message that is not JSON': [4400, ['not json']],
    'a message that is no object': [4400, ['[]']],
    'a message without a type': [4400, [{ id: '1' }]],
    'a message of an unknown type': [4400, [{ type: 'start', id: '1', payload: { query: '{ log { id } }' } }]],
    'a binary message': [4400, [Buffer.from('{"type":"connection_init"}')]],
    'a payload of connection_init that is no object': [4400, [{ type: 'connection_init', payload: 'me' }]],
    'a subscribe without an id': [4400, [{ type: 'connection_init' }, { type: 'subscribe', payload: { query: '{ log { id } }' } }]],
    'a subscribe with an empty id': [4400, [{ type: 'connection_init' }, subscribe('', '{ log { id } }')]],
    'a subscribe without a payload': [4400, [{ type: 'connection_init' }, { type: 'subscribe', id: '1' }]],
    'a subscribe without a query': [4400, [{ type: 'connection_init' }, { type: 'subscribe', id: '1', payload: {} }]],
    'variables that are no object': [
      4400,
      [{ type: 'connection_init' }, { type: 'subscribe', id: '1', payload: { query: '{ log { id } }', variables: [] } }],
    ],
    'a complete without an id': [4400, [{ type: 'connection_init' }, { type: 'complete' }]],
    'a subscribe before the acknowledgement': [4401, [subscribe('1', '{ log { id } }')]],
    'no connection_init in time': [4408, []],
    'an id that is in use': [
      4409,
      [{ type: 'connection_init' }, subscribe('1', 'subscription { events { id } }'), subscribe('1', '{ log { id } }')],
    ],
    'a second connection_init': [4429, [{ type: 'connection_init' }, { type: 'connection_init' }]],
    'a message over 256 KiB': [
      1009,
      [{ type: 'connection_init' }, subscribe('1', '{ log { id } }', { variables: { text: 'x'.repeat(256 * 1024) } })],
    ],
  };
  for (const [breach, [code, messages]] of Object.entries(breaches)) {
    test(`${code}: ${breach}`, async () => {
      const peer = await open(server);
      for (const message of messages) peer.send(message);
      assert.equal((await peer.closed).code, code);
    });
  }

  // Where it offers one that is not spoken here, this client breaks off by itself.
  test('4406: no sub-protocol', async () => {
    assert.equal((await (await open(server, { protocols: [] })).closed).code, 4406);
  });
});

describe('a client that keeps the rules is served', { concurrency: true }, () => {
  test('a message of 256 KiB is read', async () => {
    const peer = await ready(server);
    const message = JSON.stringify(subscribe('1', '{ log { id } }', { extensions: { padding: '' } }));
    peer.send(message.replace('"padding":""', `"padding":"${'x'.repeat(256 * 1024 - message.length)}"`));
    assert.equal((await peer.hear()).type, 'next');
  });

  test('an id is free again once its operation is complete', async () => {
    const peer = await ready(server);
    for (let round = 0; round < 2; round += 1) {
      peer.send(subscribe('1', '{ log { head } }'));
      assert.deepEqual(await peer.hear(), { type: 'next', id: '1', payload: HEAD });
      assert.deepEqual(await peer.hear(), { type: 'complete', id: '1' });
    }
  });

  test('an error message holds a list of errors, and the socket stays', async () => {
    const peer = await ready(server);
    peer.send(subscribe('1', '{ unheardOf }'));
    const { type, id, payload } = await peer.hear();
    assert.deepEqual([type, id], ['error', '1']);
    assert.equal(payload[0].extensions.code, 'GRAPHQL_VALIDATION_FAILED');
    peer.send(subscribe('1', '{ log { head } }'));
    assert.equal((await peer.hear()).type, 'next');
  });

  test('a ping is answered with its payload, even before the acknowledgement', async () => {
    const peer = await open(server);
    peer.send({ type: 'ping', payload: { sent: 1 } });
    assert.deepEqual(await peer.hear(), { type: 'pong', payload: { sent: 1 } });
  });

  test('the server pings with the head of the log', { timeout: 40_000 }, async () => {
    const peer = await ready(server);
    const { type, payload } = await peer.hear();
    assert.equal(type, 'ping');
    assert.equal(payload.log.position, '0');
    assert.match(payload.log.hash, /^[0-9a-f]{64}$/);
  });
});

test('403: a page of another origin may not open a socket', async () => {
  const refused = new WebSocket(server.socketUrl, TRANSPORT, { origin: 'https://elsewhere.example' });
  const [, response] = await once(refused, 'unexpected-response');
  assert.equal(response.statusCode, 403);
  response.destroy();
  const own = await open(server, { origin: server.origin });
  own.socket.close();
  assert.equal((await own.closed).code, 1005);
});

test('a page that the settings name may open one', async () => {
  const named = await serve('--allow-origin', 'https://shop.example');
  const peer = await ready(named, { origin: 'https://shop.example' });
  peer.socket.close();
});

test('1013: a connection more than --max-connections', async () => {
  const small = await serve('--max-connections', '2');
  const first = await ready(small);
  await ready(small);
  assert.equal((await (await open(small)).closed).code, 1013);
  first.socket.close();
  await first.closed;
  await ready(small);
});

test('an operation more than --max-subscriptions is an error of that operation', async () => {
  const small = await serve('--max-subscriptions', '2');
  const peer = await ready(small);
  for (const id of ['1', '2', '3']) peer.send(subscribe(id, 'subscription { events { id } }'));
  const { type, id, payload } = await peer.hear();
  assert.deepEqual([type, id, payload[0].extensions.code], ['error', '3', 'OVERLOADED']);
  assert.match(payload[0].message, /2 operations .*max-subscriptions/);
});

test('1012: the server ends', async () => {
  const ending = await serve();
  const [idle, busy] = [await ready(ending), await ready(ending)];
  busy.send(subscribe('1', 'subscription { events { id } }'));
  busy.send(subscribe('2', '{ log { id } }'));
  assert.equal((await busy.hear()).id, '2');
  assert.equal(await ending.stop(), 0);
  assert.equal((await idle.closed).code, 1012);
  assert.equal((await busy.closed).code, 1012);
});
