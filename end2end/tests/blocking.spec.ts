// Ad blockers, policies and bad networks block a part of the collector, in six ways. Pages must
// keep working: the snippets of the README, the examples, and the demo.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { reactScript, serve } from './example-site';
import { expect, test } from './fixtures';
import type { Server } from './server';

const KINDS: Record<string, (page: Page) => Promise<unknown>> = {
  'the script is blocked': (page) => page.route(/\/collector\.js/, (route) => route.abort('blockedbyclient')),
  'the script is empty': (page) =>
    page.route(/\/collector\.js/, (route) => route.fulfill({ contentType: 'text/javascript', body: '' })),
  'the script comes after three seconds': (page) =>
    page.route(/\/collector\.js/, async (route) => {
      await new Promise((later) => setTimeout(later, 3_000));
      // The page may have been left meanwhile.
      await route.continue().catch(() => {});
    }),
  'the script never loads': (page) => page.route(/\/collector\.js/, () => {}),
  'the files of the collector are blocked': (page) => page.route(/\/collector\/.+/, (route) => route.abort('blockedbyclient')),
  'evaluation and telemetry requests are blocked': (page) => page.route(/\/(ofrep|collect)(\/|\?|$)/, (route) => route.abort('blockedbyclient')),
};

/** Returns a page with the snippets and calls of the README. */
function readme(server: Server): string {
  const text = readFileSync(join(__dirname, '../../README.md'), 'utf8');
  const block = (language: string) => {
    const found = text.match(new RegExp('```' + language + '\\n([\\s\\S]*?)\\n```'));
    if (!found) throw new Error(`the README has no ${language}`);
    return found[1];
  };
  const tags = block('html').replaceAll('https://phasegate.example.com', server.url).replaceAll('pk_…', server.clientKey);
  return `<!DOCTYPE html><title>before</title><link rel="icon" href="data:,">${tags}
    <script type="module">const error = new Error('Boom');\n${block('js')}\ndocument.title = 'went on';</script>`;
}

for (const [kind, block] of Object.entries(KINDS)) {
  test(`pages keep working if ${kind}`, async ({ server, visitor, expectComplaint }) => {
    expectComplaint(/Failed to load resource|ERR_|Access to fetch/);
    const page = await visitor();
    await block(page);

    await test.step('the README', async () => {
      const html = readme(server);
      const http = createServer((_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end(html));
      await new Promise<void>((done) => http.listen(0, '127.0.0.1', done));
      await page.goto(`http://127.0.0.1:${(http.address() as AddressInfo).port}/`, { waitUntil: 'commit' });
      await expect(page).toHaveTitle('went on');
      http.closeAllConnections();
      http.close();
    });

    await test.step('the plain example', async () => {
      const app = await serve('plain', server);
      await page.goto(app.url, { waitUntil: 'commit' });
      await expect(page.locator('#list li')).toHaveCount(3);
      await expect(page.locator('#phase')).toHaveText('No rollout yet');
      app.http.closeAllConnections();
      app.http.close();
    });

    await test.step('the React example', async () => {
      const app = await serve('react', server, { '/dist/main.js': await reactScript() });
      await page.goto(`${app.url}?user=ada`, { waitUntil: 'commit' });
      await expect(page.getByTestId('old').locator('li')).toHaveCount(3);
      app.http.closeAllConnections();
      app.http.close();
    });

    await test.step('the demo', async () => {
      await page.goto('/demo', { waitUntil: 'commit' });
      await expect(page.locator('#phase')).toHaveText(/the rollout has not started/);
      await expect(page.locator('#flags > *')).toHaveCount(9);
    });
  });
}
