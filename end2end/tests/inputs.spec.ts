// Unusual input to the collector: rejected values, shadow roots, invalid attributes, no storage.
import type { Page } from '@playwright/test';
import { expect, test } from './fixtures';

type Event = { t: string; [name: string]: any };

/** Opens the demo and returns the batches that it sends, as they are sent. */
async function open(page: Page): Promise<{ [name: string]: any; events: Event[] }[]> {
  const batches: { events: Event[] }[] = [];
  page.on('request', (request) => {
    if (new URL(request.url()).pathname === '/collect') batches.push(JSON.parse(request.postData() ?? '{}'));
  });
  await page.goto('/demo?as=ada');
  await expect(page.locator('#phase')).not.toHaveText('Current phase: …');
  return batches;
}

const of = (batches: { events: Event[] }[], type: string) => batches.flatMap((batch) => batch.events).filter((event) => event.t === type);

test('rejected and thrown values that are not errors get distinct messages without their contents', async ({ visitor, expectComplaint }) => {
  expectComplaint(/./);
  const page = await visitor();
  const batches = await open(page);
  await page.evaluate(() => {
    for (const reason of [new Event('stalled'), new CustomEvent('gone'), { code: 500 }, { code: 404, why: 'secret' }, [1, 2], 0]) void Promise.reject(reason);
    setTimeout(() => { throw document.body; });
  });
  const messages = () => of(batches, 'error').map((event) => event.message);
  await expect.poll(messages).toHaveLength(7);
  expect(new Set(messages()).size, messages().join('\n')).toBe(7);
  for (const part of ['the event Event stalled', 'the event CustomEvent gone', 'the keys code', 'the keys code, why', 'a list of 2', 'Rejected with 0', 'Thrown with the element html>body']) {
    expect(messages().join('\n')).toContain(part);
  }
  expect(JSON.stringify(batches)).not.toContain('secret');
});

test('violations by extensions and of report-only policies are not errors', async ({ visitor, expectComplaint }) => {
  expectComplaint(/./);
  const page = await visitor();
  const batches = await open(page);
  await page.evaluate(() => {
    const refuse = (blockedURI: string, more: object) => dispatchEvent(new SecurityPolicyViolationEvent('securitypolicyviolation', { blockedURI, effectiveDirective: 'img-src', disposition: 'enforce', ...more } as SecurityPolicyViolationEventInit));
    refuse('https://a.example', { sourceFile: 'chrome-extension' });
    refuse('moz-extension://abc', {});
    refuse('https://b.example', { disposition: 'report' });
    refuse('https://c.example', {});
  });
  const messages = () => of(batches, 'error').map((event) => event.message);
  await expect.poll(messages).toEqual(['img-src refused https://c.example']);
});

test('a click breadcrumb names the element inside an open shadow root', async ({ visitor, expectComplaint }) => {
  expectComplaint(/Clicked/);
  const page = await visitor();
  const batches = await open(page);
  await page.evaluate(() => {
    const host = document.body.appendChild(document.createElement('div'));
    host.id = 'host';
    host.attachShadow({ mode: 'open' }).innerHTML = '<button id="inner">Inside</button>';
  });
  await page.locator('#inner').click();
  await page.evaluate(() => void setTimeout(() => { throw new Error('Clicked'); }));
  await expect.poll(() => of(batches, 'error')).toHaveLength(1);
  expect(of(batches, 'error')[0]!.crumbs.at(-1).slice(1)).toEqual(['click', '#inner']);
});

test('attributes that are not JSON are left out with one warning', async ({ visitor, server }) => {
  const page = await visitor();
  const warned: string[] = [];
  page.on('console', (message) => message.type() === 'warning' && warned.push(message.text()));
  const asked: any[] = [];
  page.on('request', (request) => request.url().endsWith('/evaluate/flags') && asked.push(request.postDataJSON()));
  await server.api('POST', '/flags', { key: 'FOR_PRO', kind: 'boolean', rules: [{ variant: 'on', condition: { attribute: 'plan', operator: 'equals', value: 'pro' } }] });
  await open(page);
  const answers = await page.evaluate(async () => {
    const { phasegate } = window as any, circle: any = { plan: 'inner' };
    circle.self = circle;
    const found = [];
    for (const name of ['Ada \ud83d', 'Sam']) {
      await phasegate.identify(name, { plan: 'pro', count: 10n, circle, name });
      found.push(phasegate.isFeatureEnabled('FOR_PRO'));
    }
    return found;
  });
  expect(answers).toEqual([true, true]);
  expect(asked.at(-1).context).toMatchObject({ targetingKey: 'Sam', plan: 'pro', circle: { plan: 'inner' } });
  expect(asked.at(-1).context).not.toHaveProperty('count');
  expect(warned.filter((text) => text.startsWith('phasegate:'))).toEqual([expect.stringContaining('count')]);
});

