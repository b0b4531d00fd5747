// The bar above GraphiQL: the prepared tabs, once they are closed, and the moment that `$asOf` stands for.
import { pick, useGraphiQL, useGraphiQLActions } from '@graphiql/react';
import { useEffect, useState } from 'react';

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

/** Kinds of moments that are typed, each with its input. */
const TYPED = {
  duration: {
    label: 'another time ago …',
    input: { 'aria-label': 'How long ago', title: 'An ISO 8601 duration with a minus sign, such as -PT1H or -P10D' },
  },
  instant: {
    label: 'an instant …',
    input: {
      'aria-label': "Instant, in this computer's time zone",
      title: "In this computer's time zone",
      type: 'datetime-local',
      step: 1,
    },
  },
  position: {
    label: 'a position …',
    input: { 'aria-label': 'Position in the log', inputMode: 'numeric', title: 'The position of an event, such as 1234' },
  },
};

/** Writes `asOf` into the variables of the tab that is open; the operation has to take it as `$asOf: Moment`. */
function MomentPicker() {
  const { variableEditor, queryEditor, activeTabIndex } = useGraphiQL(
    pick('variableEditor', 'queryEditor', 'activeTabIndex'),
  );
  const { updateActiveTabValues } = useGraphiQLActions();
  const [choice, setChoice] = useState('-P2W');
  const [typed, setTyped] = useState({ duration: '-P10D', instant: '', position: '' });
  const [hint, setHint] = useState('');
  // What was said is about the tab it was said in.
  useEffect(() => setHint(''), [activeTabIndex]);

  const set = (event) => {
    event.preventDefault();
    const { moment, problem } = momentOf(choice, typed);
    if (problem) return setHint(problem);
    try {
      const { asOf, ...others } = JSON.parse(variableEditor?.getValue().trim() || '{}');
      // Absent is now.
      const variables = JSON.stringify(moment === null ? others : { ...others, asOf: moment }, null, 2);
      variableEditor?.setValue(variables);
      updateActiveTabValues({ variables });
    } catch {
      return setHint('The variables are not JSON; mend them first.');
    }
    const isUsed = /\$asOf\b/.test(queryEditor?.getValue() ?? '');
    setHint(isUsed ? '' : 'This operation does not take $asOf: Moment yet.');
  };

  return (
    <form className="moment" onSubmit={set} noValidate>
      <span role="status">{hint}</span>
      <label>
        As of{' '}
        <select value={choice} onChange={(event) => setChoice(event.target.value)}>
          <option value="now">now</option>
          {Object.entries(AGO).map(([duration, label]) => (
            <option key={duration} value={duration}>
              {label}
            </option>
          ))}
          {Object.entries(TYPED).map(([kind, { label }]) => (
            <option key={kind} value={kind}>
              {label}
            </option>
          ))}
        </select>
      </label>
      {choice in TYPED && (
        <input
          key={choice}
          {...TYPED[choice].input}
          value={typed[choice]}
          onChange={(event) => setTyped({ ...typed, [choice]: event.target.value })}
        />
      )}
      <button type="submit">Set $asOf</button>
    </form>
  );
}
