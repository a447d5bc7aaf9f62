// What is taken away of the page: pictures of cards, their tables, and whole reports, as files that the browser saves.
// Loaded when the first thing is taken away. Nothing leaves the browser.

const LIBRARY = 'vendor/modern-screenshot/index.mjs';

const load = () => import(new URL(LIBRARY, document.baseURI));

/** Saves a picture (`png`, `svg`) or the tables (`csv`, `json`) of a card, or copies the tables (`copy`). */
export async function take(card, what) {
  if (what === 'copy') return navigator.clipboard.writeText(lines(tables(card), '\t', tabbed));
  save(`${name(card)}.${what}`, await FORMATS[what](card));
}

const FORMATS = {
  png: (card) => picture(card, 'domToBlob'),
  svg: async (card) => {
    const svg = await picture(card, 'domToForeignObjectSvg');
    svg.setAttribute('viewBox', `0 0 ${svg.getAttribute('width')} ${svg.getAttribute('height')}`);
    return blob(new XMLSerializer().serializeToString(svg), 'image/svg+xml');
  },
  csv: (card) => blob(lines(tables(card), ',', quoted), 'text/csv'),
  json: (card) => {
    const { model, view } = document.documentElement.dataset;
    const about = { title: title(card), model, view, address: location.href };
    return blob(JSON.stringify({ ...about, tables: tables(card) }, null, 1), 'application/json');
  },
};

/** Whether there is a table to take away. */
export const hasTable = (card) => card.querySelector('table') !== null;

/** Saves bytes or a text. */
export function saveFile(file, content, type) {
  save(file, new Blob([content], { type }));
}

/** Pictures of all cards that are seen now, as data addresses in the light theme, which prints well. */
export async function pictures() {
  return inLight(async () => {
    const taken = [];
    for (const card of document.querySelectorAll('.main .card')) {
      if (card.parentElement.closest('.card') || !card.checkVisibility() || card.clientWidth === 0) continue;
      taken.push([title(card), await picture(card, 'domToPng'), card.clientWidth]);
    }
    return taken;
  });
}

/** Waits until nothing of the page is busy; says whether that came about in time, in ms. */
export async function settled(patience) {
  const until = performance.now() + patience;
  for (let quiet = 0; quiet < 3; quiet++) {
    if (performance.now() > until) return false;
    if (document.querySelector('.main [aria-busy="true"], .badge[aria-busy="true"]')) quiet = -1;
    await new Promise((done) => setTimeout(done, 100));
  }
  return true;
}

/** A document of its own, made of an element and of the page's styles for it. */
export function saveReport(article, file) {
  const { lang } = document.documentElement;
  const copy = article.cloneNode(true);
  const style = [...document.styleSheets]
    .flatMap((sheet) => [...sheet.cssRules])
    .map((rule) => rule.cssText)
    .filter((text) => text.includes('.report') || text.startsWith(':root'))
    .join('\n');
  const head = [
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">`,
    `<title>${escaped(copy.querySelector('h1').textContent)}</title>`,
    `<style>\n${style}\nbody { margin: 0; background: #fff; }\n</style>`,
  ];
  const text = `<!doctype html>\n<html lang="${lang}">\n<head>\n${head.join('\n')}\n</head>\n<body>\n<main>\n${copy.outerHTML}\n</main>\n</body>\n</html>\n`;
  save(file, blob(text, 'text/html'));
}

/** Prints an element without the page around it. */
export function print(article) {
  const { body } = document;
  const copy = body.appendChild(article.cloneNode(true));
  body.classList.add('prints-report');
  const done = () => {
    copy.remove();
    body.classList.remove('prints-report');
  };
  window.addEventListener('afterprint', done, { once: true });
  window.print();
}

async function picture(card, how) {
  const library = await load();
  const background = getComputedStyle(card).backgroundColor;
  return library[how](card, {
    scale: 2,
    backgroundColor: background,
    // Fonts are the system's.
    font: false,
    style: { margin: '0', boxShadow: 'none' },
    filter: (node) => !(node.classList?.contains('take-away') || node.classList?.contains('tip')),
  });
}

async function inLight(work) {
  const root = document.documentElement;
  const before = root.dataset.theme;
  root.dataset.theme = 'light';
  const frame = () => new Promise((drawn) => setTimeout(drawn, 50));
  await frame();
  await frame();
  try {
    return await work();
  } finally {
    if (before) root.dataset.theme = before;
    else delete root.dataset.theme;
  }
}

function save(file, content) {
  const address = URL.createObjectURL(content);
  const link = document.createElement('a');
  link.href = address;
  link.download = file;
  link.click();
  // Some browsers read it only after this turn.
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

const blob = (text, type) => new Blob([text], { type: `${type};charset=utf-8` });

const title = (card) => card.querySelector('h2')?.textContent.trim() ?? '';

/** `digits-mlp-story-membrane`: model, view and card. */
function name(card) {
  const { model, view } = document.documentElement.dataset;
  const own = card.dataset.card ?? [...card.classList].find((word) => word.endsWith('-card'))?.slice(0, -5);
  return [model, view, own ?? 'card'].filter(Boolean).join('-').replace(/[^\p{L}\p{N}._-]+/gu, '-');
}

/** All tables of a card: each with its caption, its columns and its rows. */
function tables(card) {
  return [...card.querySelectorAll('table')].map((table) => {
    const rows = [...table.rows].map(cells);
    const heads = table.tHead ? table.tHead.rows.length : 0;
    return { caption: table.caption?.textContent.trim() ?? '', columns: rows.slice(0, heads), rows: rows.slice(heads) };
  });
}

function cells(row) {
  return [...row.cells].flatMap((cell) => {
    const { value } = cell.dataset;
    const text = value ?? cell.textContent.trim().replace(/[ \t\r\n]+/g, ' ');
    return [number(text), ...Array(cell.colSpan - 1).fill('')];
  });
}

/** A number without what makes it readable; what is none stays a text. */
function number(text) {
  const plain = text.replace(/[\u2009\u202f\u00a0](?=\d)/g, '').replace(/^\u2212/, '-');
  return /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(plain) ? Number(plain) : text;
}

function lines(all, separator, cell) {
  const of = (table) => [...table.columns, ...table.rows].map((row) => row.map(cell).join(separator));
  return all.map((table) => [...(all.length > 1 && table.caption ? [cell(table.caption)] : []), ...of(table)].join('\r\n')).join('\r\n\r\n') + '\r\n';
}

const quoted = (value) => (/[",\r\n]/.test(value) ? `"${String(value).replaceAll('"', '""')}"` : String(value));
const tabbed = (value) => String(value).replace(/[\t\r\n]+/g, ' ');
const escaped = (text) => text.replace(/[&<>]/g, (sign) => `&#${sign.charCodeAt(0)};`);
