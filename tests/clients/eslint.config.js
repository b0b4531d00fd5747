// The rules that schema.graphql keeps: all of graphql-eslint's for schemas and for Relay, but for the exceptions below.
import graphql from '@graphql-eslint/eslint-plugin';

const own = {
  // What has an identity has an id: entities, events, the log. Values, pages and what is said of a moment have none.
  '@graphql-eslint/strict-id-in-types': [
    'error',
    {
      exceptions: {
        suffixes: ['Connection', 'Edge', 'Payload'],
        types: [
          ...['Address', 'Money', 'OrderLine', 'OrderedLine', 'PageInfo'],
          ...['Change', 'CommandError', 'FieldChange', 'OrderChange'],
          // Known by their name, their day and product, or what they found.
          ...['ReadModel', 'SalesReport', 'SalesRow', 'SearchHit'],
        ],
      },
    },
  ],
  // Hits, changes and the rows of a report go forward only: they are found, replayed and added up in that direction.
  '@graphql-eslint/relay-arguments': ['error', { includeBoth: false }],
  '@graphql-eslint/relay-edge-types': [
    'error',
    {
      withEdgeSuffix: true,
      // There are pages of things without an identity: changes, hits, rows of a report.
      shouldImplementNode: false,
      // Pages have their `nodes` beside their edges, and short lists of values, such as an order's lines, are no pages.
      listTypeCanWrapOnlyEdgeType: false,
    },
  ],
};

export default [
  {
    files: ['**/*.graphql'],
    languageOptions: {
      parser: graphql.parser,
      parserOptions: { graphQLConfig: { schema: 'schema.graphql' } },
    },
    plugins: { '@graphql-eslint': graphql },
    rules: {
      ...graphql.configs['flat/schema-recommended'].rules,
      ...graphql.configs['flat/schema-relay'].rules,
      ...own,
    },
  },
];
