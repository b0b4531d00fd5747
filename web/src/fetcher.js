// How GraphiQL asks this server: subscriptions over a WebSocket, all else over HTTP.
import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { Kind, parse } from 'graphql';
import { createClient } from 'graphql-ws';

import { endpoint, socket } from './endpoint.js';

const ask = createGraphiQLFetcher({ url: endpoint, wsClient: createClient({ url: socket }) });

/** GraphiQL reads a tab a moment after it was opened or typed into, so what it says of the query may be of the one before. */
export function fetcher(params, options) {
  try {
    const documentAST = parse(params.query);
    const operations = documentAST.definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION);
    const names = operations.map(({ name }) => name?.value);
    const operationName = names.includes(params.operationName) ? params.operationName : names[0];
    return ask({ ...params, operationName }, { ...options, documentAST });
  } catch {
    // The server says best what is wrong with it.
    return ask(params, options);
  }
}
