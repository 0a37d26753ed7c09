// Proxies configured as in PROXY.md, and a page whose tracing adds headers.
import { createServer, request as ask, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { build } from 'esbuild';
import { expect, logIn, pressSwitch, test } from './fixtures';
import { PROXIES } from './proxies';

for (const [name, start] of Object.entries(PROXIES)) {
  test(`behind ${name}, pages receive changes at once, and accounts log in and switch flags`, async ({ server, visitor }) => {
    const proxy = await start(server.url);
    try {
      const page = await visitor({ baseURL: proxy.url });
      const stream = page.waitForResponse(/\/ofrep\/v1\/stream/);
      await page.goto('/demo');
      await stream;
      await server.api('POST', '/flags', { key: 'ARRIVES', kind: 'boolean', default_variant: 'off' });
      const isOn = () => page.evaluate(() => (window as any).phasegate.isFeatureEnabled('ARRIVES', 'unknown'));
      await expect.poll(isOn, 'made while the page is open').toBe(false);
      await page.evaluate(() => (window as any).phasegate.track('through_proxy'));
      await expect.poll(() => server.counted('through_proxy'), { timeout: 15_000 }).toBe(1);
      await logIn(page, server);
      await page.goto('/admin/flags');
      const flag = page.getByRole('switch', { name: /Enhanced library/ });
      await pressSwitch(page, /Enhanced library/);
      await expect(flag).toHaveAttribute('aria-checked', 'false');
      await page.goto('about:blank');
    } finally {
      await proxy.stop();
    }
  });
}

test('under a path of nginx, a page gets flags and changes, and sends events', async ({ server, visitor }) => {
  const proxy = await PROXIES.nginx(server.url);
  try {
    const page = await visitor({ baseURL: proxy.url });
    const elsewhere: string[] = [];
    page.on('request', (request) => {
      const { pathname } = new URL(request.url());
      if (!pathname.startsWith('/flags/') && pathname !== '/page.html') elsewhere.push(pathname);
    });
    await page.route('**/page.html', (route) => route.fulfill({ contentType: 'text/html', body:
      `<!DOCTYPE html><title>Below</title><link rel="icon" href="data:,"><script async src="/flags/collector.js" data-key="${server.clientKey}"></script>` }));
    const stream = page.waitForResponse(/\/flags\/ofrep\/v1\/stream/);
    await page.goto('/page.html');
    await stream;
    await server.api('POST', '/flags', { key: 'ARRIVES', kind: 'boolean', default_variant: 'off' });
    const isOn = () => page.evaluate(() => (window as any).phasegate.isFeatureEnabled('ARRIVES', 'unknown'));
    await expect.poll(isOn, 'made while the page is open').toBe(false);
    await page.evaluate(() => (window as any).phasegate.track('below'));
    await expect.poll(() => server.counted('below'), { timeout: 15_000 }).toBe(1);
    expect(elsewhere).toEqual([]);
    await page.goto('about:blank');
  } finally {
    await proxy.stop();
  }
});

test('a page with tracing headers sends events from another origin', async ({ server, visitor }) => {
  const { outputFiles } = await build({
    stdin: {
      contents: `import * as Sentry from '@sentry/browser';
        Sentry.init({ dsn: 'http://public@127.0.0.1:9/1', transport: () => ({ send: async () => ({}), flush: async () => true }),
          integrations: [Sentry.browserTracingIntegration()], tracesSampleRate: 1, tracePropagationTargets: [/.*/] });`,
      resolveDir: join(__dirname, '..'),
    },
    bundle: true,
    write: false,
  });
  const script = outputFiles[0].text;
  const http = createServer((request, response) => {
    const isScript = request.url === '/sentry.js';
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
    response.end(isScript ? script : `<!DOCTYPE html><title>Traced</title><link rel="icon" href="data:,"><script src="/sentry.js"></script>
      <script async src="${server.url}/collector.js" data-key="${server.clientKey}"></script>`);
  });
  await new Promise<void>((done) => http.listen(0, '127.0.0.1', done));
  const page = await visitor();
  const traced: string[] = [];
  page.on('request', (request) => {
    if (request.headers()['sentry-trace']) traced.push(new URL(request.url()).pathname);
  });
  await page.goto(`http://127.0.0.1:${(http.address() as AddressInfo).port}/`);
  await page.waitForFunction(() => (window as any).phasegate);
  await page.evaluate(() => (window as any).phasegate.ready);
  await page.evaluate(() => (window as any).phasegate.track('traced'));
  await expect.poll(() => server.counted('traced'), { timeout: 15_000 }).toBe(1);
  expect(traced, 'the headers were there').toContain('/ofrep/v1/evaluate/flags');
  http.closeAllConnections();
  http.close();
});

/** A relay that forwards everything except the events of open streams. */
async function swallowing(upstream: string): Promise<{ url: string; http: HttpServer; streams: () => number }> {
  let streams = 0;
  const http = createServer((request, response) => {
    const passed = ask(upstream + request.url, { method: request.method, headers: request.headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      if (!request.url?.startsWith('/ofrep/v1/stream')) return void answer.pipe(response);
      streams += 1;
      response.flushHeaders();
      answer.resume();
    });
    passed.on('error', () => response.destroy());
    response.on('close', () => passed.destroy());
    request.pipe(passed);
  });
  await new Promise<void>((done) => http.listen(0, '127.0.0.1', done));
  return { url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`, http, streams: () => streams };
}

test('a page whose stream stays silent evaluates again and reconnects', async ({ server, visitor }) => {
  const relay = await swallowing(server.url);
  const page = await visitor({ baseURL: relay.url });
  await page.clock.install();
  await page.goto('/demo');
  await expect.poll(relay.streams).toBe(1);
  await server.api('POST', '/flags', { key: 'LATE', kind: 'boolean', default_variant: 'on', off_variant: 'off' });
  const answer = () => page.evaluate(() => (window as any).phasegate.getVariant('LATE', 'unknown'));
  expect(await answer(), 'it heard of nothing').toBe('unknown');
  // The longest silence of a stream that the server announces.
  await page.clock.fastForward(121_000);
  await expect.poll(answer).toBe('on');
  await expect.poll(relay.streams, 'and listens anew').toBe(2);
  await page.goto('about:blank');
  relay.http.closeAllConnections();
  relay.http.close();
});
