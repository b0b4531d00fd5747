// The prepared tabs, with ids of this very shop where it has any, so that each can be run as it stands.
import { endpoint } from './endpoint.js';

const FIND = `# Who can order, and what: ids for the next tab.
query FindUserAndProduct {
  users(first: 5, filter: { status: ACTIVE }) {
    nodes {
      id
      name
      address { city country }
    }
  }
  products(
    first: 5
    filter: { status: AVAILABLE, inStock: true }
  ) {
    nodes {
      id
      name
      stock
      price { amount currency }
    }
  }
}
`;

const PLACE = `# The variables name a user and a product; the
# first tab finds others. With "dryRun": true this
# tells what would happen, and records nothing.
mutation PlaceOrder($input: PlaceOrderInput!) {
  placeOrder(input: $input) {
    order {
      id
      status
      user { name }
      lines {
        productName
        quantity
        lineTotal { amount currency }
      }
      totalAmount { amount currency }
    }
    errors { code message path }
    events { position type recordedAt }
  }
}
`;

const COMPARE = `# The same questions about a moment in the past
# and about now. The bar above sets $asOf.
query ThenAndNow($asOf: Moment) {
  ordersThen: orders(first: 3, asOf: $asOf) {
    ...Orders
  }
  ordersNow: orders(first: 3) {
    ...Orders
  }
  productsThen: products(first: 3, asOf: $asOf) {
    ...Products
  }
  productsNow: products(first: 3) {
    ...Products
  }
}

fragment Orders on OrderConnection {
  totalCount
  nodes {
    id
    status
    user { name }
    totalAmount { amount currency }
  }
}

fragment Products on ProductConnection {
  totalCount
  nodes {
    name
    stock
    price { amount currency }
  }
}
`;

const CHANGES = `# What happened to the newest order, and what each
# event changed: who, when, why, before and after.
query WhatChanged($asOf: Moment) {
  orders(first: 1, asOf: $asOf) {
    nodes {
      id
      status
      changes(first: 10) {
        nodes {
          event {
            position type recordedAt
            actor reason
          }
          fields { field before after }
        }
      }
    }
  }
}
`;

const REPORT = `# What was sold, a row a day (or a "PRODUCT"), as it
# was known at $asOf: returned later is still in it.
query SalesReport(
  $groupBy: SalesGrouping = DAY
  $asOf: Moment
) {
  salesReport(groupBy: $groupBy, asOf: $asOf) {
    totals {
      orders
      units
      revenue { amount currency }
    }
    rows(first: 10) {
      nodes {
        day
        product { name }
        orders
        units
        revenue { amount currency }
      }
    }
  }
}
`;

const SEARCH = `# Users, products and orders that have these words,
# case and accents aside, best first. The last word
# may be the beginning of one.
query Search($text: String!, $asOf: Moment) {
  search(text: $text, first: 5, asOf: $asOf) {
    totalCount
    nodes {
      score
      snippet
      subject {
        __typename
        ... on User { name }
        ... on Product { name stock }
        ... on Order { status }
      }
    }
  }
}
`;

const WATCH = `# Every event from now on, as it is recorded:
# leave it running, and order in another window.
# With {"after": "0"} it starts at the first event.
subscription WatchTheLog($after: Position) {
  events(after: $after) {
    position
    type
    recordedAt
    streamType
    streamId
    actor
    data
  }
}
`;

/** The tabs as GraphiQL takes them, each with the words for its button. Never fails: without ids they are left open. */
export async function prepare() {
  const { user, product } = await someone();
  const lines = [{ productId: product?.id ?? '', quantity: 1 }];
  const order = { userId: user?.id ?? '', lines, dryRun: false };
  // Otherwise the order goes to the user's own address.
  if (!user?.address) {
    order.shippingAddress = { line1: '1 Main Street', city: 'Berlin', postalCode: '10115', country: 'DE' };
  }
  return [
    tab('Find a user and a product', FIND),
    tab('Place an order', PLACE, { input: order }),
    tab('Then and now', COMPARE, { asOf: '-P2W' }),
    tab('What changed', CHANGES),
    tab('Sales report', REPORT, { groupBy: 'DAY' }),
    tab('Search', SEARCH, { text: user?.address?.city ?? 'a' }),
    tab('Watch the log', WATCH),
  ];
}

function tab(label, query, variables) {
  return { label, query, variables: variables ? JSON.stringify(variables, null, 2) : '' };
}

/** A user and a product of this shop, as far as there are any. */
async function someone() {
  const query = `{
    users(first: 1, filter: { status: ACTIVE }) { nodes { id address { city } } }
    products(first: 1, filter: { status: AVAILABLE, inStock: true }) { nodes { id } }
  }`;
  try {
    const answer = await fetch(endpoint, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Accept: 'application/graphql-response+json' },
      body: JSON.stringify({ query }),
      signal: AbortSignal.timeout(3000),
    });
    const { data } = await answer.json();
    return { user: data?.users.nodes[0], product: data?.products.nodes[0] };
  } catch {
    return {};
  }
}
