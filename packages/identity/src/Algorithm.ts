/**
 * The signatures that a token may have: those with a public key. With a shared secret, or without a signature, anyone who can
 * read the issuer's keys could make tokens (RFC 8725 §2.1).
 */
export const ALGORITHMS = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
] as const;

export type Algorithm = (typeof ALGORITHMS)[number];
