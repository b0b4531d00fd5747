// From what the moment picker shows to what `asOf` takes.

/** Durations to choose from; any other can be typed. */
export const AGO = {
  '-PT5M': '5 minutes ago',
  '-PT1H': 'an hour ago',
  '-P1D': 'a day ago',
  '-P1W': 'a week ago',
  '-P2W': 'two weeks ago',
  '-P3M': 'three months ago',
  '-P1Y': 'a year ago',
};

/** `{ moment }` for the variable, null for now; or `{ problem }`, for people. */
export function momentOf(kind, { ago, instant }) {
  if (kind === 'now') return { moment: null };
  if (kind === 'instant') {
    const chosen = new Date(instant);
    return Number.isNaN(chosen.getTime()) ? { problem: 'Choose a day and a time.' } : { moment: chosen.toISOString() };
  }
  const duration = ago.trim().toUpperCase();
  const isDuration = /^-P(?=.*\d)[\dYMWDTHS.]+$/.test(duration);
  return isDuration ? { moment: duration } : { problem: 'Write a duration such as -PT1H or -P2W.' };
}
