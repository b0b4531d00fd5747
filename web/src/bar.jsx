// The bar above GraphiQL: the prepared tabs, once they are closed, and the moment that `$asOf` stands for.
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

/** The prepared tabs that are not open as they were prepared: closed, or changed since. */
function Prepared({ prepared }) {
  const { addTab, updateActiveTabValues } = useGraphiQLActions();
  const { tabs, queryEditor, variableEditor } = useGraphiQL(pick('tabs', 'queryEditor', 'variableEditor'));
  const missing = prepared.filter(({ query }) => tabs.every((tab) => tab.query !== query));
  const open = ({ query, variables }) => {
    addTab();
    queryEditor?.setValue(query);
    variableEditor?.setValue(variables);
    updateActiveTabValues({ query, variables });
  };
  return (
    missing.length > 0 && (
      <nav>
        Open again:
        {missing.map((tab) => (
          <button key={tab.label} type="button" onClick={() => open(tab)}>
            {tab.label}
          </button>
        ))}
      </nav>
    )
  );
}

/** Writes `asOf` into the variables of the tab that is open; the operation has to take it as `$asOf: Moment`. */
function MomentPicker() {
  const { variableEditor, queryEditor } = useGraphiQL(pick('variableEditor', 'queryEditor'));
  const { updateActiveTabValues } = useGraphiQLActions();
  const [kind, setKind] = useState('ago');
  const [ago, setAgo] = useState('-P2W');
  const [instant, setInstant] = useState('');
  const [hint, setHint] = useState('');

  const set = (event) => {
    event.preventDefault();
    const { moment, problem } = momentOf(kind, { ago, instant });
    if (problem) return setHint(problem);
    try {
      const others = JSON.parse(variableEditor?.getValue().trim() || '{}');
      const variables = JSON.stringify({ ...others, asOf: moment }, null, 2);
      variableEditor?.setValue(variables);
      updateActiveTabValues({ variables });
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
