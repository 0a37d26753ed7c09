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
  await expect(page).toHaveURL(/\/edit\?/);
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

test('many flags are tagged, switched and archived at once, and taken back', async ({ server, admin: page }) => {
  for (const key of ['A', 'B', 'C']) await server.api('POST', '/flags', { key, kind: 'boolean' });
  const live = page.waitForResponse(/\/admin\/live\/changes/);
  await page.goto('/admin/flags?sort=key');
  await live;
  const choose = async (...keys: string[]) => {
    for (const key of keys) await page.getByRole('checkbox', { name: `Choose ${key}`, exact: true }).check();
  };
  await choose('A', 'B');
  // A flag that somebody else creates meanwhile does not take over a tick.
  await server.api('POST', '/flags', { key: 'AA', kind: 'boolean' });
  await expect(page.getByRole('checkbox', { name: 'Choose AA', exact: true })).not.toBeChecked();
  await expect(page.getByRole('checkbox', { name: 'Choose B', exact: true })).toBeChecked();
  await page.locator('.bulk-act summary', { hasText: 'Tag' }).click();
  await page.getByLabel('Tag', { exact: true }).last().fill('shop');
  await page.getByRole('button', { name: 'Add the tag' }).click();
  await expect(page.getByTestId('toast')).toContainText('Added the tag shop to 2 flags.');
  await expect(page.locator('.flag', { hasText: 'shop' })).toHaveCount(2);

  await choose('A', 'B', 'C');
  await page.locator('.bulk-act summary', { hasText: 'Switch' }).click();
  await page.getByRole('button', { name: 'Switch off', exact: true }).click();
  await expect(page.getByTestId('toast')).toContainText('Switched off 3 flags.');
  expect(await server.api('GET', '/flags/B')).toMatchObject({ enabled: false });
  await page.getByTestId('toast').getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByTestId('toast')).toContainText('Switched on 3 flags.');
  expect(await server.api('GET', '/flags/B')).toMatchObject({ enabled: true });

  await choose('C');
  await page.locator('.bulk-act summary', { hasText: 'Archive' }).click();
  await page.getByRole('button', { name: 'Archive', exact: true }).click();
  await expect(page.getByTestId('toast')).toContainText('Archived 1 flag.');
});

test('filters are saved for the account, and deleted with undo', async ({ admin: page }) => {
  await page.goto('/admin/flags?status=off&sort=name');
  await page.getByPlaceholder('Save this filter as').fill('Mine');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByRole('link', { name: 'Mine' })).toHaveAttribute('aria-current', 'true');
  await page.goto('/admin/flags');
  await page.getByRole('link', { name: 'Mine' }).click();
  await expect(page).toHaveURL(/status=off&sort=name/);
  await page.getByRole('button', { name: 'Delete the filter Mine' }).click();
  await expect(page.getByRole('link', { name: 'Mine' })).toHaveCount(0);
  await page.getByTestId('toast').getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByRole('link', { name: 'Mine' })).toBeVisible();
});

test('a flag shows its prerequisites as a drawing, and code for several SDKs', async ({ server, admin: page }) => {
  await server.api('POST', '/flags', { key: 'BASE', kind: 'boolean' });
  await server.api('POST', '/flags', { key: 'MIDDLE', kind: 'boolean', prerequisites: [{ flag: 'BASE', variants: ['on'] }] });
  await server.api('POST', '/flags', { key: 'TOP', kind: 'string', variants: ['a', 'b'].map((name) => ({ name, value: name })), off_variant: 'a', prerequisites: [{ flag: 'MIDDLE', variants: ['on'] }] });
  await page.goto('/admin/flags/MIDDLE');
  const graph = page.getByTestId('graph');
  await expect(graph.getByText('MIDDLE needs BASE to answer on')).toHaveCount(2);
  await graph.getByRole('link', { name: 'TOP, on' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('TOP');
  await expect(page.getByTestId('graph').getByRole('link')).toHaveCount(3);
  await page.getByText('Code that evaluates this flag').click();
  await expect(page.getByTestId('code')).toContainText("phasegate.getVariant('TOP', 'a')");
  await expect(page.getByTestId('code')).toContainText("client.getStringValue('TOP', \"a\"");
});
