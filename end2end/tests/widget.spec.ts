// The feedback widget, and a page that the collector never comes to.
import { expect, test } from './fixtures';

test('the widget asks, says what is missing, and sends; under a strict policy, by keyboard alone', async ({ visitor, admin }) => {
  const page = await visitor();
  await page.goto('/demo');
  await expect(page.locator('#phase')).not.toHaveText('Current phase: …');
  await page.evaluate(() => void (window as any).phasegate.getUserFeedback().open({ texts: { send: 'Absenden' } }));
  const dialog = page.getByRole('dialog', { name: 'Your feedback' });
  await expect(dialog).toBeVisible();
  await dialog.getByRole('button', { name: 'Absenden' }).press('Enter');
  await expect(dialog.getByRole('alert')).toHaveText('Please choose a rating or write something.');
  await dialog.getByRole('radio', { name: 'Something is broken' }).press('Space');
  await dialog.getByLabel('What happened, and what did you expect?').fill('The timer stands still');
  await dialog.getByRole('button', { name: 'Absenden' }).press('Enter');
  await expect(dialog.getByRole('status')).toHaveText('Thank you! It has been sent.');
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
  await admin.goto('/admin/dashboard');
  await expect(admin.getByText('The timer stands still')).toBeVisible();
});

test('the question of recommendation goes from 0 to 10', async ({ visitor }) => {
  const page = await visitor();
  const sent: { kind: string; score: number }[] = [];
  page.on('request', (request) => {
    if (new URL(request.url()).pathname !== '/collect') return;
    sent.push(...JSON.parse(request.postData() ?? '{}').events.filter((event: { t: string }) => event.t === 'feedback'));
  });
  await page.goto('/demo');
  await expect(page.locator('#phase')).not.toHaveText('Current phase: …');
  await page.evaluate(() => void (window as any).phasegate.getUserFeedback().askNps());
  const dialog = page.getByRole('dialog', { name: 'One question' });
  await dialog.getByRole('radio', { name: '0', exact: true }).check({ force: true });
  await dialog.getByRole('button', { name: 'Send' }).click();
  await expect.poll(() => sent).toEqual([expect.objectContaining({ kind: 'nps', score: 0 })]);
});

test('a page that the collector never comes to still sends vitals and errors', async ({ visitor, admin, expectComplaint }) => {
  expectComplaint(/ERR_FAILED|Failed to load resource|Thrown alone/);
  const page = await visitor();
  await page.route('**/bridge.js', (route) => route.abort());
  await page.goto('/demo');
  await page.waitForFunction(() => (window as any).phasegate?.ready);
  await page.evaluate(() => (window as any).phasegate.ready);
  await Promise.all([page.waitForEvent('pageerror'), page.evaluate(() => void setTimeout(() => { throw new Error('Thrown alone'); }))]);
  // What a test intercepts does not outlive its page.
  await page.unroute('**/bridge.js');
  await page.goto('about:blank');
  await admin.goto('/admin/dashboard');
  await expect(admin.getByText(/Thrown alone/)).toBeVisible();
  for (const vital of ['LCP', 'CLS', 'FCP', 'TTFB']) {
    await expect(admin.getByTestId(`vital-${vital}`).getByTestId('value')).not.toHaveText('–');
  }
});
