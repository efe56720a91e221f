import { URLExt } from "@jupyterlab/coreutils";
import { ServerConnection } from "@jupyterlab/services";
import { text } from "./answers.js";

/** Ask carenotebook's own part of the Jupyter server; a refusal is an error that says why. */
export async function ask(name: string, body: Record<string, string>): Promise<unknown> {
  const settings = ServerConnection.makeSettings();
  const address = URLExt.join(settings.baseUrl, "carenotebook", name);
  const request = { method: "POST", body: JSON.stringify(body) };
  const response = await ServerConnection.makeRequest(address, request, settings);
  const answer: unknown = await response.json().catch(() => null);
  if (!response.ok)
    throw new Error(text(answer, "message") || `The server said ${response.status}.`);
  return answer;
}
