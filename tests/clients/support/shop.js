// Questions over plain HTTP, and a small shop to ask about.
import assert from 'node:assert/strict';

const JSON_BODY = { 'Content-Type': 'application/json' };

/** The status and the parsed body of one POST. */
export async function post(server, body, headers = {}) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const response = await fetch(server.url, { method: 'POST', headers: { ...JSON_BODY, ...headers }, body: text });
  return { status: response.status, headers: response.headers, body: await response.json() };
}

/** The data of an operation that must have no errors. */
export async function ask(server, query, variables) {
  const { body } = await post(server, { query, variables });
  assert.equal(body.errors, undefined);
  return body.data;
}

/** A user and a product of which there are 100: positions 1 and 2. */
export async function open(server) {
  const { createUser, createProduct } = await ask(
    server,
    `mutation {
      createUser(input: { name: "Ada Lovelace", email: "ada@example.org", address: { line1: "1 Main St", city: "London", country: "GB" } }) { user { id } }
      createProduct(input: { sku: "TEA", name: "Tea", price: { amount: "4.50", currency: "EUR" }, initialStock: 100 }) { product { id } }
    }`,
  );
  return { userId: createUser.user.id, productId: createProduct.product.id };
}

/** The same and an order of three: positions 1 to 4. */
export async function stock(server) {
  const shop = await open(server);
  return { ...shop, orderId: await order(server, shop) };
}

/** Waits until users, products and orders are as of this position; what is asked from now on sees at least that. */
async function settled(server, position) {
  const query = '{ users(first: 0) { totalCount } products(first: 0) { totalCount } orders(first: 0) { totalCount } }';
  const { body } = await post(server, { query, extensions: { minPosition: position } });
  assert.equal(body.errors, undefined);
}

/** One more order: two events. Its id. */
export async function order(server, { userId, productId }) {
  const { placeOrder } = await ask(
    server,
    `mutation($userId: ID!, $productId: ID!) {
      placeOrder(input: { userId: $userId, lines: [{ productId: $productId, quantity: 3 }] }) { order { id } position errors { message } }
    }`,
    { userId, productId },
  );
  assert.deepEqual(placeOrder.errors, []);
  await settled(server, placeOrder.position);
  return placeOrder.order.id;
}

/** Pays an order: one event. */
export async function pay(server, orderId) {
  const { payOrder } = await ask(
    server,
    'mutation($id: ID!) { payOrder(input: { orderId: $id, paymentReference: "till-1" }) { position errors { message } } }',
    { id: orderId },
  );
  assert.deepEqual(payOrder.errors, []);
  await settled(server, payOrder.position);
}
