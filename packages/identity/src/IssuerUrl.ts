/** `https`, or this machine, as where the issuer is a development server. */
export const isConfidential = (url: string): boolean => {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  return protocol === "https:" || (protocol === "http:" && /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname));
};

/** OpenID Connect Core 1.0 §2: no query and no fragment. */
export const isIssuer = (url: string): boolean => isConfidential(url) && !/[?#\s]/.test(url);
