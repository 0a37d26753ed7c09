// The collector in a page: its requests to `POST /collect`, and the answers of its API.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { expect, test } from './fixtures';
import { Server } from './server';

type Event = { t: string; [name: string]: unknown };

/** Records the events that a page sends; every batch must be accepted. */
function watch(page: Page): { events: Event[]; receipts: Promise<unknown>[] } {
  const seen = { events: [] as Event[], receipts: [] as Promise<unknown>[] };
  page.on('request', (request) => {
    if (new URL(request.url()).pathname !== '/collect') return;
    seen.events.push(...((JSON.parse(request.postData() ?? '{}').events ?? []) as Event[]));
    // A closed page does not receive the response.
    const answered = request.response().catch(() => null);
    const checked = answered.then((response) => response && expect(response.status()).toBe(202));
    seen.receipts.push(checked);
  });
  return seen;
}

test('vitals, errors, exposures, uses, events and timings are delivered', async ({ admin, visitor, server, expectComplaint }) => {
  expectComplaint(/The demo threw this error/);
  await server.advanceTo(2);
  const page = await visitor();
  const seen = watch(page);
  await page.goto('/demo?as=ada');
  await expect(page.locator('.card').first()).toBeVisible();
  await page.getByRole('button', { name: /Plank/ }).click();
  await page.getByRole('button', { name: 'Log a set' }).click();
  await page.getByRole('button', { name: 'Close' }).click();
  await page.getByRole('button', { name: 'Throw an error' }).click();
  await page.getByRole('button', { name: 'Capture an error' }).click();

  const of = (type: string, field: string) => () =>
    seen.events.filter((event) => event.t === type).map((event) => event[field]);
  await expect.poll(of('error', 'message')).toEqual(['Error: The demo threw this error', 'Error: Custom error']);
  expect(of('error', 'kind')()).toEqual(['error', 'captured']);
  const crumbs = seen.events.find((event) => event.t === 'error')?.crumbs as [number, string, string][];
  expect(crumbs.at(-1)?.slice(1)).toEqual(['click', '#throw']);
  expect(of('view', 'page')()).toEqual(['/demo']);
  expect(seen.events.find((event) => event.feature)).toMatchObject({
    feature: 'exercise_library',
    component: 'search_component',
    page: '/demo',
  });
  expect(of('exposure', 'flag')()).toContain('ENHANCED_EXERCISE_LIBRARY');
  expect(new Set(of('exposure', 'flag')()).size).toBe(9);
  expect(of('exposure', 'flag')()).toHaveLength(9);
  expect(of('use', 'flag')()).toEqual(['ENHANCED_EXERCISE_LIBRARY', 'EXERCISE_PROGRESS_TRACKING']);
  expect(of('custom', 'name')()).toEqual(['set_logged']);
  expect(of('timing', 'name')()).toContain('exercise_search');
  expect(of('timing', 'name')()).toContain('exercise_list');

  // The other events are sent when the page is left.
  await page.goto('about:blank');
  await expect.poll(() => new Set(of('vital', 'name')())).toEqual(new Set(['LCP', 'INP', 'CLS', 'FCP', 'TTFB', 'FID']));
  expect(of('vital', 'name')(), 'each vital once').toHaveLength(6);
  await Promise.all(seen.receipts);

  await admin.goto('/admin/dashboard');
  for (const vital of ['LCP', 'INP', 'CLS', 'FCP', 'TTFB', 'FID']) {
    await expect(admin.getByTestId(`vital-${vital}`).getByTestId('value')).not.toHaveText('–');
  }
  await expect(admin.getByTestId('features').getByRole('row', { name: /EXERCISE_PROGRESS_TRACKING/ })).toHaveText(/on 1\s*1$/);
  await expect(admin.getByTestId('timings')).toContainText('exercise_search');
});

