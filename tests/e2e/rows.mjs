// Rows of the table that `cargo xtask bench` makes: `{ what, measured, goal, met, values }`, of which only the first two
// must be there.

import { writeFileSync } from 'node:fs';

/** Prints rows, and writes them to the file that `--json` names. */
export function keep(rows) {
  for (const { what, measured, goal } of rows) console.log([what, measured, goal].filter(Boolean).join(' | '));
  const at = process.argv.indexOf('--json');
  if (at >= 0) writeFileSync(process.argv[at + 1], JSON.stringify(rows, null, 1));
}

/** The value below which this share of all lies. */
export function at(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
}

/** Three digits: `25.1 k`. */
export function short(value) {
  const [scaled, unit] = value >= 1e6 ? [value / 1e6, ' M'] : value >= 1e3 ? [value / 1e3, ' k'] : [value, ''];
  return scaled.toFixed(scaled >= 100 ? 0 : scaled >= 10 ? 1 : 2) + unit;
}
