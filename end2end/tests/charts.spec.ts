// Charts that are read in the browser, and the definitions of their numbers.
import { expect, test } from './fixtures';

test('a chart is read with pointer and keys, zoomed, and has its values as a table', async ({ server, admin: page, visitor }) => {
  await server.advanceTo(2);
  const user = await visitor();
  await user.goto('/demo?as=ada');
  await expect(user.locator('.card').first()).toBeVisible();
  await user.getByRole('button', { name: /Goblet squat/ }).click();
  await user.goto('about:blank');
  const card = page.getByTestId('vital-TTFB');
  const chart = card.locator('.chart');
  // The page does not follow telemetry, which arrives when the other page has been left.
  await expect(async () => {
    await page.goto('/admin/performance?range=1h');
    await expect(card.getByTestId('value')).not.toHaveText('–', { timeout: 500 });
  }).toPass();
  await expect(card).toContainText('too few samples to judge');
  await expect(chart).toHaveAttribute('aria-label', /TTFB, 75th percentile, .* lowest .* last/);
  const readout = card.locator('.chart-readout');
  await expect(async () => {
    await chart.focus();
    await page.keyboard.press('ArrowLeft');
    await expect(readout).toContainText(/\d\d:\d\d \(UTC\): \d/, { timeout: 500 });
  }).toPass();
  const box = (await chart.boundingBox())!;
  await page.mouse.move(box.x + box.width * 0.4, box.y + 40);
  await expect(readout).toContainText('no value');
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.9, box.y + 40);
  await page.mouse.up();
  const zoomed = await chart.getAttribute('aria-label');
  await page.mouse.move(0, 0);
  await expect(readout).toContainText('Zoomed in');
  await chart.focus();
  await page.keyboard.press('Escape');
  await expect.poll(() => chart.getAttribute('aria-label')).not.toBe(zoomed);
  await card.getByText('Values', { exact: true }).click();
  await expect(card.getByRole('table').getByRole('row')).not.toHaveCount(1);
  await card.getByRole('button', { name: /Times in UTC/ }).click();
  await expect(card.getByRole('button', { name: /Times in local time/ })).toBeVisible();
  // Text keeps its size: the chart is drawn as wide as its place.
  const widths = await chart.locator('div svg').first().evaluate((svg) => [Number(svg.getAttribute('width')), svg.clientWidth]);
  expect(widths[0]).toBe(widths[1]);
  await card.getByRole('link', { name: 'Definition' }).click();
  await expect(page.getByRole('heading', { name: 'TTFB' })).toBeInViewport();
});

test('dates that were entered are used, and a preset that was chosen replaces them', async ({ admin: page }) => {
  await page.goto('/admin/analytics?range=7d');
  await page.getByLabel('From').fill('2026-01-02');
  await page.getByLabel('To', { exact: true }).fill('2026-01-05');
  await page.getByRole('button', { name: 'Apply filters' }).click();
  await expect(page.getByLabel('Period')).toHaveValue('dates');
  await expect(page.getByLabel('From')).toHaveValue('2026-01-02');
  await page.getByLabel('Period').selectOption('30d');
  await page.getByRole('button', { name: 'Apply filters' }).click();
  await expect(page.getByLabel('Period')).toHaveValue('30d');
  await expect(page.getByLabel('From')).toHaveValue('');
});

test('a dashboard on the wall shows numbers only', async ({ admin: page }) => {
  await page.goto('/admin/dashboard');
  await page.getByRole('link', { name: 'For a screen on the wall' }).click();
  await expect(page.getByTestId('vital-LCP')).toBeVisible();
  await expect(page.getByRole('navigation', { name: 'Pages' })).toHaveCount(0);
});

test('a rollout begins from a template with the flags that are chosen', async ({ server, admin: page }) => {
  await server.api('POST', '/flags', { key: 'CHECKOUT', kind: 'boolean' });
  await page.goto('/admin/rollout/new');
  await expect(page.getByText('It replaces Enhanced Exercise Library, which has not started.')).toBeVisible();
  await page.getByRole('radio', { name: /Canary/ }).check();
  await page.getByLabel('Key').fill('checkout');
  await page.getByLabel('Name').fill('New checkout');
  await page.getByLabel(/^Flags of the first phase/).selectOption('CHECKOUT');
  await page.getByRole('button', { name: 'Create the rollout' }).click();
  await expect(page).toHaveURL(/\/admin\/rollout\/plan\/edit/);
  await page.goto('/admin/rollout');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('New checkout');
  await expect(page.getByRole('article', { name: /Canary/ })).toContainText('CHECKOUT');
});
