// Accounts: invited by a link, with a role, a password of their own, and sessions.
import { expect, test } from './fixtures';
import type { Page } from '@playwright/test';

const PASSWORD = 'a-long-enough-password';

async function enter(page: Page, email: string, password: string): Promise<void> {
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Log in' }).click();
}

test('an account is invited, gets another role, a new password, and is removed', async ({ admin, visitor, expectComplaint }) => {
  expectComplaint(/422/);
  await admin.goto('/admin/settings/accounts');
  await admin.getByLabel('E-mail').fill('bert@example.com');
  await admin.getByRole('region', { name: 'Invite' }).getByRole('combobox').selectOption('viewer');
  await admin.getByRole('button', { name: 'Create the invitation' }).click();
  const link = await admin.getByTestId('made').locator('code').innerText();
  expect(link).toContain('/login/link?link=');
  await admin.getByRole('button', { name: 'I have copied it' }).click();
  await expect(admin.getByTestId('links')).toContainText('bert@example.com, invited as viewer');

  const bert = await visitor();
  await bert.goto(link);
  await expect(bert.getByText('invites you as viewer')).toBeVisible();
  await bert.getByLabel('Password, at least').fill(PASSWORD);
  await bert.getByLabel('The same again').fill('something else entirely');
  await bert.getByRole('button', { name: 'Set the password' }).click();
  await expect(bert.getByRole('alert')).toContainText('The two passwords differ');
  await bert.getByLabel('Password, at least').fill(PASSWORD);
  await bert.getByLabel('The same again').fill(PASSWORD);
  await bert.getByRole('button', { name: 'Set the password' }).click();
  await enter(bert, 'bert@example.com', PASSWORD);
  await expect(bert.getByText('Commands need the role operator')).toBeVisible();
  // Used once.
  const late = await visitor();
  await late.goto(link);
  await expect(late.getByRole('heading', { name: 'This link is not valid' })).toBeVisible();

  // A new role counts from the next request on.
  await admin.goto('/admin/settings/accounts');
  const row = admin.getByRole('row', { name: /bert@example.com/ });
  await row.getByRole('combobox').selectOption('operator');
  await row.getByRole('button', { name: 'Change' }).click();
  await expect(admin.getByText('bert@example.com is operator now')).toBeVisible();
  await bert.reload();
  await expect(bert.getByText('Commands need the role operator')).toHaveCount(0);
  await expect(bert.locator('.user-menu')).toContainText('operator');

  // The last admin stays one.
  const own = admin.getByRole('row', { name: /you/ });
  await own.getByRole('combobox').selectOption('viewer');
  await own.getByRole('button', { name: 'Change' }).click();
  await expect(own.getByRole('alert')).toContainText('last admin');

  await row.getByRole('button', { name: 'Reset password of bert@example.com' }).click();
  const reset = await admin.getByTestId('made').locator('code').innerText();
  await admin.getByRole('button', { name: 'I have copied it' }).click();
  const again = await visitor();
  await again.goto(reset);
  await again.getByLabel('Password, at least').fill(`${PASSWORD}-2`);
  await again.getByLabel('The same again').fill(`${PASSWORD}-2`);
  await again.getByRole('button', { name: 'Set the password' }).click();
  await enter(again, 'bert@example.com', `${PASSWORD}-2`);
  await expect(again.locator('.user-menu')).toContainText('bert@example.com');
  await bert.goto('/admin/flags');
  await expect(bert).toHaveURL(/\/login/);

  await admin.goto('/admin/audit?kind=account');
  await expect(admin.getByTestId('audit')).toContainText('Changed the account bert@example.com.');
  await admin.goto('/admin/settings/accounts');
  await row.getByText('Remove …').click();
  await row.getByRole('button', { name: 'Remove bert@example.com' }).click();
  await expect(admin.getByTestId('accounts')).not.toContainText('bert@example.com');
  await again.goto('/admin/flags');
  await expect(again).toHaveURL(/\/login/);
});

test('accounts change their own password and end their other sessions', async ({ admin, visitor, server, expectComplaint }) => {
  expectComplaint(/422/);
  const elsewhere = await visitor();
  await elsewhere.goto('/login');
  await enter(elsewhere, server.email, server.password);
  await expect(elsewhere.getByRole('heading', { level: 1 })).toBeVisible();
  await admin.goto('/admin/account');
  const sessions = admin.getByTestId('sessions').getByRole('listitem');
  await expect(sessions).toHaveCount(2);
  await sessions.filter({ hasNotText: 'this browser' }).getByRole('button', { name: 'Log out' }).click();
  await expect(sessions).toHaveCount(1);
  await elsewhere.goto('/admin/flags');
  await expect(elsewhere).toHaveURL(/\/login/);

  const change = async (present: string) => {
    await admin.getByLabel('Present password').fill(present);
    await admin.getByLabel('New password, at least').fill(PASSWORD);
    await admin.getByLabel('New password again').fill(PASSWORD);
    await admin.getByRole('button', { name: 'Change the password' }).click();
  };
  await change('not the password');
  await expect(admin.getByRole('alert')).toContainText('is not your password');
  await change(server.password);
  await expect(admin.getByText('Your password is changed.')).toBeVisible();
  // This browser stays logged in.
  await admin.goto('/admin/flags');
  await expect(admin.getByRole('heading', { level: 1, name: 'Flags' })).toBeVisible();
  await elsewhere.goto('/login');
  await enter(elsewhere, server.email, server.password);
  await expect(elsewhere.getByRole('alert')).toContainText('Wrong e-mail address or password');
});

test('the audit log is filtered by account, text and day, and shows reasons and values', async ({ admin, server }) => {
  await admin.goto('/admin/rollout');
  await admin.getByRole('link', { name: 'Start the rollout' }).click();
  await admin.getByLabel('Reason (required)').fill('A trial');
  await admin.getByRole('button', { name: 'Start the rollout' }).click();
  await expect(admin.getByTestId('rollout-status')).toContainText('Phase 1 of 6');
  await admin.goto('/admin/audit');
  const lines = admin.getByTestId('audit').getByRole('listitem');
  await expect(lines.first()).toContainText('waived the rest of the checklist');
  await expect(lines.first()).toContainText('A trial');
  await admin.getByLabel('Contains').fill('a TRIAL');
  await admin.getByRole('button', { name: 'Apply filters' }).click();
  await expect(lines).toHaveCount(1);
  await admin.getByRole('link', { name: server.email }).first().click();
  await expect(lines.first()).toContainText(server.email);
  await admin.getByRole('textbox', { name: 'From' }).fill('2020-01-01');
  await admin.getByRole('textbox', { name: 'To' }).fill('2020-01-02');
  await admin.getByRole('button', { name: 'Apply filters' }).click();
  await expect(admin.getByText('No changes match these filters.')).toBeVisible();
});
