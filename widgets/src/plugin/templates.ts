import type { JupyterFrontEnd } from "@jupyterlab/application";
import { type ICommandPalette, showErrorMessage } from "@jupyterlab/apputils";
import type { IDefaultFileBrowser } from "@jupyterlab/filebrowser";
import type { ILauncher } from "@jupyterlab/launcher";
import { LabIcon } from "@jupyterlab/ui-components";
import type { IDisposable } from "@lumino/disposable";
import ownData from "../../style/icons/own_data.svg";
import tour from "../../style/icons/tour.svg";
import { text } from "./answers.js";
import { ask } from "./server.js";

export const SECTION = "Care research";

interface Template {
  readonly name: string;
  readonly label: string;
  readonly caption: string;
  readonly icon: LabIcon;
}

const TEMPLATES: readonly Template[] = [
  {
    name: "tour",
    label: "Tour",
    caption: "Open a copy of the tour: from appointments to a criterion, on made-up clients",
    icon: new LabIcon({ name: "carenotebook:tour", svgstr: tour }),
  },
  {
    name: "own-data",
    label: "Own data",
    caption: "Open a copy of the notebook that turns your own export into a cohort",
    icon: new LabIcon({ name: "carenotebook:own-data", svgstr: ownData }),
  },
];

const command = (template: Template): string => `carenotebook:open-${template.name}`;

/** One command a template: it opens a copy in the folder at hand and never writes over a file. */
export function addCommands(app: JupyterFrontEnd, browser: IDefaultFileBrowser | null): void {
  for (const template of TEMPLATES) {
    app.commands.addCommand(command(template), {
      label: (args) => (args.isPalette ? `Care Research: ${template.label}` : template.label),
      caption: template.caption,
      icon: template.icon,
      describedBy: { args: { type: "object", properties: { cwd: { type: "string" } } } },
      execute: async (args) => {
        const given = args.cwd;
        const folder = typeof given === "string" ? given : (browser?.model.path ?? "");
        try {
          const copy = text(await ask("copy", { template: template.name, folder }), "path");
          return (await app.commands.execute("docmanager:open", { path: copy })) as unknown;
        } catch (error) {
          const said = error instanceof Error ? error.message : String(error);
          await showErrorMessage("The notebook could not be copied", said);
          return null;
        }
      },
    });
  }
}

export function addToPalette(palette: ICommandPalette): void {
  for (const template of TEMPLATES) {
    palette.addItem({
      command: command(template),
      category: SECTION,
      args: { isPalette: true },
    });
  }
}

export function addCards(launcher: ILauncher): IDisposable[] {
  return TEMPLATES.map((template, rank) =>
    launcher.add({ command: command(template), category: SECTION, rank }),
  );
}
