// The examples, unmodified, against a server of their own.
import { reactScript, serve } from './example-site';
import { expect, test } from './fixtures';

test('the plain example shows the old list, then the new library, and reports its use', async ({ visitor, server }) => {
  await server.advanceTo(1);
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
  await server.api('POST', '/flags/ENHANCED_EXERCISE_LIBRARY/kill');
  await expect(page.locator('.card'), 'killed while the page is open').toHaveCount(0);
  app.http.close();
});

test('the React example follows its flag, and its boundary reports what breaks', async ({ visitor, server, expectComplaint }) => {
  expectComplaint(/The video of Plank is broken|error occurred in|ErrorBoundary/);
  await server.advanceTo(1);
  const built = { '/dist/main.js': await reactScript() };
  const app = await serve('react', server, built);
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
  const again = await serve('react', server, built);
  await stranger.goto(again.url);
  await stranger.waitForFunction(() => (window as any).phasegate?.ready);
  await expect(stranger.getByTestId('old').locator('li')).toHaveCount(3);
  again.http.close();
});
