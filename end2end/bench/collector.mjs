// Measures what the collector costs a page: bytes of every file, main-thread time on a CPU slowed
// four times, and the largest contentful paint of the demo with and without it. References in the
// same run are npm `web-vitals` and `@sentry/browser`, bundled as their documentation says.
// Prints tables; exits with 1 if a budget is exceeded.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { chromium } from '@playwright/test';
import { build } from 'esbuild';

const HERE = dirname(fileURLToPath(import.meta.url));
const SITE = process.env.PHASEGATE_SITE ?? join(HERE, '../../target/site');
const BINARY = process.env.PHASEGATE_BINARY ?? join(HERE, '../../target/release/phasegate');
const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** The CPU slowdown that stands for the phones of the budgets. */
const SLOWDOWN = 4;
/** Loads of each page, interleaved so that other load on the machine affects all pages. */
const TRACED = 9, PAINTED = 31;
/** The duration from which a task is a long task. */
const LONG_MS = 50;

const BUDGETS = [
  ['the loader', ['collector.js'], 2048],
  ['the collector with its loader', ['collector.js', 'collector/bridge.js', 'collector/core_bg.wasm'], 21504],
  ['the feedback widget', ['collector/widget.js'], 8192],
];

const REFERENCES = {
  'web-vitals': `import { onCLS, onFCP, onINP, onLCP, onTTFB } from 'web-vitals/attribution';
    for (const on of [onCLS, onFCP, onINP, onLCP, onTTFB]) on((metric) => navigator.sendBeacon('/sent', JSON.stringify(metric)));`,
  '@sentry/browser': `import * as Sentry from '@sentry/browser';
    Sentry.init({ dsn: location.origin.replace('://', '://key@') + '/1', integrations: [Sentry.browserTracingIntegration()], tracesSampleRate: 1 });`,
};

const failures = [];
const within = (what, value, budget, unit) => {
  if (value > budget) failures.push(`${what}: ${value} ${unit}, budget ${budget}`);
};
const row = (name, ...cells) => console.log(`  ${name.padEnd(34)}${cells.map((cell) => String(cell).padStart(11)).join('')}`);
const sorted = (values) => [...values].sort((a, b) => a - b);
const quantile = (values, q) => sorted(values)[Math.min(values.length - 1, Math.floor(values.length * q))];
const median = (values) => quantile(values, 0.5);

/** The 95 % bootstrap interval of the difference of the medians, with a fixed seed. */
function interval(some, others) {
  let seed = 1;
  const draw = (values) => values.map(() => {
    seed = (seed * 48271) % 2147483647;
    return values[seed % values.length];
  });
  const differences = Array.from({ length: 2000 }, () => median(draw(some)) - median(draw(others)));
  return [quantile(differences, 0.025), quantile(differences, 0.975)];
}

async function bundles() {
  const bundled = {};
  for (const [name, contents] of Object.entries(REFERENCES)) {
    const { outputFiles } = await build({
      stdin: { contents, resolveDir: HERE },
      bundle: true, minify: true, write: false, format: 'iife', target: 'es2022',
    });
    bundled[name] = Buffer.from(outputFiles[0].contents);
  }
  return bundled;
}

function sizes(bundled) {
  console.log('\nBytes');
  row('', 'raw', 'gzip', 'brotli');
  const measure = (data) => [data.length, gzipSync(data, { level: 9 }).length, brotliCompressSync(data).length];
  const files = Object.fromEntries([...new Set(BUDGETS.flatMap(([, files]) => files))].map((file) => [file, measure(readFileSync(join(SITE, file)))]));
  for (const [file, found] of Object.entries(files)) row(file, ...found);
  for (const [name, needed, budget] of BUDGETS) {
    const sum = [0, 1, 2].map((at) => needed.reduce((all, file) => all + files[file][at], 0));
    row(`= ${name}`, ...sum);
    within(name, sum[2], budget, 'B brotli');
  }
  for (const [name, data] of Object.entries(bundled)) row(name, ...measure(data));
}