test('the API returns fallbacks while the collector is not loaded', async ({ visitor, expectComplaint }) => {
  expectComplaint(/Failed to load resource|ERR_FAILED/);
  const page = await visitor();
  await page.route(/\/collector\/.*\/bridge\.js/, (route) => route.abort());
  await page.goto('/demo');
  await expect.poll(() => page.evaluate(() => typeof (window as never as { phasegate: unknown }).phasegate)).toBe('object');
  const answers = await page.evaluate(() => {
    const { phasegate } = window as never as { phasegate: Record<string, (...args: unknown[]) => unknown> };
    return [
      phasegate.isFeatureEnabled('ENHANCED_EXERCISE_LIBRARY'),
      phasegate.isFeatureEnabled('ENHANCED_EXERCISE_LIBRARY', true),
      phasegate.getVariant('ENHANCED_EXERCISE_LIBRARY', 'plain'),
      phasegate.getCurrentPhase(),
    ];
  });
  expect(answers).toEqual([false, true, 'plain', null]);
});

type Api = Record<string, (...args: unknown[]) => unknown>;

test('invalid arguments of an app break neither the page nor the collection', async ({ admin, visitor, expectComplaint }) => {
  // Only the two rejections of the init script; the API itself never throws.
  expectComplaint(/^(X: Object|undefined)$/);
  const page = await visitor();
  const seen = watch(page);
  await page.addInitScript(() => {
    void Promise.reject({ name: 'X', message: 42 }).finally(() => undefined);
    void Promise.reject(undefined);
  });
  await page.goto('/demo?as=ada');
  await expect(page.locator('#phase')).not.toHaveText('Current phase: …');
  await page.evaluate(async () => {
    const { phasegate } = window as never as { phasegate: Api };
    for (const odd of [undefined, null, 5, {}, [], Symbol('s'), () => 1]) {
      phasegate.track(odd);
      phasegate.featureUsed(odd);
      (phasegate.getErrorTracker() as Api).captureError(odd, odd);
      (phasegate.getErrorTracker() as Api).captureError(new Error('Odd'), { feature: odd });
      await (phasegate.getUserFeedback() as Api).submit(odd);
      phasegate.isFeatureEnabled(odd);
    }
    phasegate.track('still_alive');
  });
  const names = () => seen.events.filter((event) => event.t === 'custom').map((event) => event.name);
  await expect.poll(names).toContain('still_alive');
  await admin.goto('/admin/dashboard');
  await expect(admin.getByText(/\d+ events were not stored/), 'what was odd is counted').toBeVisible();
});

test('a late answer does not replace that of a newer identity', async ({ server, visitor }) => {
  await server.advanceTo(1);
  const page = await visitor();
  let first: (() => Promise<void>) | undefined;
  await page.route('**/ofrep/v1/evaluate/flags', async (route) => {
    if (first) return route.continue();
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    first = async () => release();
    await held;
    await route.continue();
  });
  await page.goto('/demo?as=stranger');
  await expect.poll(() => Boolean(first)).toBe(true);
  const late = page.waitForResponse('**/ofrep/v1/evaluate/flags');
  const isOn = () =>
    page.evaluate(() => (window as never as { phasegate: Api }).phasegate.isFeatureEnabled('ENHANCED_EXERCISE_LIBRARY'));
  await page.evaluate(() => (window as never as { phasegate: Api }).phasegate.identify('ines', { groups: ['internal'] }));
  expect(await isOn()).toBe(true);
  await late;
  // Other evaluations may follow in the meantime, because of a change.
  const again = page.waitForResponse((response) => response.request().postData()?.includes('stranger') ?? false);
  await first?.();
  await (await again).finished();
  expect(await isOn()).toBe(true);
});

test('an interaction that delays the next page is measured', async ({ visitor }) => {
  const page = await visitor();
  const seen = watch(page);
  await page.goto('/demo');
  await expect(page.locator('#phase')).not.toHaveText('Current phase: …');
  await page.evaluate(() => {
    document.querySelector('h1')?.addEventListener('click', () => {
      const end = performance.now() + 300;
      while (performance.now() < end);
    });
  });
  await page.getByRole('heading', { level: 1 }).click();
  await page.goto('about:blank');
  const inp = () => seen.events.find((event) => event.t === 'vital' && event.name === 'INP')?.value as number;
  await expect.poll(inp).toBeGreaterThan(300_000);
});

