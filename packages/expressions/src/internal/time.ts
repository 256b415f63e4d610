/**
 * CEL's timestamps and durations, to the nanosecond (RFC 3339 §5.6; cel-spec "Abstract types").
 */
const SECOND = 1_000_000_000n;
const MINIMUM = BigInt(Date.parse("0001-01-01T00:00:00Z")) * 1_000_000n;
const MAXIMUM = BigInt(Date.parse("9999-12-31T23:59:59.999Z")) * 1_000_000n + 999_999n;

/** Seconds: about 10,000 years, as protobuf's `Duration` allows. */
const MAX_DURATION = 315_576_000_000n * SECOND;

/** Nanoseconds since the epoch, within the years 1 to 9999. */
export class Timestamp {
  readonly nanos: bigint;
  constructor(nanos: bigint) {
    this.nanos = nanos;
  }
}

/** Nanoseconds, at most 10,000 years either way. */
export class Duration {
  readonly nanos: bigint;
  constructor(nanos: bigint) {
    this.nanos = nanos;
  }
}

/** Undefined: out of range. */
export const timestamp = (nanos: bigint): Timestamp | undefined =>
  nanos >= MINIMUM && nanos <= MAXIMUM ? new Timestamp(nanos) : undefined;

/** Undefined: out of range. */
export const duration = (nanos: bigint): Duration | undefined =>
  nanos >= -MAX_DURATION && nanos <= MAX_DURATION ? new Duration(nanos) : undefined;

const TIMESTAMP = /^(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d\d):(\d\d))$/;

/** Undefined: not an RFC 3339 timestamp, or out of range. */
export const parseTimestamp = (text: string): Timestamp | undefined => {
  const [, date, time, fraction = "", sign, hours = "0", minutes = "0"] =
    text.length > 40 ? [] : (TIMESTAMP.exec(text) ?? []);
  const seconds = Date.parse(`${date}T${time}Z`);
  // A day that its month does not have is rolled over by Date.parse instead of refused.
  if (Number.isNaN(seconds) || !new Date(seconds).toISOString().startsWith(`${date}T${time}`)) return undefined;
  const offset = (Number(hours) * 60 + Number(minutes)) * 60_000;
  const local = BigInt(seconds) * 1_000_000n + BigInt(fraction.padEnd(9, "0"));
  return timestamp(local - BigInt(sign === "-" ? -offset : offset) * 1_000_000n);
};

/** RFC 3339 in UTC, with as many digits of the second as are needed. */
export const formatTimestamp = ({ nanos }: Timestamp): string => {
  const seconds = floorDivide(nanos, SECOND);
  return `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19)}${fraction(nanos - seconds * SECOND)}Z`;
};

const UNITS: { readonly [unit: string]: bigint } = {
  h: 3600n * SECOND,
  m: 60n * SECOND,
  s: SECOND,
  ms: 1_000_000n,
  us: 1000n,
  µs: 1000n,
  ns: 1n,
};

const DURATION = /^[+-]?(?:\d+(?:\.\d*)?(?:h|ms|us|µs|ns|m|s)|\.\d+(?:h|ms|us|µs|ns|m|s))+$/;

/** Reads `1h30m`, `-1.5s` and the like; undefined: not a duration, or out of range. */
export const parseDuration = (text: string): Duration | undefined => {
  if (text.length > 100) return undefined;
  if (!DURATION.test(text)) return text === "0" ? new Duration(0n) : undefined;
  let nanos = 0n;
  for (const [, whole = "", part = "", unit = ""] of text.matchAll(/(\d*)(?:\.(\d*))?(h|ms|us|µs|ns|m|s)/g)) {
    const scale = UNITS[unit] ?? 0n;
    nanos += BigInt(whole || "0") * scale + (BigInt(part.slice(0, 15).padEnd(15, "0")) * scale) / 10n ** 15n;
  }
  return duration(text.startsWith("-") ? -nanos : nanos);
};

export const formatDuration = ({ nanos }: Duration): string => {
  const size = nanos < 0n ? -nanos : nanos;
  return `${nanos < 0n ? "-" : ""}${size / SECOND}${fraction(size % SECOND)}s`;
};

/** A date whose UTC fields are the fields of the moment in the zone (a name or an offset); undefined: no such zone. */
export const inZone = ({ nanos }: Timestamp, zone: string): Date | undefined => {
  const utc = new Date(Number(floorDivide(nanos, 1_000_000n)));
  const offset = /^([+-]?)(\d\d):(\d\d)$/.exec(zone);
  if (offset !== null) {
    const minutes = Number(offset[2]) * 60 + Number(offset[3]);
    return new Date(utc.getTime() + (offset[1] === "-" ? -minutes : minutes) * 60_000);
  }
  const format = formatOf(zone);
  if (format === undefined) return undefined;
  const part: { [type: string]: string } = {};
  for (const { type, value } of format.formatToParts(utc)) part[type] = value;
  const local = `${part["year"]?.padStart(4, "0")}-${part["month"]}-${part["day"]}T${part["hour"]}:${part["minute"]}:${part["second"]}Z`;
  return new Date(Date.parse(local) + (((utc.getTime() % 1000) + 1000) % 1000));
};

const formats = new Map<string, Intl.DateTimeFormat>();

/** Making a format takes about 50 µs; there are some 600 zones. */
const formatOf = (zone: string): Intl.DateTimeFormat | undefined => {
  const known = formats.get(zone);
  if (known !== undefined || zone.length > 64) return known;
  try {
    const format = new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      hourCycle: "h23",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
    });
    if (formats.size < 1000) formats.set(zone, format);
    return format;
  } catch {
    return undefined;
  }
};

const fraction = (nanos: bigint): string =>
  nanos === 0n ? "" : `.${nanos.toString().padStart(9, "0").replace(/0+$/, "")}`;

const floorDivide = (a: bigint, b: bigint): bigint => (a >= 0n || a % b === 0n ? a / b : a / b - 1n);
