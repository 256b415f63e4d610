/**
 * What the tests of the bridge have in common.
 */
import * as Agent from "@cadastre/e2e/Agent";
import * as McpServer from "@cadastre/e2e/McpServer";
import * as Program from "@cadastre/e2e/Program";
import * as Effect from "effect/Effect";

/** A server, and an agent that reaches it over the bridge. */
export const connected = (...words: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const home = yield* Program.home;
    const server = yield* McpServer.serve();
    const agent = yield* Agent.start(home, words, { CADASTRE_URL: server.url, CADASTRE_TOKEN: McpServer.TOKEN });
    return { home, server, agent };
  });

/** As an agent does that knows the older revisions. */
export const openSession = (agent: Agent.Agent) =>
  Effect.gen(function* () {
    agent.send(Agent.initialize("init"));
    const answer = yield* agent.answer("init");
    agent.send(Agent.notification("notifications/initialized"));
    return answer;
  });

export const textOf = (frame: Agent.Frame) =>
  (frame.result?.["content"] as ReadonlyArray<{ text: string }> | undefined)?.[0]?.text;

/** How often the request with this id was answered. */
export const answersTo = (agent: Agent.Agent, id: string | number) =>
  agent.frames().filter((frame) => frame.method === undefined && frame.id === id).length;
