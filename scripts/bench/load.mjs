/**
 * The load: requests one after the other on each of a number of connections, on bare sockets, so that it costs as little
 * as can be and the same whoever answers.
 */
import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { Readable } from "node:stream";

const HEAD_END = Buffer.from("\r\n\r\n");
const LAST_CHUNK = Buffer.from("\r\n0\r\n\r\n");

/** The bytes of a request. */
export const bytes = (method, path, token, body) =>
  Buffer.from(
    [
      `${method} ${path} HTTP/1.1`,
      "Host: localhost",
      `Authorization: Bearer ${token}`,
      ...(body === undefined ? [] : ["Content-Type: application/json", `Content-Length: ${Buffer.byteLength(body)}`]),
      "",
      body ?? "",
    ].join("\r\n"),
  );

/** Where the answer that `data` begins with ends; undefined if it is not whole. */
const endOf = (data) => {
  const head = data.indexOf(HEAD_END);
  if (head === -1) return undefined;
  const text = data.toString("latin1", 0, head);
  const length = /\r\ncontent-length: (\d+)/i.exec(text)?.[1];
  if (length === undefined) {
    const last = data.indexOf(LAST_CHUNK, head + 2);
    return last === -1 ? undefined : last + LAST_CHUNK.length;
  }
  const end = head + 4 + Number(length);
  return data.length >= end ? end : undefined;
};

/** Sends `next()` again and again for `seconds`; the answers a second. Anything but a 2xx is an error. */
export const drive = async ({ port, connections, seconds, next }) => {
  const until = performance.now() + seconds * 1000;
  let answers = 0;
  const one = () =>
    new Promise((resolve, reject) => {
      const socket = connect(port, "127.0.0.1");
      socket.setNoDelay(true);
      let data = Buffer.alloc(0);
      socket.on("connect", () => socket.write(next()));
      socket.on("error", reject);
      socket.on("close", () => reject(new Error("the server closed the connection")));
      socket.on("data", (chunk) => {
        data = data.length === 0 ? chunk : Buffer.concat([data, chunk]);
        const end = endOf(data);
        if (end === undefined) return;
        if (data[9] !== 0x32) return reject(new Error(data.toString("utf8", 0, 500)));
        data = data.subarray(end);
        answers += 1;
        if (performance.now() < until) return socket.write(next());
        socket.removeAllListeners("close");
        socket.end();
        resolve();
      });
    });
  const started = performance.now();
  await Promise.all(Array.from({ length: connections }, one));
  return { answers, rate: answers / ((performance.now() - started) / 1000) };
};

/** Of the sorted numbers the one before which a share of `q` stands; undefined if there is none. */
export const quantile = (numbers, q) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length * q)];

export const median = (numbers) => quantile(numbers, 0.5);

/** Asks a daemon; the text of its answer, which has to be a good one. */
export const ask = async ({ port, token }, method, path, body, type = "application/json") => {
  const headers = { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { "content-type": type }) };
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method, body, headers });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return text;
};

/** The text of one answer. */
export const fetchText = (port, path, token) =>
  new Promise((resolve, reject) => {
    const request = httpRequest({ port, host: "127.0.0.1", path, headers: { authorization: `Bearer ${token}` } });
    request.on("error", reject);
    request.on("response", (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk) => {
        text += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode, text }));
    });
    request.end();
  });

/** Streams a body; the last line of the answer. */
export const upload = (port, path, token, type, blocks) =>
  new Promise((resolve, reject) => {
    const request = httpRequest({
      port,
      host: "127.0.0.1",
      path,
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": type },
    });
    request.on("error", reject);
    request.on("response", (response) => {
      let tail = "";
      response.setEncoding("utf8");
      response.on("data", (chunk) => {
        tail = (tail + chunk).slice(-65_536);
      });
      response.on("end", () => resolve({ status: response.statusCode, last: tail.trim().split("\n").at(-1) }));
    });
    Readable.from(blocks).pipe(request);
  });
