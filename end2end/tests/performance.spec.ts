// The performance page by page, device and flag, with URLs that can be shared.
import { expect, test } from './fixtures';

const batch = (id: string, device: string, page: string, lcp: number) => ({
  v: 1, batch: id, session: id, visitor: id, device, release: '1.0', exposed: { ENHANCED_EXERCISE_LIBRARY: 'on' },
  events: [
    { t: 'view', page },
    { t: 'vital', page, name: 'LCP', value: lcp },
    { t: 'vital', page, name: 'INP', value: 100_000 },
    { t: 'vital', page, name: 'CLS', value: 50_000 },
    { t: 'timing', page, kind: 'api', name: '/api/search', value: lcp / 2, failed: lcp > 4_000_000 },
  ],
});

test('slow pages, devices and endpoints are found', async ({ admin: page, server }) => {
  await page.goto('/admin/performance');
  await expect(page.getByText('No web vitals in this period')).toBeVisible();
  await server.advanceTo(2);
  const send = async (body: unknown) => {
    const answer = await fetch(`${server.url}/collect?key=${server.clientKey}`, { method: 'POST', body: JSON.stringify(body) });
    expect((await answer.json()).rejected).toBeUndefined();
  };
  for (let n = 0; n < 8; n += 1) await send(batch(`quick-${n}`, 'desktop', '/home', 1_200_000));
  for (let n = 0; n < 4; n += 1) await send(batch(`slow-${n}`, 'phone', '/shop', 6_000_000));

  await page.goto('/admin/performance?range=1h');
  await expect(page.getByTestId('vital-LCP').getByTestId('value')).toHaveText(/^5\.9\d s$|^6\.0\d s$/);
  await expect(page.getByTestId('vital-LCP')).toContainText('12 samples: 67 % good, 0 % needs improvement, 33 % poor');
  const lines = page.getByTestId('breakdown').locator('tbody tr');
  await expect(lines).toHaveCount(2);
  await expect(lines.nth(0)).toContainText('/home');
  await expect(lines.nth(1)).toContainText('/shop');
  const slow = page.getByTestId('slow').locator('tbody tr');
  await expect(slow).toContainText(['/api/search']);
  await expect(slow).toContainText(['33 %']);

  await page.getByLabel('Compare by').selectOption('flag');
  await page.getByRole('button', { name: 'Apply filters' }).click();
  await expect(page.getByTestId('breakdown')).toContainText('ENHANCED_EXERCISE_LIBRARY = on, phase 2');
  await page.getByLabel('Compare by').selectOption('device');
  await page.getByRole('button', { name: 'Apply filters' }).click();
  await page.getByTestId('breakdown').getByRole('link', { name: 'desktop' }).click();
  await expect(page.getByTestId('dimension')).toHaveText('desktop');
  await expect(page.getByTestId('vital-LCP').getByTestId('value')).toHaveText(/^1\.(19|20|21) s$/);
  await expect(page.getByTestId('vital-LCP')).toContainText('8 samples: 100 % good');
  // The URL alone restores the view.
  const address = page.url();
  await page.goto('/admin/rollout');
  await page.goto(address);
  await expect(page.getByTestId('dimension')).toHaveText('desktop');
  await page.getByRole('link', { name: 'Show all users' }).click();
  await expect(page.getByTestId('vital-LCP')).toContainText('12 samples');
});
