// Delivery through a relay that refuses, holds and loses batches: each event counts exactly once.
import { createServer, request as ask, type IncomingMessage, type Server as HttpServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from '@playwright/test';
import { expect, test } from './fixtures';
import type { Server } from './server';

/** The fate of a batch: forwarded, lost on the way to or from the server, held, or refused. */
type Fate = 'pass' | 'lost there' | 'lost back' | 'hang' | 429 | 503;

class FaultyProxy {
  /** The pages that use the relay; they are closed before it stops. */
  readonly pages: Page[] = [];
  readonly batches: { id: string; fate: Fate; events: number; at: number }[] = [];
  /** The `Retry-After` of refusals, in seconds. */
  retryAfter = 1;
  fate: (index: number) => Fate = () => 'pass';

  private constructor(
    private readonly http: HttpServer,
    readonly url: string,
  ) {}

  static async before(server: Server): Promise<FaultyProxy> {
    let proxy: FaultyProxy;
    const target = new URL(server.url);
    const http = createServer((request, response) => {
      if (request.url === '/page') {
        response.writeHead(200, { 'content-type': 'text/html' }).end(`<!DOCTYPE html><link rel="icon" href="data:,"><h1>Page</h1>
          <script async src="/collector.js" data-key="${server.clientKey}"></script>`);
        return;
      }
      const chunks: Buffer[] = [];
      request.on('data', (chunk) => chunks.push(chunk));
      request.on('end', () => proxy.handle(request, response, Buffer.concat(chunks), target));
    });
    await new Promise<void>((done) => http.listen(0, '127.0.0.1', done));
    proxy = new FaultyProxy(http, `http://127.0.0.1:${(http.address() as AddressInfo).port}`);
    return proxy;
  }

  private handle(request: IncomingMessage, response: ServerResponse, body: Buffer, target: URL): void {
    let fate: Fate = 'pass';
    if (request.url?.startsWith('/collect?')) {
      const { batch, events } = JSON.parse(body.toString());
      fate = this.fate(this.batches.length);
      this.batches.push({ id: batch, fate, events: events.filter((event: { t: string }) => event.t === 'custom').length, at: Date.now() });
    }
    if (fate === 'hang') return;
    if (fate === 'lost there') return void response.destroy();
    if (fate === 429 || fate === 503) return void response.writeHead(fate, { 'retry-after': String(this.retryAfter), 'access-control-allow-origin': '*' }).end();
    const { method, url: path, headers } = request;
    const passed = ask({ host: target.hostname, port: target.port, method, path, headers: { ...headers, host: target.host } }, (answer) => {
      if (fate === 'lost back') return void answer.resume().on('end', () => response.destroy());
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    response.on('close', () => passed.destroy());
    passed.on('error', () => response.destroy());
    passed.end(body);
  }

  async stop(): Promise<void> {
    for (const page of this.pages) await page.context().close();
    this.http.closeAllConnections();
    await new Promise((done) => this.http.close(done));
  }
}

const track = (page: Page, count: number) =>
  page.evaluate((count) => {
    for (let n = 0; n < count; n += 1) (window as any).phasegate.track('counted');
  }, count);

async function open(page: Page, proxy: FaultyProxy): Promise<void> {
  proxy.pages.push(page);
  await page.goto(`${proxy.url}/page`);
  await page.waitForFunction(() => (window as any).phasegate?.ready);
  await page.evaluate(() => (window as any).phasegate.ready);
}

for (const [name, fate] of [
  ['429 with Retry-After', (index: number): Fate => (index < 2 ? 429 : 'pass')],
  ['503 for a while', (index: number): Fate => (index < 2 ? 503 : 'pass')],
  ['half of all requests lost', (index: number): Fate => (index % 2 ? 'pass' : 'lost there')],
  ['half of all responses lost', (index: number): Fate => (index % 2 ? 'pass' : 'lost back')],
] as const) {
  test(`delivery: each event is counted once despite ${name}`, async ({ server, visitor, expectComplaint }) => {
    expectComplaint(/Failed to load resource|ERR_/);
    const proxy = await FaultyProxy.before(server);
    try {
      proxy.fate = fate;
      const page = await visitor();
      await open(page, proxy);
      await track(page, 30);
      await expect.poll(() => server.counted('counted'), { timeout: 30_000 }).toBe(30);
      await track(page, 250);
      await expect.poll(() => server.counted('counted'), { timeout: 40_000 }).toBe(280);
      expect(proxy.batches.some((batch) => batch.fate !== 'pass'), 'some batches met a fault').toBe(true);
      const sent = new Map(proxy.batches.map((batch) => [batch.id, batch.events]));
      expect([...sent.values()].reduce((sum, events) => sum + events, 0), 'each event in one batch').toBe(280);
    } finally {
      await proxy.stop();
    }
  });
}

test('delivery: events during a pending batch are sent after it', async ({ server, visitor }) => {
  const proxy = await FaultyProxy.before(server);
  try {
    const page = await visitor();
    await open(page, proxy);
    let release = () => {};
    const held = new Promise<void>((done) => (release = done));
    await page.route('**/collect?*', async (route) => {
      await held;
      await route.continue();
    });
    await Promise.all([page.waitForRequest('**/collect?*'), track(page, 1)]);
    await track(page, 2);
    // Longer than the collector waits before it sends.
    await page.evaluate(() => new Promise((done) => setTimeout(done, 2_500)));
    release();
    await expect.poll(() => server.counted('counted')).toBe(3);
  } finally {
    await proxy.stop();
  }
});

test('delivery: the next page sends the batches of a closed page', async ({ server, visitor, expectComplaint }) => {
  expectComplaint(/Failed to load resource|ERR_/);
  const proxy = await FaultyProxy.before(server);
  try {
    proxy.fate = () => 'hang';
    const page = await visitor();
    await open(page, proxy);
    await track(page, 40);
    await expect.poll(() => proxy.batches.length).toBeGreaterThan(0);
    await track(page, 2);
    await page.close();
    expect(await server.counted('counted')).toBe(0);
    proxy.fate = () => 'pass';
    const next = await page.context().newPage();
    await open(next, proxy);
    await expect.poll(() => server.counted('counted'), { timeout: 20_000 }).toBe(42);
    await next.reload();
    await track(next, 1);
    await expect.poll(() => server.counted('counted'), { timeout: 20_000 }).toBe(43);
  } finally {
    await proxy.stop();
  }
});

test('delivery: a wrong key is reported once, without retries', async ({ server, visitor, expectComplaint }) => {
  expectComplaint(/status of 401/);
  const proxy = await FaultyProxy.before({ ...server, clientKey: 'pk_wrong' } as Server);
  try {
    const page = await visitor();
    const said: string[] = [];
    page.on('console', (message) => message.type() === 'warning' && said.push(message.text()));
    await open(page, proxy);
    await track(page, 5);
    await expect.poll(() => said).toEqual([expect.stringMatching(/^phasegate: nothing is collected; .*key/)]);
    await page.evaluate(() => (window as any).phasegate.isFeatureEnabled('X'));
    expect(await page.evaluate(() => fetch.toString()), 'what was patched is as it was').toContain('[native code]');
    await page.reload();
    await expect.poll(() => said.length, 'once in each page').toBe(2);
    expect(proxy.batches).toEqual([]);
  } finally {
    await proxy.stop();
  }
});

test('delivery: Retry-After is respected, whatever happens in the page', async ({ visitor, server, expectComplaint }) => {
  expectComplaint(/429/);
  const proxy = await FaultyProxy.before(server);
  proxy.retryAfter = 4;
  proxy.fate = (index) => (index ? 'pass' : 429);
  const page = await visitor();
  proxy.pages.push(page);
  await page.goto(proxy.url + '/page');
  await page.waitForFunction(() => (window as any).phasegate?.ready);
  await track(page, 1);
  await expect.poll(() => proxy.batches.length).toBeGreaterThan(0);
  // The page tracks more events, is hidden and shown, and submits feedback.
  for (let round = 0; round < 3; round += 1) {
    await track(page, 10);
    await page.evaluate(() => {
      Object.defineProperty(document, 'hidden', { value: true, configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
      Object.defineProperty(document, 'hidden', { value: false, configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
      void (window as any).phasegate.getUserFeedback().submit({ rating: 5 });
    });
  }
  await expect.poll(() => server.counted('counted'), { timeout: 20_000 }).toBe(31);
  const [first, second] = proxy.batches;
  expect(second.at - first.at).toBeGreaterThanOrEqual(4_000);
  await proxy.stop();
});

test('delivery: refused batches are kept without IndexedDB', async ({ visitor, server, expectComplaint }) => {
  expectComplaint(/503/);
  const proxy = await FaultyProxy.before(server);
  proxy.fate = () => 503;
  const page = await visitor();
  proxy.pages.push(page);
  await page.addInitScript(() => { IDBFactory.prototype.open = () => { throw new DOMException('denied', 'SecurityError'); }; });
  await page.goto(proxy.url + '/page');
  await page.waitForFunction(() => (window as any).phasegate?.ready);
  await track(page, 7);
  await expect.poll(() => proxy.batches.length).toBeGreaterThan(0);
  await page.goto('about:blank');
  proxy.fate = () => 'pass';
  await page.goto(proxy.url + '/page');
  await expect.poll(() => server.counted('counted'), { timeout: 20_000 }).toBe(7);
  await proxy.stop();
});

test('delivery: a burst of a thousand events is stored completely', async ({ visitor, server }) => {
  const proxy = await FaultyProxy.before(server);
  const page = await visitor();
  await open(page, proxy);
  await track(page, 1000);
  await expect.poll(() => server.counted('counted'), { timeout: 20_000 }).toBe(1000);
  await proxy.stop();
});
