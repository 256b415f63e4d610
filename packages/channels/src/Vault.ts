/**
 * The `Vault` port on AES-256-GCM.
 */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto";
import { type FileHandle, link, mkdir, open, readFile, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { SecretsUnavailable } from "@cadastre/domain/Errors";
import { Vault } from "@cadastre/domain/Vault";
import * as Effect from "effect/Effect";
import * as Either from "effect/Either";
import * as Layer from "effect/Layer";
import * as Redacted from "effect/Redacted";

/** 32 bytes, as 64 hexadecimal digits or in base64. */
export const parseKey = (text: string): Either.Either<Redacted.Redacted<Buffer>, string> => {
  const key = /^[0-9a-f]{64}$/i.test(text)
    ? Buffer.from(text, "hex")
    : /^[A-Za-z0-9+/_-]{43}=?$/.test(text)
      ? Buffer.from(text, "base64url")
      : undefined;
  return key === undefined
    ? Either.left("is no key: give 32 bytes, as 64 hexadecimal digits or in base64 (openssl rand -base64 32)")
    : Either.right(Redacted.make(key));
};

/**
 * Seals with the first of the keys and opens with any of them. Without keys they are the lines of `file`, which is made, with
 * one key and mode 0600, when it is first needed; without a file either, the first need of a key fails. To replace a key, put the new one before it, and take the old one out when nothing
 * is sealed with it any more.
 */
export const layer = (options: {
  readonly keys: ReadonlyArray<Redacted.Redacted<Buffer>>;
  readonly file: string | undefined;
}): Layer.Layer<Vault> =>
  Layer.sync(Vault, () => {
    const { file } = options;
    let known = keyring(options.keys.map(Redacted.value));
    const keys = (missing: Effect.Effect<string, SecretsUnavailable>) =>
      Effect.suspend(() =>
        known !== undefined
          ? Effect.succeed(known)
          : file === undefined
            ? fail(UNSET)
            : Effect.tap(fromFile(file, missing), (keys) => {
                known = keys;
              }),
      );
    const create = Effect.suspend(() => (file === undefined ? fail(UNSET) : createFile(file)));
    const lost = new SecretsUnavailable({
      message: `the key that sealed this secret is not there: bring back ${file}, or give the secret anew`,
    });
    return {
      seal: (text, owner) => Effect.map(keys(create), ([first]) => seal(first, Redacted.value(text), owner)),
      open: (sealed, owner) => Effect.flatMap(keys(lost), (keys) => unseal(keys, sealed, owner)),
    };
  });

const UNSET =
  "there is no key to seal secrets with: set CADASTRE_VAULT_KEY, or vaultKeyFile to a file, to the same key on every replica (openssl rand -base64 32)";

const VERSION = "v1";
const NONCE = 12;
const TAG = 16;

interface Key {
  /** Names the key in what it sealed, and tells nothing of it. */
  readonly id: string;
  readonly bytes: Buffer;
}

type Keyring = readonly [Key, ...ReadonlyArray<Key>];

const keyring = (keys: ReadonlyArray<Buffer>): Keyring | undefined => {
  const [first, ...rest] = keys.map((bytes) => ({
    id: createHash("sha256").update(bytes).digest("hex").slice(0, 16),
    bytes,
  }));
  return first === undefined ? undefined : [first, ...rest];
};

/** What is authenticated beside the text: a sealed text is of no use under another owner. */
const context = (key: Key, owner: string): Buffer => Buffer.from(JSON.stringify([VERSION, key.id, owner]));

const seal = (key: Key, text: string, owner: string): string => {
  const nonce = randomBytes(NONCE);
  const cipher = createCipheriv("aes-256-gcm", key.bytes, nonce, { authTagLength: TAG }).setAAD(context(key, owner));
  const sealed = Buffer.concat([nonce, cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]);
  return `${VERSION}.${key.id}.${sealed.toString("base64url")}`;
};

const unseal = (keys: Keyring, sealed: string, owner: string): Effect.Effect<Redacted.Redacted, SecretsUnavailable> => {
  const [version, id, encoded = ""] = sealed.split(".");
  const bytes = Buffer.from(encoded, "base64url");
  const key = keys.find((key) => key.id === id);
  if (version !== VERSION || bytes.length < NONCE + TAG) return fail("a stored secret is damaged: give it anew");
  if (key === undefined)
    return fail(`the key ${id} that sealed a secret is not at hand: bring it back, or give the secret anew`);
  return Effect.try({
    try: () => {
      const decipher = createDecipheriv("aes-256-gcm", key.bytes, bytes.subarray(0, NONCE), { authTagLength: TAG })
        .setAAD(context(key, owner))
        .setAuthTag(bytes.subarray(-TAG));
      return Redacted.make(
        Buffer.concat([decipher.update(bytes.subarray(NONCE, -TAG)), decipher.final()]).toString("utf8"),
      );
    },
    catch: () =>
      new SecretsUnavailable({ message: "a stored secret was changed, or belongs to another: give it anew" }),
  });
};

const fromFile = (file: string, missing: Effect.Effect<string, SecretsUnavailable>) =>
  io(`cannot read ${file}`, () =>
    readFile(file, "utf8").catch((error) => (codeOf(error) === "ENOENT" ? undefined : Promise.reject(error))),
  ).pipe(
    Effect.flatMap((text) => (text === undefined ? missing : Effect.succeed(text))),
    Effect.flatMap((text) => {
      const keys = Either.all(text.trim().split(/\s+/).map(parseKey));
      const ring = Either.isRight(keys) ? keyring(keys.right.map(Redacted.value)) : undefined;
      return ring === undefined ? fail(`${file} must hold a key a line: 32 bytes, in base64`) : Effect.succeed(ring);
    }),
  );

/** On the disk before anything is sealed with it, whole or not at all; if another process is faster, its key counts. */
const createFile = (file: string): Effect.Effect<string, SecretsUnavailable> =>
  io(`cannot write ${file}`, async () => {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    const draft = `${file}.${randomBytes(6).toString("hex")}`;
    try {
      await written(draft, `${randomBytes(32).toString("base64")}\n`);
      await link(draft, file).catch((error) => (codeOf(error) === "EEXIST" ? undefined : Promise.reject(error)));
    } finally {
      await rm(draft, { force: true });
    }
    await synced(await open(dirname(file), "r"));
    return readFile(file, "utf8");
  });

const written = async (path: string, text: string): Promise<void> => {
  const handle = await open(path, "wx", 0o600);
  await handle.writeFile(text);
  await synced(handle);
};

const synced = (handle: FileHandle): Promise<void> => handle.sync().finally(() => handle.close());

const io = <A>(what: string, run: () => Promise<A>): Effect.Effect<A, SecretsUnavailable> =>
  Effect.tryPromise({
    try: run,
    catch: (error) => new SecretsUnavailable({ message: `${what} (${codeOf(error)})` }),
  });

const fail = (message: string): Effect.Effect<never, SecretsUnavailable> => new SecretsUnavailable({ message });

const codeOf = (error: unknown): string =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "unknown";
