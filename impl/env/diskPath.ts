/** The form of paths of the Disk contract: relative, '/'-separated, '' for the root; both sides insist on it. */

/** A name that is empty, '.' or '..'. */
const FORBIDDEN_NAME = /(?:^|\/)\.{0,2}(?:\/|$)/;

/** Throws when a path is not in the contract's form: a slip of the programmer, not an error of the disk. */
export function assertPath(path: string): void {
  if (path !== '' && FORBIDDEN_NAME.test(path)) throw new Error(`not a path of the disk contract: ${path}`);
}

/** The directory that holds a path; '' for a name in the root. */
export function parentOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? '' : path.slice(0, slash);
}

/** The last name of a path. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
