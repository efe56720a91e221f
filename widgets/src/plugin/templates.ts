import type { JupyterFrontEnd } from "@jupyterlab/application";
import { type ICommandPalette, showErrorMessage } from "@jupyterlab/apputils";
import type { IDefaultFileBrowser } from "@jupyterlab/filebrowser";
import type { ILauncher } from "@jupyterlab/launcher";
import { LabIcon } from "@jupyterlab/ui-components";
import type { IDisposable } from "@lumino/disposable";
import cluster from "../../style/icons/cluster.svg";
import controlChart from "../../style/icons/control_chart.svg";
import criterion from "../../style/icons/criterion.svg";
import ethics from "../../style/icons/ethics.svg";
import ownData from "../../style/icons/own_data.svg";
import policy from "../../style/icons/policy.svg";
import threshold from "../../style/icons/threshold.svg";
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
  {
    name: "control-charts",
    label: "Control charts",
    caption: "Open a copy of a notebook: has attendance changed, or is that chance?",
    icon: new LabIcon({ name: "carenotebook:control-charts", svgstr: controlChart }),
  },
  {
    name: "eighty-percent",
    label: "80 % of sessions",
    caption: "Open a copy of a notebook: do those who attend more do better because of it?",
    icon: new LabIcon({ name: "carenotebook:eighty-percent", svgstr: threshold }),
  },
  {
    name: "policy",
    label: "Policy",
    caption:
      "Open a copy of a notebook: what did a cancellation policy do to everyone who was referred?",
    icon: new LabIcon({ name: "carenotebook:policy", svgstr: policy }),
  },
  {
    name: "criterion",
    label: "Criterion",
    caption: "Open a copy of a notebook: from a question to an audited protocol in stages",
    icon: new LabIcon({ name: "carenotebook:criterion", svgstr: criterion }),
  },
  {
    name: "ethics-cases",
    label: "Ethics cases",
    caption: "Open a copy of a notebook: case studies to play, compare and teach with",
    icon: new LabIcon({ name: "carenotebook:ethics-cases", svgstr: ethics }),
  },
  {
    name: "cluster",
    label: "Past one machine",
    caption: "Open a copy of a notebook: the same on a cluster",
    icon: new LabIcon({ name: "carenotebook:cluster", svgstr: cluster }),
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
