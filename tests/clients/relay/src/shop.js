// What a page of a shop would ask for: compiled by relay.test.js, never run as it is.
graphql`
  fragment shop_order on Order {
    status
    totalAmount {
      amount
      currency
    }
    lines {
      quantity
      product {
        name
        stock
      }
    }
  }
`;

// A fragment on User cannot be refetchable: the compiler wants a `node` that takes nothing but an id, and ours takes a
// moment too.
graphql`
  fragment shop_orders on Query
  @argumentDefinitions(userId: { type: "ID!" }, first: { type: "Int", defaultValue: 10 }, after: { type: "String" })
  @refetchable(queryName: "shopOrdersRefetchQuery") {
    user(id: $userId) {
      orders(first: $first, after: $after, sortBy: { field: PLACED_AT, direction: DESC }) @connection(key: "shop_orders") {
        totalCount
        edges {
          node {
            id
            asOf
            ...shop_order
          }
        }
      }
    }
  }
`;

graphql`
  query shopUserQuery($id: ID!) {
    user(id: $id) {
      name
    }
    ...shop_orders @arguments(userId: $id)
  }
`;

graphql`
  query shopNodeQuery($id: ID!, $asOf: Moment) {
    node(id: $id, asOf: $asOf) {
      ...shop_order @alias
    }
  }
`;

graphql`
  mutation shopPayMutation($input: PayOrderInput!) {
    payOrder(input: $input) {
      order {
        ...shop_order
      }
      errors {
        code
        message
        path
      }
    }
  }
`;

graphql`
  subscription shopOrderSubscription($id: ID!) {
    order(id: $id) {
      ...shop_order
    }
  }
`;
