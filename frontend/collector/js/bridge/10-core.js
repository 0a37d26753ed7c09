// The bridge between the page and the collector's WASM: passes on what the loader saw, delivers the
// collector's batches, and caches flag evaluations. The files of this folder are one module, in the
// order of their names, behind wasm-bindgen's glue code.

// The numbers of events, as in `src/boundary.rs`.
const [
  WANT, VIEW, CONTINUED, RESTORED, SOFT, SENT, WAS_HIDDEN, HIDDEN, VISIBLE, ACTIVE, INPUT, FIRST_BYTE,
  PAINT, LARGEST, SHIFT, EVENT, SCRIPT, FIRST_INPUT, CRUMB, ERROR, REQUEST, EXPOSURE, USE, CUSTOM,
  TASK, TIMING, FEEDBACK, LOST,
] = Array(28).keys();

// Events with texts that the app did not choose as names, and that may contain private data.
const SCRUBBED = new Set([VIEW, LARGEST, SHIFT, EVENT, SCRIPT, CRUMB, ERROR]);

const random = () => Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, '0')).join('');

const page = window;
const now = () => performance.now();
const wall = () => Date.now();

// Converts any value to a text. Lone surrogates, which WASM cannot take, and the separator of texts
// become spaces.
const text = (value) => {
  try {
    return String(value ?? '').replace(/[\x1f\p{Cs}]/gu, ' ');
  } catch {
    return '';
  }
};

// Limits a name to 200 characters.
const cut = (value) => text(text(value).slice(0, 200));

// Returns properties as JSON: at most 20 strings, numbers or booleans. Other values are left out.
const properties = (given) => {
  const kept = Object.entries(given ?? {}).filter(([, value]) => /^(string|number|boolean)$/.test(typeof value)).slice(0, 20);
  return kept.length ? JSON.stringify(Object.fromEntries(kept.map(([name, value]) => [cut(name), typeof value == 'string' ? cut(value) : value]))) : '';
};

// Returns a short selector of an element: its id, or tags and classes up to an ancestor with an id.
const selector = (node) => {
  let path = '';
  try {
    for (; node && node.nodeType != 9; node = node.parentNode ?? node.host) {
      if (node.nodeType == 11) continue;
      const part = node.id ? '#' + node.id : [node.nodeName.toLowerCase(), ...Array.from(node.classList ?? []).sort()].join('.');
      if (path.length + part.length > 99) return path || part.slice(0, 99);
      path = path ? part + '>' + path : part;
      if (node.id) break;
    }
  } catch {
    // Unusual nodes may throw.
  }
  return path;
};

// Returns attributes as JSON. Lone surrogates are replaced. Values that JSON does not have
// (circular references, BigInt) are left out with one warning, so that one odd attribute does not
// cost the user all flags.
let isOddSaid;
const jsonOf = (given) => {
  const above = [], odd = [];
  const said = JSON.stringify(given, function (name, value) {
    while (above.length && above.at(-1) != this) above.pop();
    if (typeof value == 'string') return value.replace(/\p{Cs}/gu, '\ufffd');
    if (typeof value == 'bigint' || above.includes(value)) return void odd.push(name);
    if (value && typeof value == 'object') above.push(value);
    return value;
  });
  if (odd.length) isOddSaid ||= !console.warn('phasegate: these attributes are no JSON and are not sent:', odd.join(', '));
  return said;
};

const whenIdle = (work, timeout) => page.requestIdleCallback ? requestIdleCallback(work, { timeout }) : setTimeout(work);
