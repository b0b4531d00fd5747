// The explorer: GraphiQL on this server's endpoint, with the prepared tabs and the bar above.
import 'graphiql/setup-workers/vite';
import 'graphiql/style.css';
import './style.css';

import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { GraphiQL } from 'graphiql';
import { createClient } from 'graphql-ws';
import { createRoot } from 'react-dom/client';

import { Bar } from './bar.jsx';
import { endpoint, socket } from './endpoint.js';
import { prepare } from './prepared.js';
import { storage } from './storage.js';

const fetcher = createGraphiQLFetcher({ url: endpoint, wsClient: createClient({ url: socket }) });
const prepared = await prepare();

createRoot(document.getElementById('explorer')).render(
  <GraphiQL
    fetcher={fetcher}
    defaultTabs={prepared}
    defaultQuery=""
    defaultEditorToolsVisibility="variables"
    storage={storage}
    inputValueDeprecation
    schemaDescription
  >
    <GraphiQL.Logo> </GraphiQL.Logo>
    <Bar prepared={prepared} />
  </GraphiQL>,
);