/** Starts the release server on a new data folder. */
async function phasegate() {
  const data = mkdtempSync(join(tmpdir(), 'phasegate-bench-'));
  const child = spawn(BINARY, ['serve', '--demo', '--listen', '127.0.0.1:0', '--data', join(data, 'data')], {
    cwd: data, env: { PATH: process.env.PATH, PHASEGATE_CLIENT_KEY: 'pk_bench' },
  });
  let said = '';
  const url = await new Promise((ready, failed) => {
    const hear = (chunk) => {
      said += chunk;
      if (said.includes('phasegate is ready')) ready(/http:\/\/127\.0\.0\.1:\d+/.exec(said)[0]);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.on('exit', (code) => failed(new Error(`the server ended with ${code}:\n${said}`)));
  });
  return { url, stop: () => (child.removeAllListeners('exit'), child.kill('SIGTERM'), rmSync(data, { recursive: true, force: true })) };
}

/** Serves pages with the same content and one script each: none, the collector, or a reference. */
async function app(bundled, collector) {
  const scripts = { nothing: '', phasegate: `<script async src="${collector}/collector.js" data-key="pk_bench"></script>` };
  for (const name of Object.keys(bundled)) scripts[name] = `<script async src="/${encodeURIComponent(name)}.js"></script>`;
  const text = '<p>Twelve exercises that need little room and less equipment.</p>'.repeat(200);
  const http = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url, 'http://x').pathname).slice(1);
    const script = path.endsWith('.js') && bundled[path.slice(0, -3)];
    if (script) return response.writeHead(200, { 'content-type': 'text/javascript' }).end(script);
    if (!(path in scripts)) return response.writeHead(200).end();
    response.writeHead(200, { 'content-type': 'text/html' });
    response.end(`<!DOCTYPE html><html><head><title>x</title><link rel="icon" href="data:,">${scripts[path]}</head><body><h1>An app</h1>${text}<button>Press</button></body></html>`);
  });
  await new Promise((done) => http.listen(0, '127.0.0.1', done));
  return { http, names: Object.keys(scripts), url: `http://127.0.0.1:${http.address().port}` };
}

/** Loads a page on a slowed CPU, clicks its button, and analyses the trace of the main thread. */
async function traced(browser, url) {
  const context = await browser.newContext();
  const page = await context.newPage();
  const client = await browser.newBrowserCDPSession();
  const own = await context.newCDPSession(page);
  await own.send('Emulation.setCPUThrottlingRate', { rate: SLOWDOWN });
  const events = [];
  client.on('Tracing.dataCollected', ({ value }) => events.push(...value));
  const complete = new Promise((done) => client.once('Tracing.tracingComplete', done));
  await client.send('Tracing.start', { traceConfig: { includedCategories: ['toplevel', 'devtools.timeline', 'v8', 'blink.user_timing', '__metadata', 'disabled-by-default-devtools.timeline'] }, transferMode: 'ReportEvents' });
  await page.goto(url, { waitUntil: 'load' });
  // The collector loads when the page is idle.
  await page.waitForFunction(() => !window.phasegate || window.phasegate.__done || (window.phasegate.ready.then(() => (window.phasegate.__done = true)), false)).catch(() => {});
  await page.click('button');
  await page.evaluate(() => new Promise((done) => requestIdleCallback(() => setTimeout(done, 300), { timeout: 2000 })));
  await client.send('Tracing.end');
  await complete;
  await client.detach();
  await context.close();
  return analyse(events, new URL(url).pathname);
}

/** Returns the milliseconds of the page's main thread, in total and in the measured scripts. */
function analyse(events, path) {
  const page = events.find((event) => event.name === 'ParseHTML' && event.args?.beginData?.url?.endsWith(path));
  if (!page) throw new Error('the trace does not show the page');
  const own = events.filter((event) => event.pid === page.pid && event.tid === page.tid && event.ph === 'X');
  const tasks = own.filter((event) => /RunTask$/.test(event.name));
  const isScript = ({ name, args }) => /^(EvaluateScript|FunctionCall|v8\.compile|v8\.compileModule|v8\.wasm.*|wasm\..*)$/.test(name)
    && /collector|web-vitals|sentry/.test(args?.data?.url ?? args?.fileName ?? '');
  const scripts = own.filter(isScript).sort((a, b) => a.ts - b.ts);
  let busy = 0, end = 0;
  // Nested calls are counted once.
  for (const { ts, dur } of scripts) {
    busy += Math.max(0, ts + dur - Math.max(ts, end));
    end = Math.max(end, ts + dur);
  }
  const long = tasks.filter((task) => scripts.some(({ ts }) => ts >= task.ts && ts < task.ts + task.dur)).map(({ dur }) => dur / 1e3);
  return { total: tasks.reduce((all, { dur }) => all + dur, 0) / 1e3, scripts: busy / 1e3, longest: Math.max(0, ...long) };
}

