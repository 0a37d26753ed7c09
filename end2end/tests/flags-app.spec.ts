// Flags in the admin with a script: forms are sent in place, and pages follow what others do.
import { expect, logIn, pressSwitch, test } from './fixtures';

test('a switch is pressed and taken back without loading a page, and shows to others', async ({ server, visitor }) => {
  const [one, two] = [await visitor(), await visitor()];
  for (const page of [one, two]) {
    await logIn(page, server);
    const live = page.waitForResponse(/\/admin\/live\/changes/);
    await page.goto('/admin/flags');
    await live;
  }
  await one.evaluate(() => ((window as any).isSamePage = true));
  const flag = (page: typeof one) => page.getByRole('switch', { name: /Video/ });
  await pressSwitch(one, /Video/);
  await expect(flag(one)).toHaveAttribute('aria-checked', 'false');
  await expect(flag(two), 'the list of another account follows').toHaveAttribute('aria-checked', 'false');
  await one.getByTestId('toast').getByRole('button', { name: 'Undo' }).click();
  await expect(flag(one)).toHaveAttribute('aria-checked', 'true');
  await expect(flag(two)).toHaveAttribute('aria-checked', 'true');
  expect(await one.evaluate(() => (window as any).isSamePage), 'nothing was loaded again').toBe(true);
});

test('rows of an editor are added in place, and leaving with changes asks', async ({ server, admin: page }) => {
  await server.api('POST', '/flags', { key: 'A', kind: 'string', variants: ['a', 'b', 'c'].map((name) => ({ name, value: name })), off_variant: 'a' });
  const previewed = page.waitForResponse(/\/admin\/fn\/flags\/preview/);
  await page.goto('/admin/flags/A/edit');
  await previewed;
  await page.getByLabel('Owner').fill('team shop');
  await page.getByRole('button', { name: 'Add a rule' }).click();
  await expect(page.getByLabel('Name of rule 1')).toBeVisible();
  await expect(page.getByLabel('Owner'), 'what was typed stays').toHaveValue('team shop');
  await page.getByRole('button', { name: 'Add a condition' }).click();
  await expect(page.getByLabel('Attribute', { exact: true }), 'the new row has the focus').toBeFocused();
  await page.getByText('Split: shares must add up').click();
  await page.getByRole('button', { name: 'Equal parts' }).click();
  await expect(page.getByRole('spinbutton', { name: 'c %' })).toHaveValue('33.334');
  await page.getByRole('button', { name: 'Remove this condition' }).click();
  await expect(page.getByTestId('preview')).toContainText('33.333 %');

  let asked = 0;
  page.on('dialog', async (dialog) => {
    asked += 1;
    await dialog.dismiss();
  });
  await page.getByRole('link', { name: 'Cancel' }).click();
  await expect.poll(() => asked).toBe(1);
  await expect(page).toHaveURL(/\/edit$/);
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByTestId('toast')).toContainText('Saved.');
  await expect(page.getByTestId('words')).toContainText('a for 33.333 %');
  expect(asked, 'saving does not ask').toBe(1);
});

test('a refused form marks its field and loses nothing', async ({ server, admin: page, expectComplaint }) => {
  expectComplaint(/422/);
  await server.api('POST', '/flags', { key: 'A', kind: 'boolean' });
  const live = page.waitForResponse(/\/admin\/live\/changes/);
  await page.goto('/admin/flags/A');
  await live;
  await page.getByLabel('User (targetingKey)').fill('ada');
  const hours = page.getByLabel(/^Duration, hours/);
  await hours.evaluate((input: HTMLInputElement) => (input.max = ''));
  await hours.fill('999999');
  await page.getByRole('button', { name: 'Add override' }).click();
  await expect(page.getByRole('alert')).toContainText('hours: must be a whole number from 1 to 87600');
  await expect(hours).toHaveAttribute('aria-invalid', 'true');
  await expect(hours).toBeFocused();
  await expect(page.getByLabel('User (targetingKey)')).toHaveValue('ada');
  await hours.fill('5');
  await expect(hours).not.toHaveAttribute('aria-invalid', 'true');
  await page.getByRole('button', { name: 'Add override' }).click();
  await expect(page.getByTestId('toast')).toContainText('ada now gets the variant on.');
});
