// The bar above GraphiQL: the prepared tabs, for those who closed them, and the moment that `$asOf` stands for.
import { pick, useGraphiQL, useGraphiQLActions } from '@graphiql/react';
import { useState } from 'react';

import { AGO, momentOf } from './moment.js';

export function Bar({ prepared }) {
  return (
    <header className="bar">
      <strong>
        <img src="./icon.svg" alt="" /> Hindsight
      </strong>
      <Prepared prepared={prepared} />
      <MomentPicker />
    </header>
  );
}

function Prepared({ prepared }) {
  const { addTab, changeTab } = useGraphiQLActions();
  const { tabs, queryEditor, variableEditor } = useGraphiQL(pick('tabs', 'queryEditor', 'variableEditor'));
  const open = ({ query, variables }) => {
    const index = tabs.findIndex((tab) => tab.query === query);
    if (index >= 0) return changeTab(index);
    addTab();
    queryEditor?.setValue(query);
    variableEditor?.setValue(variables);
  };
  return (
    <nav aria-label="Prepared tabs">
      {prepared.map((tab) => (
        <button key={tab.label} type="button" onClick={() => open(tab)}>
          {tab.label}
        </button>
      ))}
    </nav>
  );
}

/** Writes `asOf` into the variables of the tab that is open; the operation has to take it as `$asOf: Moment`. */
function MomentPicker() {
  const { variableEditor, queryEditor } = useGraphiQL(pick('variableEditor', 'queryEditor'));
  const [kind, setKind] = useState('ago');
  const [ago, setAgo] = useState('-P2W');
  const [instant, setInstant] = useState('');
  const [hint, setHint] = useState('');

  const set = (event) => {
    event.preventDefault();
    const { moment, problem } = momentOf(kind, { ago, instant });
    if (problem) return setHint(problem);
    try {
      const variables = JSON.parse(variableEditor?.getValue().trim() || '{}');
      variableEditor?.setValue(JSON.stringify({ ...variables, asOf: moment }, null, 2));
    } catch {
      return setHint('The variables are not JSON; mend them first.');
    }
    const isUsed = /\$asOf\b/.test(queryEditor?.getValue() ?? '');
    setHint(isUsed ? '' : 'This operation does not take $asOf: Moment yet.');
  };

  return (
    <form className="moment" onSubmit={set}>
      <span role="status">{hint}</span>
      <label>
        As of{' '}
        <select value={kind} onChange={(event) => setKind(event.target.value)}>
          <option value="now">now</option>
          <option value="ago">so long ago</option>
          <option value="instant">an instant</option>
        </select>
      </label>
      {kind === 'ago' && (
        <>
          <input
            aria-label="How long ago"
            list="ago"
            value={ago}
            onChange={(event) => setAgo(event.target.value)}
            title="An ISO 8601 duration with a minus sign, such as -PT1H or -P2W"
          />
          <datalist id="ago">
            {Object.entries(AGO).map(([duration, label]) => (
              <option key={duration} value={duration} label={label} />
            ))}
          </datalist>
        </>
      )}
      {kind === 'instant' && (
        <input
          aria-label="Instant, in this computer's time zone"
          type="datetime-local"
          step="1"
          value={instant}
          onChange={(event) => setInstant(event.target.value)}
        />
      )}
      <button type="submit">Set $asOf</button>
    </form>
  );
}
