// A drawing of a figure's result, beside its JSON: bars, no library, readable on light and on dark.

const WIDTH = 860;
const LABEL = 292;
const VALUE = 96;
const BAR = 18;
const STEP = 28;
const PANEL_GAP = 34;
const HEAD = 74;

const escape = (text) => String(text).replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);

/** 129576 → "129,600", 4.331 → "4.3": three digits that matter. */
export function short(value) {
  if (value === 0) return '0';
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(Math.abs(value))) - 3);
  return digits > 0 ? value.toFixed(Math.min(digits, 1)) : (Math.round(value / unit) * unit).toLocaleString('en-GB');
}

/** Powers of ten around the values. */
function decades(values) {
  const from = Math.floor(Math.log10(Math.min(...values)));
  const to = Math.ceil(Math.log10(Math.max(...values)));
  return { from, to: Math.max(to, from + 1) };
}

/** Ticks of a linear axis: 1, 2 or 5 times a power of ten, at most six. */
function steps(max) {
  const rough = max / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough);
  return Array.from({ length: Math.ceil(max / step) + 1 }, (_, n) => n * step);
}

/** The scale of a panel: ticks, and where a value stands between 0 and 1. */
function scale({ bars, log }) {
  const values = bars.flatMap((bar) => bar.values).filter((value) => value > 0);
  if (log) {
    const { from, to } = decades(values);
    const at = (value) => Math.max(0, (Math.log10(value) - from) / (to - from));
    return { ticks: Array.from({ length: to - from + 1 }, (_, n) => 10 ** (from + n)), at };
  }
  const ticks = steps(Math.max(...values));
  return { ticks, at: (value) => value / ticks.at(-1) };
}

function panel({ title, better, bars, log }, top) {
  const { ticks, at } = scale({ bars, log });
  const room = WIDTH - LABEL - VALUE;
  const x = (value) => LABEL + at(value) * room;
  const base = top + 26;
  const bottom = base + bars.length * STEP;
  const lines = ticks.map((tick) => `<line class="grid" x1="${x(tick)}" x2="${x(tick)}" y1="${base}" y2="${bottom}"/><text class="tick" x="${x(tick)}" y="${bottom + 15}" text-anchor="middle">${tick.toLocaleString('en-GB')}</text>`);
  const drawn = bars.map(({ name, who, values, median }, n) => {
    const y = base + n * STEP + (STEP - BAR) / 2;
    const middle = y + BAR / 2;
    const [least, most] = [Math.min(...values), Math.max(...values)];
    const spread = most > least && least > 0 ? `<line class="spread" x1="${x(least)}" x2="${x(most)}" y1="${middle}" y2="${middle}"/>` : '';
    const end = Math.max(x(median), x(most));
    return `<text class="name" x="${LABEL - 10}" y="${middle + 4}" text-anchor="end">${escape(name)}</text>
<rect class="${who}" x="${LABEL}" y="${y}" width="${Math.max(1, x(median) - LABEL).toFixed(1)}" height="${BAR}" rx="2"/>${spread}
<text class="value" x="${(end + 8).toFixed(1)}" y="${middle + 4}">${short(median)}</text>`;
  });
  const text = `<text class="title" x="${LABEL}" y="${top + 10}">${escape(title)}<tspan class="hint" dx="8">${escape(better)}</tspan></text>`;
  return { svg: [text, ...lines, ...drawn].join('\n'), bottom: bottom + 20 };
}

/**
 * `panels`: `{ title, better, log, bars: [{ name, who: 'ours' | 'peer', values, median }] }`, each with bars.
 * `title`: what the drawing shows; `lines`: where its figures come from.
 */
export function plot({ title, lines, panels }) {
  let top = HEAD + 15 * (lines.length - 1);
  const drawn = panels.map((one) => {
    const { svg, bottom } = panel(one, top);
    top = bottom + PANEL_GAP;
    return svg;
  });
  const height = top - PANEL_GAP + 12;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${escape(title)}">
<style>
svg { background: #ffffff; font: 13px system-ui, "DejaVu Sans", sans-serif }
text { fill: #1b1f24 } .head { font-size: 17px; font-weight: 600 } .title { font-weight: 600 }
.from, .hint, .tick { fill: #5a6470; font-size: 11.5px; font-weight: 400 } .value { font-variant-numeric: tabular-nums }
.grid { stroke: #d9dee4 } .ours { fill: #1f6feb } .peer { fill: #9aa4af } .spread { stroke: #1b1f24; stroke-width: 1.5 }
@media (prefers-color-scheme: dark) {
svg { background: #14171b } text { fill: #e6e9ed } .from, .hint, .tick { fill: #9aa4af }
.grid { stroke: #2b3138 } .ours { fill: #58a6ff } .peer { fill: #69737e } .spread { stroke: #e6e9ed }
}
</style>
<text class="head" x="20" y="30">${escape(title)}</text>
${lines.map((line, n) => `<text class="from" x="20" y="${50 + 15 * n}">${escape(line)}</text>`).join('\n')}
${drawn.join('\n')}
</svg>
`;
}

/** A bar of the row called `what`, if it was measured. */
export function bar(rows, what, name, who) {
  const row = rows.find((one) => one.what === what);
  return row && row.median > 0 ? [{ name, who, values: row.values, median: row.median }] : [];
}
