// The feedback widget.
import { expect, test } from './fixtures';

test('the widget validates and sends feedback, under a strict policy, by keyboard alone', async ({ visitor, admin }) => {
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

test('an attached screenshot is re-encoded, and the admin shows it', async ({ visitor, admin }) => {
  const page = await visitor();
  await page.goto('/demo');
  await expect(page.locator('#phase')).not.toHaveText('Current phase: …');
  // A large image with metadata, as cameras add it.
  const png = await page.evaluate(async () => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 3840, height: 1200 });
    canvas.getContext('2d')!.fillRect(10, 10, 900, 900);
    const blob = await new Promise<Blob>((done) => canvas.toBlob((made) => done(made!), 'image/png'));
    return [...new Uint8Array(await blob.arrayBuffer())];
  });
  const picture = Buffer.concat([Buffer.from(png), Buffer.from('GPS 48.1,11.5')]);
  await page.evaluate(() => void (window as any).phasegate.getUserFeedback().open({ kind: 'bug' }));
  const dialog = page.getByRole('dialog', { name: 'Your feedback' });
  await dialog.getByLabel('What happened').fill('See for yourself');
  await dialog.getByLabel('Screenshot').setInputFiles({ name: 'shot.png', mimeType: 'image/png', buffer: picture });
  await dialog.getByRole('button', { name: 'Send' }).click();
  await expect(dialog.getByRole('status')).toHaveText('Thank you! It has been sent.');
  await admin.goto('/admin/dashboard');
  const line = admin.getByTestId('feedback').locator('li').filter({ hasText: 'See for yourself' });
  const address = await line.getByRole('link', { name: 'Screenshot' }).getAttribute('href');
  const [type, body] = await admin.evaluate(async (src) => {
    const kept = await fetch(src);
    return [kept.headers.get('content-type'), await kept.text()];
  }, address!);
  expect(type).toBe('image/webp');
  expect(body).not.toContain('GPS');
  const size = await admin.evaluate(async (src) => {
    const image = Object.assign(new Image(), { src });
    await image.decode();
    return [image.naturalWidth, image.naturalHeight];
  }, address!);
  expect(size).toEqual([1920, 600]);
});

test('feedback is sent even if its screenshot cannot be', async ({ visitor, admin }) => {
  const page = await visitor();
  await page.goto('/demo');
  await expect(page.locator('#phase')).not.toHaveText('Current phase: …');
  await page.evaluate(() => void (window as any).phasegate.getUserFeedback().open({ kind: 'idea' }).then(() => ((window as any).isClosed = true)));
  const dialog = page.getByRole('dialog', { name: 'Your feedback' });
  await dialog.getByLabel('What would help you?').fill('A better camera');
  await dialog.getByLabel('Screenshot').setInputFiles({ name: 'not.png', mimeType: 'image/png', buffer: Buffer.from('no picture') });
  await dialog.getByRole('button', { name: 'Send' }).click();
  await expect(dialog.getByRole('status')).toContainText('The screenshot could not be sent; what you wrote was.');
  expect(await page.evaluate(() => (window as any).isClosed), 'open() is over when the dialog is').toBeUndefined();
  await page.keyboard.press('Escape');
  await expect.poll(() => page.evaluate(() => (window as any).isClosed)).toBe(true);
  await admin.goto('/admin/dashboard');
  await expect(admin.getByText('A better camera')).toBeVisible();
});

test('the NPS question accepts scores from 0 on', async ({ visitor }) => {
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
