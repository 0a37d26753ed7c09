// Embedding the collector in an app: the install page, its snippets, and the collection settings.
import { createServer, get, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { expect, test } from './fixtures';

/** Serves a page with the given head and content security policy on a site of its own. */
async function site(html: string, policy: string): Promise<{ url: string; http: HttpServer }> {
  const http = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/html', 'content-security-policy': policy });
    response.end(`<!DOCTYPE html><html><head><title>An app</title><link rel="icon" href="data:,">${html}</head><body><h1>An app</h1></body></html>`);
  });
  await new Promise<void>((done) => http.listen(0, '127.0.0.1', done));
  return { http, url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/` };
}

test('the WASM of the admin is served in every encoding', async ({ server, admin }) => {
  const source = await admin.content();
  const path = /\/assets\/[0-9a-f]+\/admin_bg\.wasm/.exec(source)![0];
  const load = (encoding: string) =>
    new Promise<[string | undefined, Buffer]>((done, failed) => {
      get(server.url + path, { headers: { 'accept-encoding': encoding } }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk) => chunks.push(chunk));
        response.on('end', () => done([response.headers['content-encoding'], Buffer.concat(chunks)]));
      }).on('error', failed);
    });
  const [[plain, module], [gzip, zipped], [br, brotli]] = await Promise.all([load('identity'), load('gzip'), load('gzip, br')]);
  expect([plain, gzip, br]).toEqual([undefined, 'gzip', 'br']);
  expect(module.subarray(0, 4).toString('latin1')).toBe('\0asm');
  expect(gunzipSync(zipped).equals(module)).toBe(true);
  expect(brotliDecompressSync(brotli).equals(module)).toBe(true);
});

test('the snippets of the install page work on another site, pinned and under a strict policy', async ({ admin: page, visitor, server, expectComplaint }) => {
  expectComplaint(/integrity/);
  await page.goto('/admin/install');
  const arrivals = page.getByTestId('arrivals');
  await expect(arrivals).toContainText('Waiting for the first event');
  await expect(arrivals).toContainText('Live');
  const tag = await page.locator('#snippet-tag').innerText();
  expect(tag).toContain(`\n<script async src="${server.url}/collector.js" data-key="${server.clientKey}"></script>`);
  const pinned = await page.locator('#snippet-pinned').innerText();
  expect(pinned).toMatch(/integrity="sha256-[\w+/]{43}="/);

  const policy = `default-src 'none'; img-src data:; ${await page.locator('#snippet-policy').innerText()}`;
  const app = await site(pinned, policy);
  const there = await visitor();
  await there.goto(app.url);
  await there.evaluate(() => (window as any).phasegate.ready);
  // The test event of the install page.
  await there.evaluate(() => (window as any).phasegate.track('hello'));
  await expect(arrivals, 'by itself').toContainText('Events are arriving.');
  await expect(arrivals).toContainText('custom events: 1');
  app.http.close();

  const tampered = await site(pinned.replace(/sha256-.{6}/, 'sha256-AAAAAA'), policy);
  const refused = await visitor();
  const blocked = refused.waitForEvent('console', (message) => /integrity/.test(message.text()));
  await refused.goto(tampered.url).catch(() => {});
  await blocked;
  const fallback = refused.evaluate(async () => {
    await (window as any).phasegate.identify('ada');
    return (window as any).phasegate.getVariant('MY_FLAG', 'mine');
  });
  expect(await fallback, 'the line before the tag answers').toBe('mine');
  tampered.http.close();
});

test('a snippet is copied with one click', async ({ admin: page, server }) => {
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.goto('/admin/install');
  const module = page.locator('.snippet').filter({ has: page.locator('#snippet-module') });
  await module.getByRole('button', { name: 'Copy' }).click();
  await expect(module.getByRole('button')).toHaveText('Copied');
  expect(await page.evaluate(() => navigator.clipboard.readText())).toContain(`import('${server.url}/collector.mjs')`);
});

test('open pages stop sending disabled data, and the audit log names the author', async ({ admin: page, visitor, server, expectComplaint }) => {
  expectComplaint(/The demo threw this error|status of 422/);
  const there = await visitor();
  const events: { t: string; message?: string }[] = [];
  const answers: any[] = [];
  there.on('request', (request) => {
    if (new URL(request.url()).pathname === '/collect') events.push(...(JSON.parse(request.postData() ?? '{}').events ?? []));
  });
  there.on('response', async (response) => {
    if (response.url().endsWith('/evaluate/flags') && response.ok()) answers.push((await response.json()).metadata);
  });
  await there.goto('/demo');
  await there.getByRole('button', { name: 'Throw an error' }).click();
  await expect.poll(() => events.filter((event) => event.t === 'error')).toHaveLength(1);
  expect(answers.at(-1)).not.toHaveProperty('collectErrors');

  await page.goto('/admin/settings');
  const form = page.getByTestId('collection-settings');
  await form.getByLabel('Error tracking').uncheck();
  await form.getByLabel('Sampled visits').fill('150');
  await form.getByLabel('Sampled visits').evaluate((input: HTMLInputElement) => (input.max = ''));
  await form.getByRole('button', { name: 'Save collection settings' }).click();
  await expect(page.getByRole('alert')).toContainText('sample_rate: a share is between 0 and 100 per cent, not 150.');
  await expect(form.getByLabel('Sampled visits'), 'the field is marked').toHaveAttribute('aria-invalid', 'true');
  await form.getByLabel('Sampled visits').fill('100');
  await form.getByRole('button', { name: 'Save collection settings' }).click();
  await expect(page.getByTestId('toast')).toContainText('Collection settings saved.');
  await expect(form.getByLabel('Error tracking')).not.toBeChecked();
  await expect.poll(() => answers.at(-1), 'open pages hear of it').toHaveProperty('collectErrors', false);

  await there.getByRole('button', { name: 'Throw an error' }).click();
  await there.evaluate(() => (window as any).phasegate.track('after'));
  await expect.poll(() => server.counted('after')).toBe(1);
  expect(events.filter((event) => event.t === 'error'), 'neither watched nor sent').toHaveLength(1);

  await page.goto('/admin/audit');
  const line = page.locator('li, tr, article').filter({ hasText: server.email }).filter({ has: page.getByText('collection_settings.errors') });
  await expect(line.first()).toContainText('production');
  await server.api('PUT', '/collection-settings', { analytics: true, performance: true, errors: true, sample_rate: 100 });
  await expect.poll(() => answers.at(-1)).not.toHaveProperty('collectErrors');
  await there.getByRole('button', { name: 'Throw an error' }).click();
  await expect.poll(() => events.filter((event) => event.t === 'error'), 'and back on').toHaveLength(2);
});
