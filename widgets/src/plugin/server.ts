import { URLExt } from "@jupyterlab/coreutils";
import { ServerConnection } from "@jupyterlab/services";

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

/** A field of text, or nothing where there is none. */
export function text(answer: unknown, field: string): string {
  const value = record(answer)[field];
  return typeof value === "string" ? value : "";
}

/** A field that lists texts. */
export function texts(answer: unknown, field: string): string[] {
  const value = record(answer)[field];
  return Array.isArray(value) ? value.filter((v): v is string => typeof v === "string") : [];
}

function record(answer: unknown): Record<string, unknown> {
  return typeof answer === "object" && answer !== null ? (answer as Record<string, unknown>) : {};
}
