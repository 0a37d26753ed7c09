// Between the page and the collector's WASM: passes on what the loader saw, delivers what the
// collector makes of it, and keeps the flags' answers. The files of this folder are one module, in
// the order of their names, behind what wasm-bindgen makes.

// What happens, by the numbers that `src/boundary.rs` has for it.
const [
  WANT, VIEW, CONTINUED, RESTORED, SOFT, SENT, WAS_HIDDEN, HIDDEN, VISIBLE, ACTIVE, INPUT, FIRST_BYTE,
  PAINT, LARGEST, SHIFT, EVENT, SCRIPT, FIRST_INPUT, CRUMB, ERROR, REQUEST, EXPOSURE, USE, CUSTOM,
  TASK, TIMING, FEEDBACK, LOST,
] = Array(28).keys();

// Whose texts are not the app's own words for things, and may hold anything.
const SCRUBBED = new Set([VIEW, LARGEST, SHIFT, EVENT, SCRIPT, CRUMB, ERROR]);

const random = () => Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, '0')).join('');

const page = window;
const now = () => performance.now();
const wall = () => Date.now();

// Whatever an app hands over, a text comes out: WASM takes nothing else, nor half a sign, nor the
// one that stands between texts.
const text = (value) => {
  try {
    return String(value ?? '').replace(/[\x1f\p{Cs}]/gu, ' ');
  } catch {
    return '';
  }
};

// What is a name, at most.
const cut = (value) => text(text(value).slice(0, 200));

// Properties are single values; what is none is left out.
const properties = (given) => {
  const kept = Object.entries(given ?? {}).filter(([, value]) => /^(string|number|boolean)$/.test(typeof value)).slice(0, 20);
  return kept.length ? JSON.stringify(Object.fromEntries(kept.map(([name, value]) => [cut(name), typeof value == 'string' ? cut(value) : value]))) : '';
};

// Where an element is, in a few words: its id, or tags and classes up to one.
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
    // A node that is not like others.
  }
  return path;
};

// Attributes as JSON: half signs are mended, and what JSON does not have (circles, BigInt) is left out and
// said once, so that one odd attribute does not cost the user all flags.
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
