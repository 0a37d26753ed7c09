// The examples, as they are, against a server of the test's own.
import { readFileSync } from 'node:fs';
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { build } from 'esbuild';
import { advanceTo, expect, test } from './fixtures';
import type { Server } from './server';

const EXAMPLES = join(__dirname, '../../examples');
const TYPES: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' };

/** Serves an example's folder; only the address and the key are put in. */
async function serve(folder: string, server: Server, built: Record<string, string> = {}): Promise<{ url: string; http: HttpServer }> {
  const http = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://x').pathname.replace(/\/$/, '/index.html');
    const text = built[path] ?? readFileSync(join(EXAMPLES, folder, path), 'utf8');
    response.writeHead(200, { 'content-type': TYPES[extname(path)] ?? 'text/plain' });
    response.end(text.replaceAll('http://127.0.0.1:8080', server.url).replaceAll('pk_example', server.clientKey));
  });
  await new Promise<void>((done) => http.listen(0, '127.0.0.1', done));
  return { http, url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/` };
}

test('the plain example shows the old list, then the new library, and reports its use', async ({ admin, visitor, server }) => {
  await advanceTo(admin, 1);
  const app = await serve('plain', server);
  const page = await visitor();
  await page.goto(app.url);
  await expect(page.locator('#phase')).toHaveText('Phase 1: Internal testing');
  await expect(page.locator('.card'), 'a stranger').toHaveCount(0);
  await expect(page.locator('#list li')).toHaveCount(3);
  await page.goto(`${app.url}?user=ada`);
  await expect(page.locator('.card')).toHaveCount(3);
  await page.getByRole('button', { name: 'Log a set of Squat' }).click();
  await expect.poll(() => server.counted('set_logged')).toBe(1);
  await page.getByRole('button', { name: 'Tell us' }).click();
  await expect(page.getByRole('dialog', { name: 'Your feedback' })).toBeVisible();
  await page.keyboard.press('Escape');
  await server.api('PUT', '/flags/ENHANCED_EXERCISE_LIBRARY', {
    ...(await server.api('GET', '/flags/ENHANCED_EXERCISE_LIBRARY')),
    killed: true,
  });
  await expect(page.locator('.card'), 'killed while the page is open').toHaveCount(0);
  app.http.close();
});

test('the React example follows its flag, and its boundary reports what breaks', async ({ admin, visitor, server, expectComplaint }) => {
  expectComplaint(/The video of Plank is broken|error occurred in|ErrorBoundary/);
  await advanceTo(admin, 1);
  const { outputFiles } = await build({
    entryPoints: [join(EXAMPLES, 'react/src/main.jsx')],
    bundle: true,
    write: false,
    jsx: 'automatic',
    nodePaths: [join(__dirname, '../node_modules')],
    define: { 'process.env.NODE_ENV': '"production"' },
  });
  const app = await serve('react', server, { '/dist/main.js': outputFiles[0].text });
  const page = await visitor();
  const reported: any[] = [];
  page.on('request', (request) => {
    if (new URL(request.url()).pathname !== '/collect') return;
    reported.push(...(JSON.parse(request.postData() ?? '{}').events ?? []).filter((event: { t: string }) => event.t === 'error'));
  });
  await page.goto(`${app.url}?user=ada`);
  await expect(page.getByTestId('new').locator('li')).toHaveCount(3);
  await page.getByRole('button', { name: 'Log a set of Lunge' }).click();
  await expect.poll(() => server.counted('set_logged')).toBe(1);
  await page.getByRole('button', { name: 'Play Plank' }).click();
  await expect(page.getByRole('alert')).toHaveText('The library is having a bad day.');
  await expect.poll(() => reported.find((event) => event.kind === 'captured')).toMatchObject({
    message: 'Error: The video of Plank is broken',
    feature: 'library',
    component: 'cards',
  });
  app.http.close();

  const stranger = await visitor();
  const again = await serve('react', server, { '/dist/main.js': outputFiles[0].text });
  await stranger.goto(again.url);
  await stranger.waitForFunction(() => (window as any).phasegate?.ready);
  await expect(stranger.getByTestId('old').locator('li')).toHaveCount(3);
  again.http.close();
});
