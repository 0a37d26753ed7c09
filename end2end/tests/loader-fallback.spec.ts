// The loader without the collector, which is blocked or fails to load.
import type { Page } from '@playwright/test';
import { expect, test } from './fixtures';

/** Opens the demo with the collector blocked, and waits until the loader gives up. The returned
 *  function unblocks the collector. */
async function openAlone(page: Page): Promise<() => Promise<unknown>> {
  // Not with `page.route`: intercepted requests end with their page, but beacons must outlive it.
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Network.enable');
  await devtools.send('Network.setBlockedURLs', { urls: ['*bridge.js*'] });
  await page.goto('/demo');
  await page.waitForFunction(() => (window as any).phasegate?.ready);
  await page.evaluate(() => (window as any).phasegate.ready);
  return () => devtools.send('Network.setBlockedURLs', { urls: [] });
}

const hide = (page: Page) => page.evaluate(() => void dispatchEvent(new Event('pagehide')));

test('a page without the collector sends vitals and errors', async ({ visitor, admin, expectComplaint }) => {
  expectComplaint(/ERR_FAILED|Failed to load resource|Thrown alone/);
  const page = await visitor();
  await openAlone(page);
  await Promise.all([page.waitForEvent('pageerror'), page.evaluate(() => void setTimeout(() => { throw new Error('Thrown alone'); }))]);
  await page.goto('about:blank');
  await admin.goto('/admin/dashboard');
  await expect(admin.getByText(/Thrown alone/)).toBeVisible();
  for (const vital of ['LCP', 'CLS', 'FCP', 'TTFB']) {
    await expect(admin.getByTestId(`vital-${vital}`).getByTestId('value')).not.toHaveText('–');
  }
});

test('a page without the collector is not broken, and sends nothing once a hook is registered', async ({ visitor, expectComplaint }) => {
  expectComplaint(/ERR_FAILED|Failed to load resource|null prototype|primitive|^Object/);
  const page = await visitor();
  const sent: string[] = [];
  page.on('request', (request) => new URL(request.url()).pathname === '/collect' && sent.push(request.postData() ?? ''));
  await openAlone(page);
  const thrown: string[] = [];
  page.on('pageerror', (error) => thrown.push(String(error)));
  await page.evaluate(() => {
    const { phasegate } = window as any;
    void Promise.reject(Object.create(null));
    phasegate.getErrorTracker().captureError(new Error('Captured alone'));
    phasegate.track('name', () => { throw new Error('called'); });
  });
  await hide(page);
  await expect.poll(() => sent.join()).toContain('Captured alone');
  expect(sent).toHaveLength(1);
  await page.evaluate(() => {
    const { phasegate } = window as any;
    phasegate.onBeforeSend(() => null);
    phasegate.getErrorTracker().captureError(new Error('Not for anybody'));
  });
  await hide(page);
  // Hiding the page sends its requests before this one.
  await Promise.all([page.waitForRequest('**/demo/icon.svg?last'), page.evaluate(() => void fetch('/demo/icon.svg?last'))]);
  expect(sent, 'only the collector can ask the hook').toHaveLength(1);
  expect(thrown.filter((text) => /called|sendBeacon|undefined/.test(text))).toEqual([]);
});

test('the loader describes rejected values that are not errors by kind or keys', async ({ visitor, expectComplaint }) => {
  expectComplaint(/^/);
  const page = await visitor();
  const sent: string[] = [];
  page.on('request', (request) => new URL(request.url()).pathname === '/collect' && sent.push(request.postData() ?? ''));
  await openAlone(page);
  await page.evaluate(() => {
    for (const reason of [0, '', false, null, { code: 500, at: 'checkout' }, new CustomEvent('gone'), { type: 'a value' }, new Map(), [1, 2], document.body, Symbol('s')]) void Promise.reject(reason);
    dispatchEvent(new ErrorEvent('error', { message: 'Uncaught [object Object]', error: { code: 5 } }));
    for (const sourceFile of ['chrome-extension', 'https://app.example/app.js']) {
      dispatchEvent(new SecurityPolicyViolationEvent('securitypolicyviolation', { sourceFile, blockedURI: `https://${sourceFile.length}.example`, effectiveDirective: 'img-src', disposition: 'enforce' } as SecurityPolicyViolationEventInit));
    }
    dispatchEvent(new SecurityPolicyViolationEvent('securitypolicyviolation', { blockedURI: 'https://reported.example', effectiveDirective: 'img-src', disposition: 'report' } as SecurityPolicyViolationEventInit));
  });
  await hide(page);
  await expect.poll(() => sent).toHaveLength(1);
  const messages = JSON.parse(sent[0]!).alone.filter(([kind]: [string]) => kind === 'error').map(([, , message]: string[]) => message);
  // Browsers dispatch `unhandledrejection` later than the events above.
  expect(messages.sort()).toEqual([
    'Rejected with 0', 'Rejected with nothing', 'Rejected with false', 'Rejected with null', 'Rejected with Object code,at', 'Rejected with CustomEvent gone',
    'Rejected with Object type', 'Rejected with Map ', 'Rejected with Array 0,1', 'Rejected with body', 'Rejected with Symbol(s)', 'Thrown with Object code',
    'img-src refused https://26.example',
  ].sort());
});