async function mainThread(browser, bundled, collector) {
  const { http, names, url } = await app(bundled, collector);
  const found = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < TRACED; round += 1) {
    for (const name of names) found[name].push(await traced(browser, `${url}/${encodeURIComponent(name)}`));
  }
  http.close();
  console.log(`\nMain thread of a page until its first press, processor slowed ${SLOWDOWN} ×, ms, median of ${TRACED} loads`);
  row('', 'all tasks', 'scripts', 'longest', 'worst');
  for (const name of names) {
    const of = (field) => found[name].map((one) => one[field]);
    row(name, median(of('total')).toFixed(1), median(of('scripts')).toFixed(1), median(of('longest')).toFixed(1), Math.max(...of('longest')).toFixed(1));
  }
  const longest = median(found.phasegate.map(({ longest }) => longest));
  if (!median(found.phasegate.map(({ scripts }) => scripts))) throw new Error('the trace does not show the collector');
  within('the longest task with a script of the collector', Number(longest.toFixed(1)), LONG_MS, 'ms');
}

/** Returns the largest contentful paint of the demo, in milliseconds. */
async function paint(browser, url, isBlocked) {
  const context = await browser.newContext();
  const page = await context.newPage();
  const client = await context.newCDPSession(page);
  await client.send('Emulation.setCPUThrottlingRate', { rate: SLOWDOWN });
  if (isBlocked) {
    await client.send('Network.enable');
    await client.send('Network.setBlockedURLs', { urls: ['*/collector*'] });
    // The demo calls the API, which this stub replaces.
    await page.addInitScript(() => {
      const nothing = new Proxy(() => {}, { get: (_, name) => (name === 'then' ? undefined : nothing), apply: () => nothing });
      window.phasegate = new Proxy({}, { get: (_, name) => (/^is|^getCurrent/.test(String(name)) ? () => false : nothing) });
    });
  }
  await page.addInitScript(() => {
    new PerformanceObserver((list) => (window.largest = list.getEntries().at(-1).startTime)).observe({ type: 'largest-contentful-paint', buffered: true });
  });
  await page.goto(`${url}/demo`, { waitUntil: 'load' });
  await page.waitForFunction(() => window.largest && document.querySelectorAll('#list > *').length > 0);
  await page.evaluate(() => new Promise((done) => setTimeout(done, 300)));
  const largest = await page.evaluate(() => window.largest);
  await context.close();
  return largest;
}

async function largestPaint(browser, url) {
  const found = { without: [], with: [] };
  await paint(browser, url, false);
  for (let round = 0; round < PAINTED; round += 1) {
    found.without.push(await paint(browser, url, true));
    found.with.push(await paint(browser, url, false));
  }
  console.log(`\nLargest contentful paint of /demo, processor slowed ${SLOWDOWN} ×, ms, ${PAINTED} loads each`);
  row('', 'p25', 'median', 'p75');
  for (const [name, values] of Object.entries(found)) row(`${name} the collector`, ...[0.25, 0.5, 0.75].map((q) => quantile(values, q).toFixed(0)));
  const difference = median(found.with) - median(found.without);
  const [low, high] = interval(found.with, found.without);
  row('difference of the medians', difference.toFixed(1));
  row('  95 % of it, by bootstrap', low.toFixed(1), '', high.toFixed(1));
  // Paints happen in frames, so less than a frame is no difference. More must be outside the noise.
  if (low > 0) within('the demo paints measurably later with the collector', Number(difference.toFixed(1)), 16.7, 'ms');
}

const bundled = await bundles();
sizes(bundled);
const server = await phasegate();
const browser = await chromium.launch({
  executablePath: CHROMIUM,
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
try {
  await mainThread(browser, bundled, server.url);
  await largestPaint(browser, server.url);
} finally {
  await browser.close();
  server.stop();
}
console.log();
for (const failure of failures) console.log(`over budget: ${failure}`);
if (!failures.length) console.log('within all budgets');
process.exitCode = failures.length ? 1 : 0;
