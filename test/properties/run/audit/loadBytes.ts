/** Bodies of ingestion writes, built by hand (bl 3, framed as plog 5.4 says). */
import { be16, be32, cat, latin, type MadeUpdate } from './bytes.ts';

export interface MadeIngestion {
  readonly appName: string;
  readonly files: readonly { readonly name: string; readonly sizeBytes: number; readonly md5: string }[];
  readonly totalBytes: number;
  readonly ingestBehind: boolean;
  readonly ballot: number;
  readonly verifyBeforeIngest: boolean;
}

function text(id: number, value: string): Buffer {
  return cat([11], be16(id), be32(value.length), latin(value));
}

function i64Field(id: number, value: number): Buffer {
  const number = Buffer.alloc(8);
  number.writeBigInt64BE(BigInt(value));
  return cat([10], be16(id), number);
}

export function ingestionBody(load: MadeIngestion): Buffer {
  const files = load.files.map(({ name, sizeBytes, md5 }) => cat(text(1, name), i64Field(2, sizeBytes), text(3, md5), [0]));
  const metadata = cat([15], be16(1), [12], be32(files.length), ...files, i64Field(2, load.totalBytes), [0]);
  return cat(
    [12, 0, 0],
    text(1, load.appName),
    [12, 0, 2],
    metadata,
    [2, 0, 3, load.ingestBehind ? 1 : 0],
    i64Field(4, load.ballot),
    [2, 0, 5, load.verifyBeforeIngest ? 1 : 0],
    [0, 0],
  );
}

export function ingestion(load: Partial<MadeIngestion> & Pick<MadeIngestion, 'files'>): MadeUpdate {
  const totalBytes = load.files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const rest = { appName: 't', totalBytes, ingestBehind: false, ballot: 1, verifyBeforeIngest: true };
  return { name: 'RPC_RRDB_RRDB_BULK_LOAD', type: 1, data: ingestionBody({ ...rest, ...load }) };
}