test('a visitor with Global Privacy Control is not measured, and gets features', async ({ admin, server, visitor }) => {
  await server.advanceTo(1);
  const page = await visitor();
  const seen = watch(page);
  await page.addInitScript(() => Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', { get: () => true }));
  await page.goto('/demo?as=ines');
  await expect(page.locator('.flag.is-on')).toHaveCount(1);
  await page.getByRole('button', { name: /Plank/ }).click();
  await page.goto('about:blank');
  // A later visitor without the signal is measured; all stored events are theirs.
  const other = await visitor();
  await other.goto('/demo');
  await other.getByRole('button', { name: 'Capture an error' }).click();
  await admin.goto('/admin/dashboard');
  await expect(admin.getByTestId('errors').getByTestId('value')).toHaveText('1');
  await expect(admin.getByTestId('vital-LCP')).toContainText('1 sample ');
  expect(seen.events).toEqual([]);
});

test('each of the nine flags changes the demo visibly', async ({ server, visitor }) => {
  const features = (page: Page) => ({
    ENHANCED_EXERCISE_LIBRARY: page.locator('.card .picture').first(),
    EXERCISE_PROGRESS_TRACKING: page.locator('#progress'),
    EXERCISE_VIDEO_INTEGRATION: page.getByRole('button', { name: 'Play video' }),
    ADVANCED_EXERCISE_FILTERING: page.getByRole('group', { name: 'Filters' }),
    OFFLINE_EXERCISE_ACCESS: page.getByRole('button', { name: 'Keep offline' }),
    PERSONALIZED_RECOMMENDATIONS: page.getByRole('heading', { name: 'For you today' }),
    WORKOUT_CUSTOMIZATION: page.getByRole('button', { name: 'Add to my workout' }),
    EXERCISE_SOCIAL_FEATURES: page.getByRole('button', { name: 'Cheer your friends on' }),
    AI_EXERCISE_COACHING: page.getByText('Coach', { exact: true }),
  });
  const open = async () => {
    const page = await visitor();
    await page.goto('/demo');
    await expect(page.locator('#phase')).not.toHaveText('Current phase: …');
    await page.getByRole('button', { name: /Plank/ }).last().click();
    return page;
  };
  const before = await open();
  for (const [flag, sign] of Object.entries(features(before))) {
    await expect(sign, flag).toBeHidden();
  }
  await server.advanceTo(6);
  const after = await open();
  for (const [flag, sign] of Object.entries(features(after))) {
    // Elements behind the dialog exist, but cannot be found by their role.
    if (/FILTERING|RECOMMENDATIONS/.test(flag)) continue;
    await expect(sign, flag).toBeVisible();
  }
  await after.getByRole('button', { name: 'Close' }).click();
  for (const [flag, sign] of Object.entries(features(after))) {
    if (/FILTERING|RECOMMENDATIONS|LIBRARY/.test(flag)) await expect(sign, flag).toBeVisible();
  }
});

test('answers embedded in the page are available at once', async ({ server, visitor }) => {
  await server.advanceTo(2);
  const bulk = await fetch(`${server.url}/ofrep/v1/evaluate/flags`, {
    method: 'POST',
    headers: { authorization: `Bearer ${server.clientKey}` },
    body: JSON.stringify({ context: { targetingKey: 'ada', groups: ['beta'] } }),
  });
  const json = (await bulk.text()).replaceAll('<', '\\u003c');
  const page = await visitor();
  // The collector's own evaluation never ends, so the answers are those embedded in the page.
  await page.route('**/ofrep/v1/evaluate/flags', () => {});
  await page.route('**/bootstrapped', (route) =>
    route.fulfill({
      contentType: 'text/html',
      headers: { 'content-security-policy': "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'" },
      body: `<!DOCTYPE html><script type="application/json" id="phasegate-flags">${json}</script>
        <script src="/collector.js" data-key="${server.clientKey}"></script>`,
    }),
  );
  await page.goto('/bootstrapped');
  const seen = await page.evaluate(() => {
    const { phasegate } = window as any;
    return [phasegate.isFeatureEnabled('ENHANCED_EXERCISE_LIBRARY'), phasegate.getCurrentPhase()];
  });
  expect(seen).toEqual([true, { number: 2, name: 'Beta users', percentage: 5 }]);
});

test('answers embedded in the page override those of the last visit', async ({ server, visitor }) => {
  await server.advanceTo(2);
  const page = await visitor();
  const answer = (value: boolean) => JSON.stringify({ flags: [{ key: 'ENHANCED_EXERCISE_LIBRARY', value, variant: value ? 'on' : 'off' }] });
  let embedded = answer(false);
  await page.route('**/bootstrapped', (route) =>
    route.fulfill({
      contentType: 'text/html',
      body: `<!DOCTYPE html><link rel="icon" href="data:,"><script type="application/json" id="phasegate-flags">${embedded}</script>
        <script src="/collector.js" data-key="${server.clientKey}"></script>`,
    }),
  );
  const stored = () => page.evaluate(() => localStorage['phasegate.flags']);
  await page.goto('/bootstrapped');
  await expect.poll(stored).toBeTruthy();
  embedded = answer(true);
  await page.goto('/bootstrapped');
  expect(await page.evaluate(() => (window as any).phasegate.isFeatureEnabled('ENHANCED_EXERCISE_LIBRARY'))).toBe(true);
});

test('personal data is removed from messages before they are sent', async ({ visitor }) => {
  const vectors: [string, string][] = JSON.parse(readFileSync(join(__dirname, '../../frontend/collector/scrub-vectors.json'), 'utf8'));
  const page = await visitor();
  const seen = watch(page);
  await page.goto('/demo');
  await expect(page.locator('#phase')).not.toHaveText('Current phase: …');
  const said = vectors.map(([text]) => text).filter(Boolean);
  await page.evaluate((texts) => texts.forEach((text) => (window as any).phasegate.getErrorTracker().captureError(text)), said);
  const errors = () => seen.events.filter((event) => event.t === 'error').map((event) => event.message);
  await expect.poll(errors).toEqual(vectors.map(([, sent]) => sent).filter(Boolean));
});

test('no text breaks a batch: lone surrogates, control characters, property names of Object', async ({ visitor, server }) => {
  const page = await visitor();
  const seen = watch(page);
  await page.goto('/demo');
  await expect(page.locator('#phase')).not.toHaveText('Current phase: …');
  await page.evaluate(() => {
    const { phasegate } = window as any;
    phasegate.track('cut', { text: 'a'.repeat(199) + '😀', half: '\ud83d' });
    phasegate.getErrorTracker().captureError(new Error('Unexpected token \u001f\u008b'), { feature: 'f' });
    phasegate.isFeatureEnabled('constructor');
    phasegate.track('after');
  });
  await expect.poll(() => server.counted('after')).toBe(1);
  expect(await server.counted('cut')).toBe(1);
  expect(seen.events.find((event) => event.t === 'error')).toMatchObject({ message: 'Error: Unexpected token  \u008b', feature: 'f' });
  expect(seen.events.filter((event) => event.flag === 'constructor')).toEqual([]);
});

test('a repeated error is counted, and leaves room for others', async ({ visitor, server }) => {
  const page = await visitor();
  const seen = watch(page);
  await page.goto('/demo');
  await expect(page.locator('#phase')).not.toHaveText('Current phase: …');
  for (let round = 1; round <= 4; round += 1) {
    await page.evaluate(() => {
      for (let n = 0; n < 100; n += 1) (window as any).phasegate.getErrorTracker().captureError('Again');
      (window as any).phasegate.track('round');
    });
    await expect.poll(() => server.counted('round')).toBe(round);
  }
  await page.evaluate(() => {
    (window as any).phasegate.getErrorTracker().captureError('Another', { severity: 'critical' });
    (window as any).phasegate.getErrorTracker().captureError('Another', { feature: 'f' });
  });
  await page.goto('about:blank');
  const errors = () => seen.events.filter((event) => event.t === 'error');
  await expect.poll(() => errors().filter((event) => event.message === 'Another')).toHaveLength(2);
  const again = () => errors().filter((event) => event.message === 'Again').reduce((sum, event) => sum + ((event.count as number) ?? 1), 0);
  await expect.poll(again).toBe(400);
});

test('the last answers apply while the server is unreachable, for the same user only', async ({ visitor, server, expectComplaint }) => {
  expectComplaint(/ERR_FAILED|Failed to load resource/);
  await server.advanceTo(2);
  const page = await visitor();
  await page.goto('/demo?as=ada');
  await expect(page.locator('.flag.is-on')).toHaveCount(2);
  await page.route('**/ofrep/**', (route) => route.abort());
  await page.reload();
  await expect(page.locator('.flag.is-on'), 'away: what was said the last time').toHaveCount(2);
  await page.goto('/demo?as=stranger');
  await expect(page.locator('#list .plain').first()).toBeVisible();
  await expect(page.locator('.flag.is-on'), 'never the answers of another user').toHaveCount(0);
  await page.route('**/bridge.js', (route) => route.abort());
  await page.goto('/demo?as=ada');
  await expect(page.locator('.flag.is-on'), 'even when the collector itself never comes').toHaveCount(2);
});

test('explain() in the page prints each step', async ({ visitor, server }) => {
  await server.advanceTo(3);
  const page = await visitor();
  const printed: string[] = [];
  page.on('console', (message) => printed.push(message.text()));
  await page.goto('/demo?as=stranger');
  await expect(page.locator('#phase')).toContainText('Current phase: 3');
  const answer = await page.evaluate(() => (window as any).phasegate.explain('EXERCISE_VIDEO_INTEGRATION'));
  expect(answer.steps.at(-1)).toMatch(/^Answer: (on|off) /);
  expect(printed.join('\n')).toMatch(/EXERCISE_VIDEO_INTEGRATION: (on|off)\n {2}The flag is not killed\./);
  expect(printed.join('\n')).toMatch(/Phase 3 lets in 5 % of everyone; the user's bucket \d+ of 100000/);
  expect(printed.join('\n'), 'the user’s own values are shown').toMatch(/signed_up_at .* …: no, it is "/);
  expect(printed.join('\n'), 'what conditions compare with stays with the admin').not.toMatch(/signed_up_at [^:]* \d+ days/);
});

test('data that the server disables is neither collected nor sent', async ({ visitor, expectComplaint }) => {
  expectComplaint(/The demo threw this error/);
  const quiet = await Server.start({ VITE_ENABLE_ERROR_TRACKING: 'false', VITE_ENABLE_ANALYTICS: 'false' });
  const page = await visitor({ baseURL: quiet.url });
  const seen = watch(page);
  await page.goto('/demo');
  await expect(page.locator('#phase')).not.toHaveText('Current phase: …');
  await page.getByRole('button', { name: 'Throw an error' }).click();
  await page.getByRole('button', { name: /Plank/ }).click();
  await expect.poll(() => seen.events.map((event) => event.t)).toContain('timing');
  expect(new Set(seen.events.map((event) => event.t))).toEqual(new Set(['vital', 'timing']));
  expect(await page.evaluate(() => fetch.toString()), 'nothing stands in between').toContain('[native code]');
  await quiet.stop();
});

test('a collector that crashes warns once, and the page keeps working', async ({ visitor, server }) => {
  await server.advanceTo(1);
  const page = await visitor();
  const said: string[] = [];
  page.on('console', (message) => message.type() === 'warning' && said.push(message.text()));
  await page.route('**/bridge.js', async (route) => {
    const answer = await route.fetch();
    // From the twentieth call on, the WASM traps.
    const broken = (await answer.text()).replace(/(\w+)\.collector_note\(/, '(window.calls=(window.calls??0)+1)>20&&(()=>{throw new WebAssembly.RuntimeError("unreachable")})(),$&');
    expect(broken).toContain('unreachable');
    return route.fulfill({ response: answer, body: broken });
  });
  await page.goto('/demo?as=ines');
  await expect(page.locator('.flag.is-on')).toHaveCount(1);
  await page.getByRole('button', { name: /Plank/ }).click();
  await page.getByRole('button', { name: 'Close' }).click();
  await page.evaluate(() => (window as any).phasegate.identify('somebody'));
  expect(said).toEqual([expect.stringMatching(/nothing is collected; RuntimeError: unreachable/)]);
});
