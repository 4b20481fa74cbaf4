/** Names of tables: what a meta server creates, and what the client library sends as a remote table (dup 3.1, 5.3). */
const CHARACTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:';

export function isAppName(name: string): boolean {
  for (let i = 0; i < name.length; i++) if (!CHARACTERS.includes(name.charAt(i))) return false;
  return name !== '';
}
