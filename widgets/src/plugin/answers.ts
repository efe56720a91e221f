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
