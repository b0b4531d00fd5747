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

/** `{ moment }` for the variable, null for now; or `{ problem }`, for people. `choice` is one of AGO or a kind. */
export function momentOf(choice, { duration, instant, position }) {
  switch (choice) {
    case 'now':
      return { moment: null };
    case 'duration': {
      const moment = duration.trim().toUpperCase();
      const isOne = /^-P(?=.*\d)[\dYMWDTHS.]+$/.test(moment);
      return isOne ? { moment } : { problem: 'Write a duration such as -PT1H or -P10D.' };
    }
    case 'instant': {
      const chosen = new Date(instant);
      return Number.isNaN(chosen.getTime()) ? { problem: 'Choose a day and a time.' } : { moment: chosen.toISOString() };
    }
    case 'position': {
      const moment = position.trim();
      return /^\d+$/.test(moment) ? { moment } : { problem: 'Write a position such as 1234, digits alone.' };
    }
    default:
      return { moment: choice };
  }
}
