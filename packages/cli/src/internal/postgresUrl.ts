/**
 * URLs of Postgres databases, and what of them may be shown.
 */

/** What begins with `postgres` is meant as one. */
export const isMeant = (value: string): boolean => /^postgres/i.test(value);

/** What is wrong with it, without repeating it: it may hold a password. */
export const fault = (value: string): string | undefined => {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url === undefined || !/^postgres(ql)?:$/.test(url.protocol)) {
    return "begins with postgres and is no URL such as postgres://user@host:5432/database (a file of such a name: sqlite:./postgres…)";
  }
  for (const part of [url.username, url.password, url.pathname]) {
    try {
      decodeURIComponent(part);
    } catch {
      return "is a URL with a % that stands for nothing: write %25 for the sign itself";
    }
  }
  return /^\/[^/]+$/.test(url.pathname) ? undefined : "is a URL without a database: write its name after the last /";
};

const SECRET = /password|passwd|^sslkey$/i;

/** The URL without its password. */
export const shown = (value: string): string => {
  const url = new URL(value);
  url.password = "";
  for (const name of [...url.searchParams.keys()]) if (SECRET.test(name)) url.searchParams.delete(name);
  return url.href;
};

export const hasPassword = (value: string): boolean => {
  const { password, searchParams } = new URL(value);
  return password !== "" || searchParams.has("password");
};
