/**
 * What a person who has just started the daemon wants to know.
 */
import type { Config } from "./Config.ts";
import type { Style } from "./Output.ts";

interface Facts {
  readonly version: string;
  readonly url: string;
  readonly program: string;
  readonly config: Config;
  /** Nothing is registered yet. */
  readonly empty: boolean;
}

export const welcome = ({ version, url, program, config, empty }: Facts, style: Style): string =>
  [
    `${style.bold(`Cadastre ${version}`)} is listening.`,
    "",
    `  API    ${style.cyan(`${url}/v1`)}`,
    `  Docs   ${style.cyan(`${url}/docs`)}`,
    `  Token  ${config.tokenFile}`,
    `  Data   ${config.database}`,
    "",
    ...(empty
      ? [
          "The catalog is empty. In another terminal, fill in a sample company:",
          `  ${style.bold(`${program} admin seed`)}`,
          "or take in descriptors of your own:",
          `  ${style.bold(`${program} entity apply <files and directories> --best-effort`)}`,
        ]
      : ["In another terminal:", `  ${style.bold(`${program} entity list`)}`]),
    "",
  ].join("\n");
