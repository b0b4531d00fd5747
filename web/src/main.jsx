// The explorer: GraphiQL on this server's endpoint, with the prepared tabs and the bar above.
import 'graphiql/setup-workers/vite';
import 'graphiql/style.css';
import './style.css';

import { GraphiQL } from 'graphiql';
import { createRoot } from 'react-dom/client';

import { Bar } from './bar.jsx';
import { fetcher } from './fetcher.js';
import { prepare } from './prepared.js';
import { storage } from './storage.js';

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