test('the loader splits batches that sendBeacon refuses and stores the rest for the next page', async ({ server, visitor, expectComplaint }) => {
  expectComplaint(/ERR_FAILED|Failed to load resource/);
  const page = await visitor();
  // Browsers limit the bytes of all pending beacons (64 KiB in Chromium); this limit is smaller.
  await page.addInitScript(() => {
    const real = navigator.sendBeacon.bind(navigator);
    let left = 2_000;
    (window as any).refusals = 0;
    navigator.sendBeacon = (url, body) => {
      const { size } = new Blob([body as string]);
      if (size > left) return (window as any).refusals += 1, false;
      left -= size;
      return real(url, body);
    };
  });
  const unblock = await openAlone(page);
  await page.evaluate(() => {
    for (let n = 0; n < 90; n += 1) (window as any).phasegate.track('\u8cfc\u5165\u3057\u307e\u3057\u305f');
  });
  await hide(page);
  expect(await page.evaluate(() => (window as any).refusals)).toBeGreaterThan(1);
  const waiting = await page.evaluate(() => Object.keys(localStorage).filter((name) => name.startsWith('phasegate.unsent.')).length);
  expect(waiting, 'events kept for the next page').toBeGreaterThan(0);
  await expect.poll(() => server.counted('購入しました'), 'events sent by beacon').toBeGreaterThan(0);
  expect(await server.counted('購入しました')).toBeLessThan(90);
  await unblock();
  await page.goto('/demo');
  await expect.poll(() => server.counted('購入しました')).toBe(90);
  await expect.poll(() => page.evaluate(() => Object.keys(localStorage).filter((name) => name.startsWith('phasegate.unsent.')))).toEqual([]);
});

test('submit() rejects when the collector never loads', async ({ visitor, expectComplaint }) => {
  expectComplaint(/ERR_FAILED|Failed to load resource/);
  const page = await visitor();
  await openAlone(page);
  const said = page.evaluate(() => (window as any).phasegate.getUserFeedback().submit({ rating: 5 }).then(() => 'sent', (problem: Error) => problem.message));
  expect(await said).toContain('not sent');
});

test('feedback that waits for the collector is not reported as an error when the page is left', async ({ visitor, expectComplaint }) => {
  expectComplaint(/ERR_FAILED|Failed to load resource/);
  const page = await visitor();
  const sent: string[] = [];
  page.on('request', (request) => new URL(request.url()).pathname === '/collect' && sent.push(request.postData() ?? ''));
  let release = () => {};
  await page.route('**/bridge.js', (route) => void (release = () => void route.abort()));
  await page.goto('/demo');
  const said = page.evaluate(() => {
    const { phasegate } = window as any;
    const said = phasegate.getUserFeedback().submit({ rating: 5, message: 'Waiting' }).catch((problem: Error) => problem.message);
    phasegate.getErrorTracker().captureError(new Error('An error'));
    dispatchEvent(new Event('pagehide'));
    return said;
  });
  await expect.poll(() => sent.join()).toContain('An error');
  const { alone } = JSON.parse(sent.find((body) => body.includes('An error')) ?? '{}');
  expect(alone.filter(([kind]: [string]) => kind === 'error')).toHaveLength(1);
  release();
  expect(await said).toContain('not sent');
});
