// A WebSocket without a client around it, which can say whatever it likes.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import WebSocket from 'ws';

export const TRANSPORT = 'graphql-transport-ws';

/** The message that starts an operation. */
export function subscribe(id, query, more = {}) {
  return { type: 'subscribe', id, payload: { query, ...more } };
}

/** A socket that was opened; `closed` settles with its end, `hear` with the next message. */
export async function open(server, { protocols = [TRANSPORT], origin } = {}) {
  const socket = new WebSocket(server.socketUrl, protocols, { origin });
  const messages = [];
  const waiting = [];
  socket.on('message', (data) => {
    const message = JSON.parse(data.toString());
    if (waiting.length) waiting.shift()(message);
    else messages.push(message);
  });
  const closed = once(socket, 'close').then(([code, reason]) => ({ code, reason: reason.toString() }));
  await once(socket, 'open');
  return {
    socket,
    closed,
    send: (message) => socket.send(typeof message === 'string' || Buffer.isBuffer(message) ? message : JSON.stringify(message)),
    hear: () => (messages.length ? messages.shift() : new Promise((found) => waiting.push(found))),
  };
}

/** One whose conversation was accepted. */
export async function ready(server, options) {
  const peer = await open(server, options);
  peer.send({ type: 'connection_init' });
  assert.equal((await peer.hear()).type, 'connection_ack');
  return peer;
}
