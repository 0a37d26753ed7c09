// Measures the admin on a CPU slowed four times, with 10,000 flags and simulated telemetry: the bytes of a
// first load, its largest contentful paint, and the slowest interaction, of the five heaviest pages.
// Prints a table; exits with 1 if a budget is exceeded. Unleash's admin sends 863 KB before its first page.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from '@playwright/test';

const HERE = dirname(fileURLToPath(import.meta.url));
const BINARY = process.env.PHASEGATE_BINARY ?? join(HERE, '../../target/release/phasegate');
const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';

const SLOWDOWN = 4, ROUNDS = 5;
const FLAGS = Number(process.env.PHASEGATE_BENCH_FLAGS ?? 10_000);
const USERS = Number(process.env.PHASEGATE_BENCH_USERS ?? 20_000);
const BUDGET = { kilobytes: 350, paint: 800, interaction: 100 };

/** Each page with an interaction: a click or a key on something that answers in place. */
const PAGES = {
  rollout: ['/admin/rollout', (page) => page.getByRole('link', { name: 'History' }).click()],
  flags: ['/admin/flags', (page) => page.getByRole('checkbox').first().check()],
  debugger: ['/admin/debugger?user=ada', (page) => page.locator('.user-menu > summary').click()],
  performance: ['/admin/performance?range=30d&data=simulated', (page) => page.getByText('Values', { exact: true }).first().click()],
  analytics: ['/admin/analytics?range=30d&data=simulated', (page) => page.getByText('Values', { exact: true }).first().click()],
};

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

async function startServer(data) {
  const server = spawn(BINARY, ['serve', '--demo', '--listen', '127.0.0.1:0', '--data', join(data, 'data')], { cwd: data });
  let said = '';
  await new Promise((ready, failed) => {
    const hear = (chunk) => {
      said += chunk;
      if (said.includes('phasegate is ready')) ready();
    };
    server.stdout.on('data', hear);
    server.stderr.on('data', hear);
    server.on('exit', (code) => failed(new Error(`the server ended with ${code}: ${said}`)));
  });
  const printed = (name) => said.match(new RegExp(`^\\s+${name}\\s+(\\S+)$`, 'm'))[1];
  return { server, url: new URL(printed('address')).origin, email: printed('e-mail'), password: printed('password'), key: printed('client key'), token: printed('server token') };
}

async function createFlags({ url, token }) {
  const path = `${url}/api/v1/projects/default/environments/production/flags`;
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  for (let number = 0; number < FLAGS; number += 1) {
    const body = JSON.stringify({ key: `FLAG_${number}`, name: `Flag number ${number}`, kind: 'boolean', tags: [`team-${number % 20}`] });
    const answer = await fetch(path, { method: 'POST', headers, body });
    if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
    await answer.body?.cancel();
  }
}

/** Loads a page without a cache, and interacts with it. */
async function measure(context, url, [path, interact]) {
  const page = await context.newPage();
  const client = await context.newCDPSession(page);
  await client.send('Network.enable');
  await client.send('Network.setCacheDisabled', { cacheDisabled: true });
  await client.send('Emulation.setCPUThrottlingRate', { rate: SLOWDOWN });
  let bytes = 0;
  client.on('Network.loadingFinished', (event) => (bytes += event.encodedDataLength));
  await page.addInitScript(() => {
    window.paint = 0;
    window.slowest = 0;
    new PerformanceObserver((list) => list.getEntries().forEach((entry) => (window.paint = entry.startTime))).observe({ type: 'largest-contentful-paint', buffered: true });
    new PerformanceObserver((list) => list.getEntries().forEach((entry) => entry.interactionId && (window.slowest = Math.max(window.slowest, entry.duration)))).observe({ type: 'event', durationThreshold: 16, buffered: true });
  });
  await page.goto(url + path);
  // Hydrated: the palette answers to its key.
  const field = page.getByRole('combobox', { name: 'Search pages' });
  for (;;) {
    await page.keyboard.press('Control+k');
    if (await field.isVisible()) break;
  }
  const loaded = bytes;
  await page.getByRole('option').first().waitFor();
  await page.keyboard.press('Escape');
  await interact(page);
  // The entries of events come with the frame after the next.
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 0)))));
  const found = await page.evaluate(() => ({ paint: window.paint, slowest: window.slowest }));
  await page.close();
  return { kilobytes: loaded / 1000, ...found };
}

const data = mkdtempSync(join(tmpdir(), 'phasegate-admin-'));
const started = await startServer(data);
const failures = [];
try {
  console.log(`${USERS} simulated users over 30 days …`);
  execFileSync(BINARY, ['simulate', '--url', started.url, '--client-key', started.key, '--users', String(USERS)], { stdio: ['ignore', 'ignore', 'inherit'] });
  console.log(`${FLAGS} flags …`);
  await createFlags(started);
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'] });
  const context = await browser.newContext({ reducedMotion: 'reduce' });
  const login = await context.newPage();
  await login.goto(`${started.url}/login`);
  await login.getByLabel('E-mail').fill(started.email);
  await login.getByLabel('Password').fill(started.password);
  await login.getByRole('button', { name: 'Log in' }).click();
  await login.getByRole('heading', { level: 1 }).waitFor();
  await login.close();
  console.log(`\nFirst loads of the admin, CPU slowed ${SLOWDOWN} times, median of ${ROUNDS}`);
  console.log('  page            KB sent    LCP ms    INP ms');
  for (const [name, asked] of Object.entries(PAGES)) {
    const rounds = [];
    for (let round = 0; round < ROUNDS; round += 1) rounds.push(await measure(context, started.url, asked));
    const of = (field) => Math.round(median(rounds.map((found) => found[field])));
    const [kilobytes, paint, slowest] = [of('kilobytes'), of('paint'), of('slowest')];
    console.log(`  ${name.padEnd(14)}${String(kilobytes).padStart(9)}${String(paint).padStart(10)}${String(slowest).padStart(10)}`);
    if (kilobytes > BUDGET.kilobytes) failures.push(`${name}: ${kilobytes} KB, budget ${BUDGET.kilobytes}`);
    if (paint > BUDGET.paint) failures.push(`${name}: LCP ${paint} ms, budget ${BUDGET.paint}`);
    if (slowest > BUDGET.interaction) failures.push(`${name}: INP ${slowest} ms, budget ${BUDGET.interaction}`);
  }
  console.log('  Unleash 7: 863 KB before its first page');
  await browser.close();
} finally {
  started.server.kill();
  rmSync(data, { recursive: true, force: true });
}
if (failures.length > 0) {
  console.error(failures.join('\n'));
  process.exit(1);
}