for (const [name, storage] of [
  ['null', () => Object.defineProperty(window, 'localStorage', { get: () => null })],
  ['throwing', () => Object.defineProperty(window, 'localStorage', { get: () => { throw new DOMException('denied', 'SecurityError'); } })],
] as const) {
  test(`visits without storage (${name}) count events but no users`, async ({ visitor, server }) => {
    const batches = [];
    for (const page of [await visitor(), await visitor()]) {
      await page.addInitScript(storage);
      batches.push(await open(page));
      await page.evaluate(() => void (window as any).phasegate.track('seen'));
    }
    await expect.poll(() => server.counted('seen')).toBe(2);
    for (const batch of batches.flat()) expect(batch.visitor).toBeUndefined();
    expect((await server.api('GET', '/analytics')).users.now.users).toBe(0);
  });
}

test('identify() resolves with its answers in effect, even if the page evaluates again meanwhile', async ({ visitor, server }) => {
  const page = await visitor();
  await server.api('POST', '/flags', { key: 'FOR_PRO', kind: 'boolean', rules: [{ variant: 'on', condition: { attribute: 'plan', operator: 'equals', value: 'pro' } }] });
  await open(page);
  let asked = 0, release: () => void;
  const isFirstAnswered = new Promise<void>((done) => (release = done));
  await page.route('**/ofrep/v1/evaluate/flags', async (route) => {
    asked += 1;
    if (asked > 1) return isFirstAnswered.then(() => route.continue());
    const response = await route.fetch();
    await route.fulfill({ response });
    release();
  });
  const isOn = await page.evaluate(async () => {
    const { phasegate } = window as any, identified = phasegate.identify('sam', { plan: 'pro' });
    dispatchEvent(new Event('visibilitychange'));
    await identified;
    return phasegate.isFeatureEnabled('FOR_PRO');
  });
  expect(asked).toBeGreaterThan(1);
  expect(isOn).toBe(true);
});

test('feedback scores must be whole numbers in range', async ({ visitor }) => {
  const page = await visitor();
  const batches = await open(page);
  const submit = (feedback: object) =>
    page.evaluate((given) => (window as any).phasegate.getUserFeedback().submit(given).then(({ isSent }: any) => isSent, (problem: Error) => problem.message), feedback);
  expect(await submit({ kind: 'nps', score: '9' })).toBe(true);
  for (const score of [11, 9.5, -1, 'nine']) expect(await submit({ kind: 'nps', score })).toContain('score: a whole number from 0 to 10');
  for (const rating of [0, 6, 4.5]) expect(await submit({ rating })).toContain('rating: a whole number from 1 to 5');
  expect(of(batches, 'feedback').map((event) => event.score)).toEqual([9]);
});

test('leaving a page logs nothing', async ({ visitor }) => {
  const page = await visitor();
  const said: string[] = [];
  page.on('console', (message) => said.push(message.text()));
  page.on('pageerror', (error) => said.push(String(error)));
  await open(page);
  await page.evaluate(() => {
    dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }));
    dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }));
  });
  await page.goto('about:blank');
  expect(said.filter((text) => /phasegate|TypeError/.test(text))).toEqual([]);
});

test('a foreign wrapper around fetch does not make failed requests count twice', async ({ visitor, server, expectComplaint }) => {
  expectComplaint(/404/);
  const page = await visitor();
  const batches = await open(page);
  await page.evaluate(() => {
    const ours = window.fetch;
    window.fetch = (...what) => ours(...what);
  });
  const before = await server.api('GET', '/collection-settings');
  for (const errors of [false, true]) {
    await server.api('PUT', '/collection-settings', { ...before, errors });
    await page.evaluate(() => (window as any).phasegate.identify('ada'));
  }
  await page.evaluate(() => fetch('/demo/missing').then(() => (window as any).phasegate.track('afterwards')));
  await expect.poll(() => of(batches, 'custom').length).toBe(1);
  const failed = of(batches, 'error').filter((event) => event.message.includes('/demo/missing'));
  expect(failed.map((event) => [event.message, event.count ?? 1])).toEqual([['GET /demo/missing answered 404', 1]]);
});
